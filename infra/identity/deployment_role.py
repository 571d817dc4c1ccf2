"""The role that deploys an account, made by `mlops bootstrap` and adopted by the account's stack."""

from __future__ import annotations

from collections.abc import Sequence

from infra.identity.deployment import deployment_policies
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
