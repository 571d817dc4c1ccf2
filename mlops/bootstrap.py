"""Make what has to be there before a stack can be deployed: the delivery roles, Pulumi's state bucket and its key.

Idempotent, run by an administrator of the three accounts. The documents are the programs' own, and the stacks adopt
what is made here but the key (ADR 12), so nothing is made by hand and nothing is described twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from infra.encryption.state_key import state_key_args
from infra.identity.role import RoleArgs
from infra.names import Names
from infra.providers import default_tags
from infra.settings import ENVIRONMENTS, Environment
from infra.storage.bucket import UNFINISHED_UPLOAD_DAYS, BucketArgs, bucket_policy
from infra.storage.state_bucket import state_bucket_args
from mlops.adoption import adopted_roles
from mlops.place import Place
from mlops.state_key import ensure_state_key, remove_state_key

Say = Callable[[str], None]


def bootstrap(place: Place, say: Say) -> None:
    """Make or mend the delivery roles of the three accounts, and in prod the state bucket and its key."""
    for environment in ENVIRONMENTS:
        for args in adopted_roles(place, environment):
            ensure_role(place.client(environment, "iam"), args, default_tags(place.settings[environment]))
            say(f"{environment}: role {args.role_name}")
    bucket = state_bucket_args(place.names)
    ensure_bucket(place, "prod", bucket)
    say(f"prod: bucket {bucket.bucket}")
    key = state_key_args(Names(place.settings["prod"]))
    ensure_state_key(place.client("prod", "kms"), key)
    say(f"prod: key {key.alias}")


def ensure_role(iam: Any, args: RoleArgs, tags: dict[str, str]) -> None:
    """Bring one role to what ``args`` says; policies that are not in it are taken away."""
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    boundary = {"PermissionsBoundary": args.permissions_boundary} if args.permissions_boundary else {}
    try:
        iam.create_role(
            RoleName=args.role_name,
            AssumeRolePolicyDocument=args.trust,
            Description=args.description,
            Tags=listed,
            **boundary,
        )
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=args.role_name, PolicyDocument=args.trust)
        iam.update_role(RoleName=args.role_name, Description=args.description)
        iam.tag_role(RoleName=args.role_name, Tags=listed)
        if boundary:
            iam.put_role_permissions_boundary(RoleName=args.role_name, **boundary)
    for policy, text in args.inline_policies.items():
        iam.put_role_policy(RoleName=args.role_name, PolicyName=policy, PolicyDocument=text)
    for policy in set(_inline_policies(iam, args.role_name)) - set(args.inline_policies):
        iam.delete_role_policy(RoleName=args.role_name, PolicyName=policy)
    attached = set(_attached_policies(iam, args.role_name))
    for arn in set(args.managed_policy_arns) - attached:
        iam.attach_role_policy(RoleName=args.role_name, PolicyArn=arn)
    for arn in attached - set(args.managed_policy_arns):
        iam.detach_role_policy(RoleName=args.role_name, PolicyArn=arn)


def ensure_bucket(place: Place, environment: Environment, args: BucketArgs) -> None:
    """Bring one bucket to what ``args`` says. It is private from its first moment: new buckets are."""
    s3, settings = place.client(environment, "s3"), place.settings[environment]
    # us-east-1 is the one region that must not be named: API_CreateBucket.html
    where = {} if settings.region == "us-east-1" else {"LocationConstraint": settings.region}
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=args.bucket, **({"CreateBucketConfiguration": where} if where else {}))
    s3.put_bucket_tagging(
        Bucket=args.bucket,
        Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in default_tags(settings).items()]},
    )
    s3.put_public_access_block(
        Bucket=args.bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_ownership_controls(
        Bucket=args.bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_bucket_versioning(Bucket=args.bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=args.bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True},
            ]
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=args.bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "old-versions",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": args.old_version_days},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
                }
            ]
        },
    )
    s3.put_bucket_policy(Bucket=args.bucket, Policy=bucket_policy(args.bucket_arn, args.statements))


def remove(place: Place, say: Say) -> None:
    """Undo :func:`bootstrap`, after the stacks are gone."""
    for environment in ENVIRONMENTS:
        for role in (place.names.deployment_role(environment), place.names.preview_role(environment)):
            remove_role(place.client(environment, "iam"), role)
            say(f"{environment}: role {role} removed")
    s3, bucket = place.client("prod", "s3"), place.names.state_bucket
    with suppress(s3.exceptions.NoSuchBucket):
        s3.delete_bucket(Bucket=bucket)
        say(f"prod: bucket {bucket} removed")
    # Last: as long as there is state, its secrets must be readable.
    key = state_key_args(Names(place.settings["prod"]))
    if remove_state_key(place.client("prod", "kms"), key):
        say(f"prod: key {key.alias} will be deleted in {key.deletion_window_days} days")


def remove_role(iam: Any, role: str) -> None:
    """Delete a role with everything attached to it; a role that is not there is fine."""
    try:
        for policy in _inline_policies(iam, role):
            iam.delete_role_policy(RoleName=role, PolicyName=policy)
        for arn in _attached_policies(iam, role):
            iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        iam.delete_role(RoleName=role)
    except iam.exceptions.NoSuchEntityException:
        return


def _inline_policies(iam: Any, role: str) -> list[str]:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
    return [name for page in pages for name in page["PolicyNames"]]


def _attached_policies(iam: Any, role: str) -> list[str]:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
