"""The roles of dev and prod that pipelines, their jobs and functions run as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from infra import names as n
from infra.identity import managed, workload
from infra.identity.role import Role, RoleArgs
from infra.identity.trust import plain_service_trust, service_trust
from infra.names import Names, pipeline_names
from infra.settings import Environment
from ml.model import Model


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadRolesArgs:
    """What WorkloadRoles needs from its caller."""

    names: Names
    environment: Environment
    models: Sequence[Model]


class WorkloadRoles(pulumi.ComponentResource):
    """A role for pipeline executions, one for their jobs, one for functions."""

    pipeline_role_arn: pulumi.Output[str]
    execution_role_arn: pulumi.Output[str]
    function_role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: WorkloadRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("model-promotion:identity:WorkloadRoles", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        declared = _managed(args) if args.names.settings.permissions == "managed" else _least_privilege(args)
        roles = {role: Role(role, role_args, opts=child) for role, role_args in declared.items()}
        self.execution_role_arn = roles["execution-role"].arn
        # In the replaced system one role runs the pipeline and its jobs.
        self.pipeline_role_arn = roles.get("pipeline-role", roles["execution-role"]).arn
        self.function_role_arn = roles["function-role"].arn
        self.register_outputs(
            {
                "pipeline_role_arn": self.pipeline_role_arn,
                "execution_role_arn": self.execution_role_arn,
                "function_role_arn": self.function_role_arn,
            }
        )


def _least_privilege(args: WorkloadRolesArgs) -> dict[str, RoleArgs]:
    names, environment, models = args.names, args.environment, args.models
    account = names.account(environment)
    boundary = names.settings.permissions_boundary
    pipelines = tuple(f"{names.pipeline_arn(p, environment)}*" for model in models for p in pipeline_names(model))
    kinds = ("processing-job", "training-job", "transform-job", "model")
    return {
        "pipeline-role": RoleArgs(
            role_name=names.role_name(n.PIPELINE_ROLE, environment),
            description="Executions of SageMaker pipelines: start jobs and register model versions",
            trust=service_trust("sagemaker.amazonaws.com", account, pipelines),
            inline_policies=workload.pipeline_policies(names, environment, models),
            permissions_boundary=boundary,
        ),
        "execution-role": RoleArgs(
            role_name=names.role_name(n.EXECUTION_ROLE, environment),
            description="SageMaker jobs: read data, write artifacts and reports",
            trust=service_trust(
                "sagemaker.amazonaws.com",
                account,
                tuple(names.arn("sagemaker", account, f"{kind}/*") for kind in kinds),
            ),
            inline_policies=workload.execution_policies(names, environment, models),
            permissions_boundary=boundary,
        ),
        "function-role": RoleArgs(
            role_name=names.role_name(n.FUNCTION_ROLE, environment),
            description="Lambda functions of SageMaker pipelines: find the newest approved version",
            # Lambda sends no aws:SourceArn when it assumes an execution role; iam:PassRole, which is checked in the
            # role's own account, is what keeps other accounts' functions from it.
            # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
            trust=plain_service_trust("lambda.amazonaws.com"),
            inline_policies=workload.function_policies(names, environment, models),
            permissions_boundary=boundary,
        ),
    }


def _managed(args: WorkloadRolesArgs) -> dict[str, RoleArgs]:
    names, environment, models = args.names, args.environment, args.models
    boundary = names.settings.permissions_boundary
    return {
        "execution-role": RoleArgs(
            role_name=names.role_name(n.EXECUTION_ROLE, environment),
            description="SageMaker pipelines and their jobs",
            trust=plain_service_trust("events.amazonaws.com", "sagemaker.amazonaws.com"),
            inline_policies=managed.execution_policies(names, environment, models),
            managed_policy_arns=managed.managed_arns(names, managed.EXECUTION_POLICIES),
            permissions_boundary=boundary,
        ),
        "function-role": RoleArgs(
            role_name=names.role_name(n.FUNCTION_ROLE, environment),
            description="Lambda functions of SageMaker pipelines",
            trust=plain_service_trust("lambda.amazonaws.com", "sagemaker.amazonaws.com"),
            inline_policies=managed.function_policies(names, models),
            managed_policy_arns=managed.managed_arns(names, managed.SERVICE_POLICIES),
            permissions_boundary=boundary,
        ),
    }
