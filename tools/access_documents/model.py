"""Principals, resources and documents of the platform, out of what the three stacks declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from infra.encryption.state_key import state_key_args
from infra.identity.jenkins_agents import AGENT_POLICIES, AgentKind, agent_documents, agent_role_arn
from infra.names import Names
from infra.providers import default_tags
from infra.settings import Environment, Settings
from tools.access_documents.declared import Declared, Resource

Document = dict[str, Any]
Kind = Literal["identity", "resource", "trust"]
JENKINS = "jenkins"
AGENTS: dict[AgentKind, str] = {"deployment": "jenkins controller", "preview": "jenkins preview agents"}

# Where a resource's own policy is declared: type → (property that says whose, property that holds the document).
POLICIES = {
    "aws:s3/bucketPolicy:BucketPolicy": ("bucket", "policy"),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": ("modelPackageGroupName", "resourcePolicy"),
    "aws:sns/topicPolicy:TopicPolicy": ("arn", "policy"),
    "aws:sqs/queuePolicy:QueuePolicy": ("queueUrl", "policy"),
}
# Resources that a document may name: type → (what people call it, property with its name).
RESOURCES = {
    "aws:cloudwatch/eventRule:EventRule": ("rule", "name"),
    "aws:cloudwatch/logGroup:LogGroup": ("log group", "name"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("alarm", "name"),
    "aws:iam/role:Role": ("role", "name"),
    "aws:kms/key:Key": ("key", ""),
    "aws:lambda/function:Function": ("function", "name"),
    "aws:s3/bucket:Bucket": ("bucket", "bucket"),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": ("group", "modelPackageGroupName"),
    "aws:sagemaker/pipeline:Pipeline": ("pipeline", "pipelineName"),
    "aws:scheduler/schedule:Schedule": ("schedule", "name"),
    "aws:scheduler/scheduleGroup:ScheduleGroup": ("schedule group", "name"),
    "aws:sns/topic:Topic": ("topic", "name"),
    "aws:sqs/queue:Queue": ("queue", "name"),
}


@dataclass
class Platform:
    """Everything that decides who may do what; documents are referred to by their names."""

    region: str
    accounts: dict[str, str]
    documents: dict[str, Document] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    principals: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add_document(self, name: str, kind: Kind, text: str | Document) -> str:
        """Keep a document under its name, and return the name."""
        self.documents[name] = json.loads(text) if isinstance(text, str) else text
        self.kinds[name] = kind
        return name

    def as_json(self) -> str:
        """The whole as JSON, in an order of its own."""
        return json.dumps(vars(self), indent=1, sort_keys=True) + "\n"


def platform(declared: Declared, settings: Mapping[Environment, Settings]) -> Platform:
    """Read principals, resources and documents; raises ValueError for a policy whose text nobody here knows."""
    one = settings["prod"]
    found = Platform(region=one.region, accounts={**one.accounts.model_dump()})
    for environment, resources in declared.items():
        _add_account(found, environment, resources, default_tags(settings[environment]))
    _add_state_key(found, Names(one))
    for document in found.documents.values():
        document["Statement"].sort(key=lambda statement: str(statement.get("Sid")))
    for principal in found.principals.values():
        principal["policies"].sort()
    _add_agents(found, Names(one))
    return found


def _add_agents(found: Platform, names: Names) -> None:
    documents = agent_documents(names)
    for kind, agents in AGENTS.items():
        if documents[kind]["managed_policy"]:
            raise ValueError(
                "permissions: managed is not proved: the text of AWS's managed policies is AWS's to change"
            )
        allowed = found.add_document(f"{agents}: policy", "identity", documents[kind][AGENT_POLICIES[kind]])
        found.principals[agents] = {
            "arn": agent_role_arn(names, kind),
            "account": names.settings.accounts.jenkins,
            "policies": [allowed],
            "boundary": None,
        }


def _add_account(
    found: Platform, environment: Environment, resources: tuple[Resource, ...], tags: Mapping[str, str]
) -> None:
    account = found.accounts[environment]
    owners: dict[str, str] = {}
    for resource in resources:
        if resource.typ not in RESOURCES:
            continue
        what, key = RESOURCES[resource.typ]
        properties = resource.properties
        own_name = str(properties.get(key, "")).removesuffix(f"-{account}-{found.region}")
        name = f"{environment} {what} {own_name}".rstrip()
        found.resources[name] = {"arn": properties["arn"], "account": account, "policy": None, "context": {}}
        owners |= {str(properties[known]): name for known in (key, "arn", "url") if known in properties}
        if what == "role":
            _add_role(found, environment, name, properties)
        if what == "key":
            _add_key(found, environment, name, resources, tags)
    for resource in resources:
        _add_policy(found, environment, resource, owners)


def _add_role(found: Platform, environment: Environment, name: str, properties: Mapping[str, Any]) -> None:
    boundary = properties.get("permissionsBoundary")
    if boundary or properties.get("managedPolicyArns"):
        raise ValueError(
            f"{name} is bounded by, or has, a policy that no stack declares; it cannot be judged: {boundary}"
        )
    trust = found.add_document(f"{name}: trust", "trust", properties["assumeRolePolicy"])
    found.resources[name]["policy"] = trust
    found.principals[f"{environment} {properties['name']}"] = {
        "arn": properties["arn"],
        "account": found.accounts[environment],
        "policies": [],
        "boundary": None,
    }


def _add_key(
    found: Platform, environment: Environment, name: str, resources: tuple[Resource, ...], tags: Mapping[str, str]
) -> None:
    key = next(r.properties for r in resources if r.typ == "aws:kms/key:Key")
    aliases = [r.properties["name"] for r in resources if r.typ == "aws:kms/alias:Alias"]
    found.resources[name]["policy"] = found.add_document(f"{environment} key: policy", "resource", key["policy"])
    found.resources[name]["context"] = {
        "kms:ResourceAliases": aliases,
        **{f"aws:ResourceTag/{tag}": value for tag, value in tags.items()},
    }


def _add_state_key(found: Platform, names: Names) -> None:
    """The key that `mlops bootstrap` makes, which no stack declares."""
    key = state_key_args(names)
    found.resources["prod state key"] = {
        "arn": names.keys_arn("prod").replace("*", "state"),
        "account": names.account("prod"),
        "policy": found.add_document("prod state key: policy", "resource", key.policy),
        "context": {
            "kms:ResourceAliases": [key.alias],
            **{f"aws:ResourceTag/{tag}": value for tag, value in key.tags.items()},
        },
    }


def _add_policy(found: Platform, environment: Environment, resource: Resource, owners: Mapping[str, str]) -> None:
    properties = resource.properties
    if resource.typ in POLICIES:
        whose, text = POLICIES[resource.typ]
        owner = owners[str(properties[whose])]
        found.resources[owner]["policy"] = found.add_document(f"{owner}: policy", "resource", properties[text])
    elif resource.typ == "aws:iam/rolePolicy:RolePolicy":
        role = f"{environment} {properties['role']}"
        name = found.add_document(f"{role}: {properties['name']}", "identity", properties["policy"])
        found.principals[role]["policies"].append(name)
    elif resource.typ == "aws:iam/rolePolicyAttachment:RolePolicyAttachment":
        raise ValueError(f"{properties['role']} has {properties['policyArn']}, whose text no stack declares")
    elif resource.typ == "aws:lambda/permission:Permission":
        _add_permission(found, owners[str(properties["function"])], properties)


def _add_permission(found: Platform, function: str, properties: Mapping[str, Any]) -> None:
    """A permission is one statement of the function's policy, which Lambda puts together."""
    name = f"{function}: policy"
    document = found.documents.get(name, {"Version": "2012-10-17", "Statement": []})
    condition: dict[str, Any] = {}
    if properties.get("sourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": properties["sourceArn"]}
    if properties.get("sourceAccount"):
        condition["StringEquals"] = {"AWS:SourceAccount": properties["sourceAccount"]}
    principal = str(properties["principal"])
    document["Statement"].append(
        {
            "Sid": properties["statementId"],
            "Effect": "Allow",
            "Principal": {"AWS" if principal[0].isdigit() or principal.startswith("arn:") else "Service": principal},
            "Action": properties["action"],
            "Resource": found.resources[function]["arn"],
            **({"Condition": condition} if condition else {}),
        }
    )
    found.resources[function]["policy"] = found.add_document(name, "resource", document)
