"""An IAM role with everything that it may do, in the account of its stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleArgs:
    """What a Role needs from its caller. Documents are JSON; ``inline_policies`` are keyed by policy name."""

    role_name: str
    description: str
    trust: str
    inline_policies: Mapping[str, str] = field(default_factory=dict)
    managed_policy_arns: tuple[str, ...] = ()
    permissions_boundary: str | None = None
    adopted: bool = False  # made by `mlops bootstrap`: imported, and kept when the stack is destroyed


class Role(pulumi.ComponentResource):
    """A role, its inline policies and its managed policies."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:identity:Role", name, {}, opts)

        def child(import_id: str) -> pulumi.ResourceOptions:
            if not args.adopted:
                return pulumi.ResourceOptions(parent=self)
            return pulumi.ResourceOptions(parent=self, import_=import_id, retain_on_delete=True)

        role = aws.iam.Role(
            name,
            name=args.role_name,
            description=args.description,
            assume_role_policy=args.trust,
            permissions_boundary=args.permissions_boundary,
            opts=child(args.role_name),
        )
        policies: list[pulumi.CustomResource] = [
            aws.iam.RolePolicy(
                f"{name}-{policy}",
                name=policy,
                role=role.name,
                policy=text,
                opts=child(f"{args.role_name}:{policy}"),
            )
            for policy, text in args.inline_policies.items()
        ]
        policies += [
            aws.iam.RolePolicyAttachment(
                f"{name}-{arn.rsplit('/', 1)[1]}",
                role=role.name,
                policy_arn=arn,
                opts=child(f"{args.role_name}/{arn}"),
            )
            for arn in args.managed_policy_arns
        ]
        # Whoever uses the role must wait for its permissions, not only for its existence.
        self.arn = pulumi.Output.all(role.arn, *[policy.id for policy in policies]).apply(lambda values: str(values[0]))
        self.name = role.name
        self.register_outputs({"arn": self.arn, "name": self.name})
