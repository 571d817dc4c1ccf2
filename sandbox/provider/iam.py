"""IAM roles, their inline policies and their managed policies.

As in github.com/hashicorp/terraform-provider-aws, internal/service/iam/role.go, role_policy.go and
role_policy_attachment.go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from botocore.exceptions import ClientError

from sandbox.provider.aws import Aws
from sandbox.provider.policy_document import same_policy
from sandbox.provider.resource import Fields, Property, Resource, is_error, split_tags, tag_list
from sandbox.provider.wire import Data, without_none

_GONE = "NoSuchEntity"


class Role(Resource):
    pulumi_type = "aws:iam/role:Role"
    properties: ClassVar[Fields] = {
        "assumeRolePolicy": Property(required=True, same=same_policy),
        "description": Property(),
        "forceDetachPolicies": Property(default=False, kept=True),
        "maxSessionDuration": Property(default=3600),
        "name": Property(computed=True, replaces=True),
        "path": Property(default="/", replaces=True),
        "permissionsBoundary": Property(),
    }
    outputs = ("arn", "createDate", "inlinePolicies", "managedPolicyArns", "uniqueId")
    refused = frozenset({"inlinePolicies", "managedPolicyArns", "namePrefix"})
    name_property = "name"
    regional = False
    tagged = True

    def create(self, aws: Aws, new: Data) -> str:
        request = {
            "RoleName": new["name"],
            "Path": new["path"],
            "AssumeRolePolicyDocument": new["assumeRolePolicy"],
            "Description": new.get("description"),
            "MaxSessionDuration": new["maxSessionDuration"],
            "PermissionsBoundary": new.get("permissionsBoundary"),
            "Tags": tag_list(new["tagsAll"]) or None,
        }
        aws.client("iam").create_role(**without_none(request))
        return str(new["name"])

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        iam = aws.client("iam")
        try:
            role = iam.get_role(RoleName=resource_id)["Role"]
            attached = iam.list_attached_role_policies(RoleName=resource_id)["AttachedPolicies"]
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        return {
            "arn": role["Arn"],
            "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
            "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description", ""),
            "inlinePolicies": self._inline_policies(iam, resource_id),
            "managedPolicyArns": sorted(policy["PolicyArn"] for policy in attached),
            "maxSessionDuration": role["MaxSessionDuration"],
            "name": resource_id,
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "uniqueId": role["RoleId"],
            **split_tags(aws, old, {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}),
        }

    @staticmethod
    def _inline_policies(iam: Any, role: str) -> list[Data]:
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        found = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
        return [{"name": item["PolicyName"], "policy": _document(item["PolicyDocument"])} for item in found]

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        iam = aws.client("iam")
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=resource_id, PolicyDocument=new["assumeRolePolicy"])
        if "description" in changed:
            iam.update_role_description(RoleName=resource_id, Description=new.get("description") or "")
        if "maxSessionDuration" in changed:
            iam.update_role(RoleName=resource_id, MaxSessionDuration=new["maxSessionDuration"])
        if "permissionsBoundary" in changed and new.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=resource_id, PermissionsBoundary=new["permissionsBoundary"])
        elif "permissionsBoundary" in changed:
            iam.delete_role_permissions_boundary(RoleName=resource_id)

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        iam = aws.client("iam")
        try:
            for profile in iam.list_instance_profiles_for_role(RoleName=resource_id)["InstanceProfiles"]:
                name = profile["InstanceProfileName"]
                iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=resource_id)
            if old.get("forceDetachPolicies"):
                for policy in iam.list_attached_role_policies(RoleName=resource_id)["AttachedPolicies"]:
                    iam.detach_role_policy(RoleName=resource_id, PolicyArn=policy["PolicyArn"])
                for name in iam.list_role_policies(RoleName=resource_id)["PolicyNames"]:
                    iam.delete_role_policy(RoleName=resource_id, PolicyName=name)
            iam.delete_role(RoleName=resource_id)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    def retag(self, aws: Aws, old: Data, tags: Mapping[str, str], removed: list[str]) -> None:
        iam = aws.client("iam")
        if removed:
            iam.untag_role(RoleName=old["name"], TagKeys=removed)
        if tags:
            iam.tag_role(RoleName=old["name"], Tags=tag_list(tags))


class RolePolicy(Resource):
    """Its id is ``role:policy``."""

    pulumi_type = "aws:iam/rolePolicy:RolePolicy"
    properties: ClassVar[Fields] = {
        "name": Property(computed=True, replaces=True),
        "policy": Property(required=True, same=same_policy),
        "role": Property(required=True, replaces=True),
    }
    refused = frozenset({"namePrefix"})
    name_property = "name"
    regional = False

    def create(self, aws: Aws, new: Data) -> str:
        self._put(aws, new["role"], new["name"], new["policy"])
        return f"{new['role']}:{new['name']}"

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        role, _, name = resource_id.partition(":")
        try:
            found = aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        return {"name": name, "policy": _document(found["PolicyDocument"]), "role": role}

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        self._put(aws, new["role"], new["name"], new["policy"])

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        role, _, name = resource_id.partition(":")
        try:
            aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise

    @staticmethod
    def _put(aws: Aws, role: str, name: str, policy: Any) -> None:
        aws.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


class RolePolicyAttachment(Resource):
    """Its id is made up; an import gives ``role/policy ARN``."""

    pulumi_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    properties: ClassVar[Fields] = {
        "policyArn": Property(required=True, replaces=True),
        "role": Property(required=True, replaces=True),
    }
    regional = False

    def create(self, aws: Aws, new: Data) -> str:
        aws.client("iam").attach_role_policy(RoleName=new["role"], PolicyArn=new["policyArn"])
        return f"{new['role']}/{new['policyArn']}"

    def read(self, aws: Aws, resource_id: str, old: Data) -> Data | None:
        role, _, arn = resource_id.partition("/")
        try:
            pages = aws.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
            found = any(policy["PolicyArn"] == arn for page in pages for policy in page["AttachedPolicies"])
        except ClientError as error:
            if is_error(error, _GONE):
                return None
            raise
        return {"policyArn": arn, "role": role} if found else None

    def update(self, aws: Aws, resource_id: str, old: Data, new: Data, changed: frozenset[str]) -> None:
        raise NotImplementedError("both properties replace the attachment")

    def delete(self, aws: Aws, resource_id: str, old: Data) -> None:
        role, _, arn = resource_id.partition("/")
        try:
            aws.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)
        except ClientError as error:
            if not is_error(error, _GONE):
                raise


def _document(found: Any) -> str:
    """botocore decodes documents; the state keeps them as text."""
    return unquote(found) if isinstance(found, str) else json.dumps(found, separators=(",", ":"))
