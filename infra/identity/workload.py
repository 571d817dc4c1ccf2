"""What the roles that work in dev and prod may do: pipelines, their jobs, and functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra import names as n
from infra.encryption.key_policy import USE
from infra.identity.document import Statement, document
from infra.identity.key_use import use_of_key
from infra.names import Names
from infra.settings import Environment
from ml.model import Model

JOBS = ("processing-job", "training-job", "transform-job")
IMAGES = ("sagemaker-xgboost", "sagemaker-scikit-learn")
MONITOR_IMAGES = ("sagemaker-model-monitor-analyzer",)


def pipeline_policies(names: Names, environment: Environment, models: Sequence[Model]) -> Mapping[str, str]:
    """The role of a pipeline execution: it starts jobs, reads their reports and registers versions."""
    account = names.account(environment)
    groups = [model.package_group_name for model in models]
    artifacts = names.bucket_arn(names.artifact_bucket)
    data = names.bucket_arn(names.data_bucket(environment))
    # What a pipeline makes is named after it: pipelines-<execution id>-<step name>-<random>.
    jobs = tuple(names.arn("sagemaker", account, f"{kind}/pipelines-*") for kind in JOBS)
    return {
        "pipeline-jobs": document(
            [
                Statement(
                    sid="RunJobs",
                    actions=(
                        "sagemaker:CreateProcessingJob",
                        "sagemaker:DescribeProcessingJob",
                        "sagemaker:StopProcessingJob",
                        "sagemaker:CreateTrainingJob",
                        "sagemaker:DescribeTrainingJob",
                        "sagemaker:StopTrainingJob",
                        "sagemaker:CreateTransformJob",
                        "sagemaker:DescribeTransformJob",
                        "sagemaker:StopTransformJob",
                        "sagemaker:AddTags",  # SageMaker tags each job with the execution that started it
                    ),
                    resources=jobs,
                ),
                # A model made of a registered version needs the same of the version, whose group's policy decides too:
                # https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy-xaccount.html
                Statement(
                    sid="MakeModels",
                    actions=("sagemaker:CreateModel", "sagemaker:AddTags"),
                    resources=(
                        names.arn("sagemaker", account, "model/pipelines-*"),
                        *(names.packages_arn(group) for group in groups),
                    ),
                ),
                Statement(
                    sid="FindApprovedVersion",
                    actions=("lambda:InvokeFunction",),
                    resources=(names.function_arn(n.LATEST_APPROVED_MODEL, environment),),
                ),
                Statement(
                    sid="GiveJobsTheirRole",
                    actions=("iam:PassRole",),
                    resources=(names.role_arn(n.EXECUTION_ROLE, environment),),
                    conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
                ),
            ]
        ),
        "cross-account-model-registry-access": document(
            [
                Statement(
                    sid="FindGroup",
                    actions=("sagemaker:DescribeModelPackageGroup",),
                    resources=tuple(names.group_arn(group) for group in groups),
                ),
                Statement(
                    sid="RegisterPendingVersions",
                    actions=("sagemaker:CreateModelPackage",),
                    resources=tuple(names.packages_arn(group) for group in groups),
                    conditions={"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
                ),
            ]
        ),
        # A condition step reads the evaluation's and the batch check's report, which are files, as the pipeline's role.
        "cross-account-model-artifacts-s3-bucket-access": document(
            [
                Statement(
                    sid="ReadReports",
                    actions=("s3:GetObject",),
                    resources=(
                        *(f"{artifacts}/{model.model_name}/*" for model in models),
                        *(f"{data}/{model.model_name}/executions/*" for model in models),
                    ),
                )
            ]
        ),
        "kms-key-access-policy": document(
            [
                use_of_key(names, "ReadReports", "registry", ("kms:Decrypt",), via=("s3",)),
                use_of_key(names, "ReadBatchChecks", environment, ("kms:Decrypt",), via=("s3",)),
            ]
        ),
    }


def execution_policies(names: Names, environment: Environment, models: Sequence[Model]) -> Mapping[str, str]:
    """The role of the jobs themselves: data in, artifacts and reports out, in named prefixes."""
    account = names.account(environment)
    data = names.bucket_arn(names.data_bucket(environment))
    artifacts = names.bucket_arn(names.artifact_bucket)
    prefixes = tuple(model.model_name for model in models)
    policies = {
        "job-data": document(
            [
                Statement(
                    sid="ReadAndWriteData",
                    actions=("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
                    resources=tuple(f"{data}/{prefix}/*" for prefix in prefixes),
                ),
                Statement(
                    sid="ListData",
                    actions=("s3:ListBucket",),
                    resources=(data,),
                    conditions={"StringLike": {"s3:prefix": tuple(f"{prefix}/*" for prefix in prefixes)}},
                ),
                # Log groups of SageMaker jobs are SageMaker's, one for each kind of job in an account.
                Statement(
                    sid="WriteJobLogs",
                    actions=(
                        "logs:CreateLogGroup",
                        "logs:CreateLogStream",
                        "logs:DescribeLogStreams",
                        "logs:PutLogEvents",
                    ),
                    resources=(
                        names.arn("logs", account, "log-group:/aws/sagemaker/*"),
                        names.arn("logs", account, "log-group:/aws/sagemaker/*:log-stream:*"),
                    ),
                ),
                Statement(
                    sid="PublishJobMetrics",
                    actions=("cloudwatch:PutMetricData",),
                    # CloudWatch has no resource for a metric; the namespace is what can be limited:
                    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
                    resources=("*",),
                    conditions={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
                ),
                Statement(
                    sid="PullImages",
                    actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                    resources=tuple(
                        names.arn("ecr", "*", f"repository/{name}")
                        for name in (
                            IMAGES + MONITOR_IMAGES if names.settings.drift_check == "model-monitor" else IMAGES
                        )
                    ),
                ),
                Statement(
                    sid="LogInToRegistries",
                    actions=("ecr:GetAuthorizationToken",),
                    resources=("*",),  # the action has no resource: list_amazonelasticcontainerregistry.html, same site
                ),
            ]
        ),
        "cross-account-model-artifacts-s3-bucket-access": document(
            [
                Statement(
                    sid="ReadArtifacts",
                    actions=("s3:GetObject", "s3:GetObjectVersion"),
                    resources=tuple(f"{artifacts}/{prefix}/*" for prefix in prefixes),
                ),
                Statement(
                    sid="WriteArtifacts",
                    actions=("s3:PutObject", "s3:AbortMultipartUpload"),
                    resources=tuple(f"{artifacts}/{prefix}/{environment}/*" for prefix in prefixes),
                ),
                Statement(
                    sid="ListArtifacts",
                    actions=("s3:ListBucket",),
                    resources=(artifacts,),
                    conditions={"StringLike": {"s3:prefix": tuple(f"{prefix}/*" for prefix in prefixes)}},
                ),
            ]
        ),
        "kms-key-access-policy": document(
            [
                use_of_key(names, "UseKeyOfThisAccount", environment, USE),
                # Encrypted volumes of job instances work through grants that SageMaker makes for EC2.
                # https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html
                Statement(
                    sid="EncryptVolumes",
                    actions=("kms:CreateGrant",),
                    resources=(names.keys_arn(environment),),
                    conditions={
                        "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.key_alias(environment)},
                        "Bool": {"kms:GrantIsForAWSResource": "true"},
                    },
                ),
                use_of_key(names, "WriteReports", "registry", ("kms:GenerateDataKey", "kms:Decrypt"), via=("s3",)),
            ]
        ),
    }
    if environment == "prod":
        policies["cross-account-kms-key-access-policy"] = document(
            [use_of_key(names, "ReadDevArtifacts", "dev", ("kms:Decrypt", "kms:DescribeKey"), via=("s3", "sagemaker"))]
        )
    return policies


def function_policies(names: Names, environment: Environment, models: Sequence[Model]) -> Mapping[str, str]:
    """The role of the Lambda steps: they look for the newest approved version."""
    log_group = names.function_log_group(n.LATEST_APPROVED_MODEL, environment)
    return {
        "cross-account-model-registry-access": document(
            [
                Statement(
                    sid="ReadVersions",
                    actions=("sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage"),
                    resources=tuple(names.packages_arn(model.package_group_name) for model in models),
                ),
                Statement(
                    sid="FindGroup",
                    actions=("sagemaker:DescribeModelPackageGroup",),
                    resources=tuple(names.group_arn(model.package_group_name) for model in models),
                ),
            ]
        ),
        "function-logs": document(
            [
                Statement(
                    sid="WriteLogs",
                    actions=("logs:CreateLogStream", "logs:PutLogEvents"),
                    resources=(f"{names.log_group_arn(log_group, environment)}:*",),
                )
            ]
        ),
    }
