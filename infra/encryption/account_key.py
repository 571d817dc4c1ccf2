"""The one symmetric key of an account, with its alias."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

DELETION_WINDOW_DAYS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountKeyArgs:
    """What an AccountKey needs from its caller; ``policy`` is the key policy's JSON."""

    alias: str
    description: str
    policy: str


class AccountKey(pulumi.ComponentResource):
    """A customer managed key that rotates, and the alias by which documents know it."""

    arn: pulumi.Output[str]
    alias_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AccountKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:encryption:AccountKey", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = aws.kms.Key(
            name,
            description=args.description,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            enable_key_rotation=True,
            policy=args.policy,
            opts=child,
        )
        alias = aws.kms.Alias(f"{name}-alias", name=args.alias, target_key_id=key.key_id, opts=child)
        # Policies admit callers to the key by its alias: nobody can use it before the alias is there.
        self.arn = pulumi.Output.all(key.arn, alias.id).apply(lambda values: str(values[0]))
        self.alias_arn = alias.arn
        self.register_outputs({"arn": self.arn, "alias_arn": self.alias_arn})
