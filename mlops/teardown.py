"""Take the accounts down and leave nothing: versions, objects, stacks, and what `mlops bootstrap` made."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from infra import names as n
from infra.settings import Environment
from mlops import bootstrap, versions
from mlops.engine import Engine
from mlops.failure import CommandError
from mlops.place import Place

Say = Callable[[str], None]
TRAINING: tuple[Environment, ...] = ("prod", "dev")
MADE_BY_PIPELINES = "pipelines-"
DELETE_AT_ONCE = 1000  # objects in one DeleteObjects call: API_DeleteObjects.html


def take_down(place: Place, engine: Engine, say: Say) -> None:
    """Destroy prod and dev, then the registry that both refer to, then the deployment roles and the state bucket."""
    empty_groups(place, say)
    for environment in TRAINING:
        delete_models(place, environment, say)
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


def delete_models(place: Place, environment: Environment, say: Say) -> None:
    """Delete the models that executions of inference pipelines made: each makes one, and no stack knows them."""
    sagemaker = place.client(environment, "sagemaker")
    role = place.names.role_arn(n.EXECUTION_ROLE, environment)
    pages = sagemaker.get_paginator("list_models").paginate(NameContains=MADE_BY_PIPELINES)
    made = [model["ModelName"] for page in pages for model in page["Models"]]
    # Other pipelines of the account name their models in the same way; ours work as our role.
    ours = [name for name in made if sagemaker.describe_model(ModelName=name)["ExecutionRoleArn"] == role]
    for name in ours:
        sagemaker.delete_model(ModelName=name)
    if ours:
        say(f"{environment}: {len(ours)} models deleted")


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
