"""Take the accounts down and leave nothing: versions, objects, stacks, and what `mlops bootstrap` made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from infra import names as n
from infra.settings import ENVIRONMENTS, Environment
from ml import model as models
from mlops import bootstrap, versions
from mlops.engine import Engine
from mlops.failure import CommandError
from mlops.place import Place

Say = Callable[[str], None]
DELETE_AT_ONCE = 1000  # objects in one DeleteObjects call: API_DeleteObjects.html


def take_down(place: Place, engine: Engine, say: Say) -> None:
    """Destroy prod and dev, then the registry that both refer to, then the deployment roles and the state bucket."""
    empty_groups(place, say)
    for environment, bucket in _buckets(place).items():
        empty_bucket(place, environment, bucket, say)
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(lambda environment: _destroy(engine, environment, say), ("prod", "dev")):
            pass
    _destroy(engine, "registry", say)
    empty_bucket(place, "prod", place.names.state_bucket, say)
    bootstrap.remove(place, say)


def _destroy(engine: Engine, environment: Environment, say: Say) -> None:
    if engine.exists(environment):
        say(f"{environment}: {engine.destroy(environment, say)}")


def _buckets(place: Place) -> dict[Environment, str]:
    names = place.names
    return {
        "prod": names.data_bucket("prod"),
        "dev": names.data_bucket("dev"),
        "registry": names.artifact_bucket,
    }


def empty_groups(place: Place, say: Say) -> None:
    """Delete every model version: a group that has one cannot be deleted."""
    sagemaker = place.client("registry", "sagemaker")
    for version in versions.list_versions(place):
        sagemaker.delete_model_package(ModelPackageName=version["arn"])
        say(f"registry: version {version['version']} of {version['group']} deleted")


def empty_bucket(place: Place, environment: Environment, bucket: str, say: Say) -> None:
    """Delete every version of every object: a bucket that has one cannot be deleted."""
    s3 = place.client(environment, "s3")
    deleted = 0
    try:
        for page in s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": DELETE_AT_ONCE}
        ):
            found = [
                {"Key": item["Key"], "VersionId": item["VersionId"]}
                for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            ]
            if not found:
                continue
            done = s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
            if done.get("Errors"):
                raise CommandError(f"{bucket}: {done['Errors'][0]['Key']}: {done['Errors'][0]['Message']}")
            deleted += len(found)
    except s3.exceptions.NoSuchBucket:
        return
    if deleted:
        say(f"{environment}: {deleted} objects deleted from {bucket}")


def leftovers(place: Place) -> list[str]:
    """What of the project is still in the accounts: buckets, key aliases, roles, groups, pipelines, log groups."""
    return [
        f"{environment}: {kind} {name}" for environment in ENVIRONMENTS for kind, name in _existing(place, environment)
    ]


def _existing(place: Place, environment: Environment) -> list[tuple[str, str]]:
    names, settings = place.names, place.settings[environment]

    def all_of(service: str, operation: str, key: str, name: str) -> list[str]:
        pages = place.client(environment, service).get_paginator(operation).paginate()
        return [str(item[name]) for page in pages for item in page[key]]

    buckets = {bucket["Name"] for bucket in place.client(environment, "s3").list_buckets()["Buckets"]}
    roles = set(all_of("iam", "list_roles", "Roles", "RoleName"))
    ours: Mapping[str, set[str]] = {
        "bucket": {names.data_bucket(environment), names.artifact_bucket, names.state_bucket},
        "role": {names.role_name(r, environment) for r in n.WORKLOAD_ROLES} | {names.deployment_role(environment)},
        "key alias": {names.key_alias(environment)},
        "model package group": {models.load(m).package_group_name for m in settings.models},
        "pipeline": {names.pipeline_name(models.load(m).train_pipeline_name, environment) for m in settings.models},
        "log group": {names.jenkins_log_group},
    }
    present: Mapping[str, set[str]] = {
        "bucket": buckets,
        "role": roles,
        "key alias": set(all_of("kms", "list_aliases", "Aliases", "AliasName")),
        "model package group": set(
            all_of("sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList", "ModelPackageGroupName")
        ),
        "pipeline": set(all_of("sagemaker", "list_pipelines", "PipelineSummaries", "PipelineName")),
        "log group": set(all_of("logs", "describe_log_groups", "logGroups", "logGroupName")),
    }
    return [(kind, name) for kind in ours for name in sorted(ours[kind] & present[kind])]
