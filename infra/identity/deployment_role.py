"""The role that deploys an account, made by `mlops bootstrap` and adopted by the account's stack."""

from __future__ import annotations

from collections.abc import Sequence

from infra.identity.deployment import deployment_policies
from infra.identity.document import Statement, document
from infra.identity.managed import JENKINS_POLICIES, managed_arns
from infra.identity.role import RoleArgs
from infra.identity.trust import role_trust
from infra.names import Names
from infra.settings import Environment
from ml.model import Model


def deployment_role_args(names: Names, environment: Environment, models: Sequence[Model]) -> RoleArgs:
    """The role as it must be; `mlops bootstrap` writes it from here, so the two can never differ.

    Prod's is `cross-account-jenkins-role`, which Jenkins alone may assume. With ``permissions: managed`` it gets the
    replaced system's managed policies on top, which alone could not deploy what people made by hand there.
    """
    managed = environment == "prod" and names.settings.permissions == "managed"
    return RoleArgs(
        role_name=names.deployment_role(environment),
        description=f"Deploys the {environment} stack; assumed by Jenkins",
        trust=role_trust(
            (names.jenkins_role_arn,),
            names.settings.jenkins.external_id,
            # In dev and the registry, people whom that account's administrators let may deploy too; in prod nobody.
            own_account=None if environment == "prod" else names.root_arn(environment),
        ),
        inline_policies=deployment_policies(names, environment, models),
        managed_policy_arns=managed_arns(names, JENKINS_POLICIES) if managed else (),
        permissions_boundary=names.settings.permissions_boundary,
        adopted=True,
    )


def controller_documents(names: Names) -> dict[str, str]:
    """The Jenkins controller's own role, in its own account, which is not ours to deploy: documents to apply there."""
    environments: tuple[Environment, ...] = ("registry", "dev", "prod")
    return {
        "role_name": names.settings.jenkins.role_name,
        "trust_policy": document(
            [Statement(sid="Controller", principals={"Service": "ec2.amazonaws.com"}, actions=("sts:AssumeRole",))]
        ),
        "assume-production-role-policy": document(
            [
                Statement(
                    sid="AssumeDeploymentRoles",
                    actions=("sts:AssumeRole",),
                    resources=tuple(names.deployment_role_arn(environment) for environment in environments),
                )
            ]
        ),
        "managed_policy": managed_arns(names, ("CloudWatchFullAccess",))[0]
        if names.settings.permissions == "managed"
        else "",
    }
