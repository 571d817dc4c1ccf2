"""What a build of Jenkins may do in prod, whichever role it works as: its log, the secrets of the state."""

from __future__ import annotations

from infra.identity.document import Statement
from infra.names import PROJECT, Names


def build_log(names: Names) -> Statement:
    """Jenkins writes each build's log as the role that the build works as."""
    return Statement(
        sid="DeliveryLog",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(f"{names.log_group_arn(names.jenkins_log_group, 'prod')}:*",),
    )


def use_of_state_key(names: Names, actions: tuple[str, ...]) -> Statement:
    """The key of the state's secrets, for nothing but these: Pulumi sends the context that the provider's URL says.

    https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
    """
    return Statement(
        sid="StateSecrets",
        actions=actions,
        resources=(names.keys_arn("prod"),),
        conditions={
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.state_key_alias},
            "StringEquals": {"kms:EncryptionContext:project": PROJECT},
        },
    )
