"""What the Jenkinsfile has to know of the settings before it assumes a role."""

from __future__ import annotations

from infra.names import Names
from mlops.failure import UsageError
from mlops.project import load_settings


def facts(prod_account: str) -> dict[str, str]:
    """Roles and accounts by the stack files; raises :class:`UsageError` if the build was started for another account.

    ``prod_account`` is the build's parameter; empty, it is what Pulumi.prod.yaml says.
    """
    settings = load_settings()["prod"]
    names = Names(settings)
    if prod_account not in ("", settings.account_id):
        raise UsageError(
            f"the parameter prodAccount is {prod_account}, but Pulumi.prod.yaml says {settings.account_id}; nothing "
            "was touched. Leave the parameter empty, or change the stack files by a pull request"
        )
    return {
        "account": settings.account_id,
        "region": settings.region,
        "externalId": settings.jenkins.external_id or "",
        "previewRole": names.preview_role("prod"),
        "deploymentRole": names.deployment_role("prod"),
    }
