"""The one AWS provider of a stack: right account, tags on everything; which role is for the caller's AWS profile."""

from __future__ import annotations

import os

import pulumi_aws as aws

from infra.names import PROJECT, Names
from infra.settings import Settings


def default_tags(settings: Settings) -> dict[str, str]:
    """Tags of every resource that can have them; the deployment role's permissions on keys depend on these."""
    return {**settings.tags, "project": PROJECT, "environment": settings.environment}


def declare_provider(settings: Settings) -> aws.Provider:
    """The provider of the profile for this environment, which refuses any account but the settings' own.

    The profile, in the caller's AWS configuration, says which role: the deployment role for an update, the read-only
    one for a preview. So what is previewed under one is applied under the other unchanged (ADR 11).
    ``AWS_ENDPOINT_URL``, the AWS SDKs' own variable, points it at the sandbox; the endpoint itself never gets into the
    state, so a stack does not change when the sandbox's port does.
    """
    names = Names(settings)
    in_sandbox = bool(os.environ.get("AWS_ENDPOINT_URL"))
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=[settings.account_id],
        profile=names.profile(settings.environment),
        default_tags=aws.ProviderDefaultTagsArgs(tags=default_tags(settings)),
        # Only what an emulator cannot answer: it has no instance metadata and no virtual-hosted bucket names.
        skip_metadata_api_check=in_sandbox or None,
        skip_region_validation=in_sandbox or None,
        s3_use_path_style=in_sandbox or None,
    )
