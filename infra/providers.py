"""The one AWS provider of a stack: right account, right role, tags on everything."""

from __future__ import annotations

import os

import pulumi_aws as aws

from infra.names import PROJECT, Names
from infra.settings import Settings


def default_tags(settings: Settings) -> dict[str, str]:
    """Tags of every resource that can have them; the deployment role's permissions on keys depend on these."""
    return {**settings.tags, "project": PROJECT, "environment": settings.environment}


def declare_provider(settings: Settings) -> aws.Provider:
    """The provider that assumes the environment's deployment role and refuses any account but the settings' own.

    ``AWS_ENDPOINT_URL``, the AWS SDKs' own variable, points it at the sandbox; the endpoint itself never gets into the
    state, so a stack does not change when the sandbox's port does.
    """
    names = Names(settings)
    in_sandbox = bool(os.environ.get("AWS_ENDPOINT_URL"))
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id],
        assume_roles=[
            aws.ProviderAssumeRoleArgs(
                role_arn=names.deployment_role_arn(settings.environment),
                external_id=settings.jenkins.external_id,
                session_name=f"{PROJECT}-{settings.environment}",
            )
        ],
        default_tags=aws.ProviderDefaultTagsArgs(tags=default_tags(settings)),
        # Only what an emulator cannot answer: it has no instance metadata and no virtual-hosted bucket names.
        skip_metadata_api_check=in_sandbox or None,
        skip_region_validation=in_sandbox or None,
        s3_use_path_style=in_sandbox or None,
    )
