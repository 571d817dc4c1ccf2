"""The role that previews an account: it reads what the account's stack declares, and changes nothing.

Made by `mlops bootstrap` and adopted by the account's stack, as the deployment role is (ADR 12).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from infra.identity.delivery import build_log, use_of_state_key
from infra.identity.deployment import deployment_statements
from infra.identity.document import Statement, document
from infra.identity.key_use import use_of_key
from infra.identity.role import RoleArgs
from infra.identity.trust import role_trust
from infra.names import Names
from infra.settings import Environment, required
from ml.model import Model

POLICY_NAME = "preview"
READING = ("Describe", "Get", "List")


def preview_role_args(names: Names, environment: Environment, models: Sequence[Model]) -> RoleArgs:
    """The role as it must be; only Jenkins' preview agents may assume it, in every account."""
    return RoleArgs(
        role_name=names.preview_role(environment),
        description=f"Previews the {environment} stack, read-only; assumed by Jenkins' preview agents",
        trust=role_trust((names.preview_agent_role_arn,), names.settings.jenkins.external_id),
        inline_policies={POLICY_NAME: document(preview_statements(names, environment, models))},
        permissions_boundary=names.settings.permissions_boundary,
        adopted=True,
    )


def preview_statements(names: Names, environment: Environment, models: Sequence[Model]) -> list[Statement]:
    """The statements: what deployment reads, and in prod what a build on a preview agent needs beyond."""
    statements = reading(deployment_statements(names, environment, models))
    if environment != "prod":
        return statements
    topic = required(names.settings.alerts, "alerts").topic
    return [
        *statements,
        use_of_state_key(names, ("kms:Decrypt",)),
        # Who may not decrypt a function's variables gets an error in their place, and a refresh would report all of
        # them as gone: https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentError.html
        use_of_key(names, "ReadFunctionVariables", environment, ("kms:Decrypt",), via=("lambda",)),
        build_log(names),
        # The nightly report of what differs from the code.
        Statement(sid="TellPeople", actions=("sns:Publish",), resources=(names.topic_arn(topic, environment),)),
        use_of_key(names, "PublishUnderKey", environment, ("kms:GenerateDataKey*", "kms:Decrypt"), via=("sns",)),
    ]


def reading(statements: Sequence[Statement]) -> list[Statement]:
    """The part of some statements that reads and changes nothing; conditions and resources are theirs.

    It reads no content but that of the scripts and of Pulumi's state: deployment itself reads no other.
    """
    found = []
    for statement in statements:
        actions = tuple(action for action in statement.actions if action.partition(":")[2].startswith(READING))
        if actions:
            found.append(replace(statement, actions=actions))
    return found
