"""Who asks and what is asked for: the platform's own, what lies beside it, and strangers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.access_documents.model import Platform

STRANGER = "999999999999"
IMAGES_POLICY = "AWS's images: policy"
IMAGES_ACCOUNT = "683313688378"  # AWS's, of the images of built-in algorithms in us-east-1
ADMINISTRATOR = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}
TRUSTED = ("sagemaker-pipeline-role", "sagemaker-execution-role", "jenkins controller", "jenkins preview agents")
REWRITTEN = ", rewritten"
OBJECTS = ("data/batch.csv", "scripts/step.py", "executions/e/check/report.json", "executions/e/out.csv")
ARTIFACTS = ("dev/e/model.tar.gz", "prod/e/model.tar.gz")
JOBS = ("processing-job", "training-job", "transform-job", "model")


def add_probes(platform: Platform, model_names: Sequence[str]) -> None:
    """Add administrators, a stranger, what is inside the platform's resources, and one of each kind beside them."""
    platform.add_document("administrator", "identity", ADMINISTRATOR)
    for name, account in {**platform.accounts, "stranger": STRANGER}.items():
        platform.principals[f"{name} administrator"] = {
            "arn": f"arn:aws:iam::{account}:role/administrator",
            "account": account,
            "policies": ["administrator"],
            "boundary": None,
        }
    for name, principal in list(platform.principals.items()):
        # What an administrator of a training account makes of the roles that other accounts admit.
        if name.endswith(TRUSTED):
            platform.principals[f"{name}{REWRITTEN}"] = {**principal, "policies": ["administrator"]}
    for name, resource in list(platform.resources.items()):
        for inside, arn in _inside(name, resource["arn"], model_names):
            platform.resources[inside] = {**resource, "arn": arn}
    for environment in ("registry", "dev", "prod"):
        _add_neighbours(platform, environment)
    account = platform.accounts["jenkins"]
    platform.resources["jenkins other role"] = _other_role(platform, "jenkins", account)
    platform.add_document(IMAGES_POLICY, "resource", _everybody_pulls())
    for image in ("sagemaker-xgboost", "sagemaker-scikit-learn", "other"):
        arn = f"arn:aws:ecr:{platform.region}:{IMAGES_ACCOUNT}:repository/{image}"
        platform.resources[f"AWS's image {image}"] = _resource(arn, IMAGES_ACCOUNT, IMAGES_POLICY)


def _resource(arn: str, account: str, policy: str | None = None, **context: Any) -> dict[str, Any]:
    return {"arn": arn, "account": account, "policy": policy, "context": context}


def _inside(name: str, arn: str, model_names: Sequence[str]) -> list[tuple[str, str]]:
    kind = name.split()[1]
    if kind == "bucket":
        samples = ARTIFACTS if name.startswith("registry") else OBJECTS
        keys = [f"{model}/{sample}" for model in model_names for sample in samples]
        return [
            (f"{name}/{key}", f"{arn}/{key}") for key in (*keys, "other/object", *(f"other/{s}" for s in ARTIFACTS))
        ]
    if kind == "group":
        return [(f"{name}/1", f"{arn.replace(':model-package-group/', ':model-package/')}/1")]
    if kind == "pipeline":
        return [(f"{name}/execution", f"{arn}/execution/e1")]
    if kind == "log" and name.split()[2] == "group":
        return [(f"{name}/stream", f"{arn}:log-stream:s")]
    return []


def _add_neighbours(platform: Platform, environment: str) -> None:
    """What else there is in the account, none of which the platform's roles should reach."""
    account = platform.accounts[environment]

    def arn(service: str, resource: str) -> str:
        return f"arn:aws:{service}:{platform.region}:{account}:{resource}"

    root = {"AWS": f"arn:aws:iam::{account}:root"}
    by_account = {"Sid": "Account", "Effect": "Allow", "Principal": root}
    key = platform.add_document(
        f"{environment} other key: policy",
        "resource",
        {"Version": "2012-10-17", "Statement": [{**by_account, "Action": "kms:*", "Resource": "*"}]},
    )
    neighbours = {
        "account": _resource("*", account),
        "other key": _resource(arn("kms", "key/other"), account, key, **{"kms:ResourceAliases": ["alias/other"]}),
        "key of another project": _resource(
            arn("kms", "key/project"), account, key, **_tags(project="other", environment=environment)
        ),
        "key of another environment": _resource(
            arn("kms", "key/environment"), account, key, **_tags(project="model-promotion", environment="other")
        ),
        "key alias": _resource(arn("kms", "alias/model-promotion"), account),
        "state key alias": _resource(arn("kms", "alias/model-promotion-state"), account),
        "other key alias": _resource(arn("kms", "alias/other"), account),
        "other role": _other_role(platform, environment, account),
        "other bucket": _resource("arn:aws:s3:::other", account),
        "other object": _resource("arn:aws:s3:::other/object", account),
        "other group": _resource(arn("sagemaker", "model-package-group/other"), account),
        "other version": _resource(arn("sagemaker", "model-package/other/1"), account),
        "other pipeline": _resource(arn("sagemaker", "pipeline/other"), account),
        "other execution": _resource(arn("sagemaker", "pipeline/other/execution/e1"), account),
        "other function": _resource(arn("lambda", "function:other"), account),
        "other queue": _resource(arn("sqs", "other"), account),
        "other topic": _resource(arn("sns", "other"), account),
        "other rule": _resource(arn("events", "rule/other"), account),
        "other alarm": _resource(arn("cloudwatch", "alarm:other"), account),
        "other schedule group": _resource(arn("scheduler", "schedule-group/other"), account),
        "other schedule": _resource(arn("scheduler", "schedule/other/other"), account),
        "other log group": _resource(arn("logs", "log-group:other"), account),
        "other log stream": _resource(arn("logs", "log-group:other:log-stream:s"), account),
        "job log group": _resource(arn("logs", "log-group:/aws/sagemaker/ProcessingJobs"), account),
        "job log stream": _resource(arn("logs", "log-group:/aws/sagemaker/ProcessingJobs:log-stream:s"), account),
        "image sagemaker-xgboost": _resource(arn("ecr", "repository/sagemaker-xgboost"), account),
        "other image": _resource(arn("ecr", "repository/other"), account),
    }
    for kind in JOBS:
        neighbours[f"pipeline {kind}"] = _resource(arn("sagemaker", f"{kind}/pipelines-e1-step"), account)
        neighbours[f"other {kind}"] = _resource(arn("sagemaker", f"{kind}/other"), account)
    for name, resource in neighbours.items():
        platform.resources[f"{environment} {name}"] = resource


def _other_role(platform: Platform, environment: str, account: str) -> dict[str, Any]:
    statement = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    trust = platform.add_document(f"{environment} other role: trust", "trust", document)
    return _resource(f"arn:aws:iam::{account}:role/other", account, trust)


def _tags(**tags: str) -> dict[str, Any]:
    return {"kms:ResourceAliases": [], **{f"aws:ResourceTag/{tag}": value for tag, value in tags.items()}}


def _everybody_pulls() -> dict[str, Any]:
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}],
    }
