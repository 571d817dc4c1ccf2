"""The model package group of one model, in the registry account, and its resource policy."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelGroupArgs:
    """What a ModelGroup needs from its caller; ``policy`` is the resource policy's JSON."""

    group_name: str
    description: str
    policy: str


class ModelGroup(pulumi.ComponentResource):
    """A model package group that other accounts reach by its ARN, as far as its policy goes."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ModelGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:registry:ModelGroup", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.sagemaker.ModelPackageGroup(
            name,
            model_package_group_name=args.group_name,
            model_package_group_description=args.description,
            opts=child,
        )
        aws.sagemaker.ModelPackageGroupPolicy(
            f"{name}-policy",
            model_package_group_name=group.model_package_group_name,
            resource_policy=args.policy,
            opts=child,
        )
        self.arn = group.arn
        self.register_outputs({"arn": self.arn})
