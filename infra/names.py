"""Physical names and ARNs, computed from settings, so that every policy document is known at the first preview."""

from __future__ import annotations

from dataclasses import dataclass

from infra.settings import Environment, Settings
from ml.model import Model

PROJECT = "model-promotion"
EXECUTION_ROLE = "sagemaker-execution-role"
PIPELINE_ROLE = "sagemaker-pipeline-role"
FUNCTION_ROLE = "lambda-sagemaker-role"
WORKLOAD_ROLES = (PIPELINE_ROLE, EXECUTION_ROLE, FUNCTION_ROLE)
JENKINS_DEPLOYMENT_ROLE = "cross-account-jenkins-role"
DEPLOYMENT_ROLE = "model-promotion-deployment-role"
PREVIEW_ROLE = "model-promotion-preview-role"
JENKINS_LOG_GROUP = "jenkins-log"
LATEST_APPROVED_MODEL = "sagemaker-lambda-step-latest-approved-model"
RETRAIN_GATE = "retrain-gate"
FAILURE_NOTICE = "failure-notice"
APPROVAL_WATCH = "approval-watch"
AUTOMATION_FUNCTIONS = (RETRAIN_GATE, FAILURE_NOTICE, APPROVAL_WATCH)
INFERENCE_SCHEDULES = "inference"
SCHEDULE_GROUPS = (INFERENCE_SCHEDULES, APPROVAL_WATCH)
FAILURE_RULES = "failure-rules"
SCHEDULES = "schedules"
APPROVAL_RULES = "approval-rules"


def pipeline_names(model: Model) -> tuple[str, str]:
    """The pipelines of a model: train, inference."""
    return (model.train_pipeline_name, model.inference_pipeline_name)


@dataclass(frozen=True, slots=True)
class Names:
    """Names in all three accounts as one stack's settings give them."""

    settings: Settings

    @property
    def partition(self) -> str:
        """``aws``, or the partition that the region's prefix says."""
        prefix = self.settings.region.split("-")[0]
        if prefix == "cn":
            return "aws-cn"
        return "aws-us-gov" if self.settings.region.startswith("us-gov-") else "aws"

    def account(self, environment: Environment) -> str:
        """The account id of an environment."""
        return self.settings.accounts.of(environment)

    def in_environment(self, name: str, environment: Environment) -> str:
        """``name``, told apart by environment where two environments share an account."""
        return f"{name}-{environment}" if self.settings.same_account else name

    def arn(self, service: str, account: str, resource: str) -> str:
        """An ARN in the stack's region."""
        return f"arn:{self.partition}:{service}:{self.settings.region}:{account}:{resource}"

    def role_name(self, role: str, environment: Environment) -> str:
        """The name of one of the roles above in one environment."""
        return self.in_environment(role, environment)

    def role_arn(self, role: str, environment: Environment) -> str:
        """The ARN of one of the roles above in one environment."""
        return f"arn:{self.partition}:iam::{self.account(environment)}:role/{self.role_name(role, environment)}"

    def deployment_role(self, environment: Environment) -> str:
        """The name of the role that deploys an environment: prod's is the one that Jenkins alone may assume."""
        role = JENKINS_DEPLOYMENT_ROLE if environment == "prod" else DEPLOYMENT_ROLE
        return self.role_name(role, environment)

    def deployment_role_arn(self, environment: Environment) -> str:
        """The ARN of the role that deploys an environment."""
        return f"arn:{self.partition}:iam::{self.account(environment)}:role/{self.deployment_role(environment)}"

    def preview_role(self, environment: Environment) -> str:
        """The name of the role that previews an environment, and can only read."""
        return self.role_name(PREVIEW_ROLE, environment)

    def preview_role_arn(self, environment: Environment) -> str:
        """The ARN of the role that previews an environment."""
        return self.role_arn(PREVIEW_ROLE, environment)

    @property
    def jenkins_role_arn(self) -> str:
        """The ARN of the role of Jenkins' deploy agents, in Jenkins' own account."""
        return f"arn:{self.partition}:iam::{self.settings.accounts.jenkins}:role/{self.settings.jenkins.role_name}"

    @property
    def preview_agent_role_arn(self) -> str:
        """The ARN of the role of Jenkins' preview agents, in Jenkins' own account."""
        jenkins = self.settings.jenkins
        return f"arn:{self.partition}:iam::{self.settings.accounts.jenkins}:role/{jenkins.preview_role_name}"

    def profile(self, environment: Environment) -> str:
        """The AWS profile with which Pulumi reaches an environment."""
        return f"{PROJECT}-{environment}-pulumi"

    def root_arn(self, environment: Environment) -> str:
        """The principal that stands for every identity of an account; narrow it by a condition."""
        return f"arn:{self.partition}:iam::{self.account(environment)}:root"

    def key_alias(self, environment: Environment) -> str:
        """The alias of an environment's key."""
        return f"alias/{self.in_environment(PROJECT, environment)}"

    @property
    def state_key_alias(self) -> str:
        """The alias of the key of the secrets in Pulumi's state, in prod."""
        return f"alias/{self.in_environment(f'{PROJECT}-state', 'prod')}"

    @property
    def secrets_provider(self) -> str:
        """Pulumi's secrets provider; ``context_…`` is the encryption context of each use, which the roles must send.

        https://pkg.go.dev/gocloud.dev/secrets/awskms#URLOpener
        """
        return f"awskms://{self.state_key_alias}?region={self.settings.region}&awssdk=v2&context_project={PROJECT}"

    @property
    def backend_url(self) -> str:
        """Where Pulumi keeps the state of the three stacks."""
        return f"s3://{self.state_bucket}?region={self.settings.region}"

    def keys_arn(self, environment: Environment) -> str:
        """Every key of an account: narrow it by ``kms:ResourceAliases`` or a tag, since a key's id is AWS's choice."""
        return self.arn("kms", self.account(environment), "key/*")

    def data_bucket(self, environment: Environment) -> str:
        """The bucket of data sets, scripts and intermediate results in dev or prod."""
        return self._bucket("sagemaker-data", environment)

    @property
    def artifact_bucket(self) -> str:
        """The bucket of model artifacts and reports in the registry account."""
        return self._bucket("sagemaker-models", "registry")

    @property
    def state_bucket(self) -> str:
        """The bucket of Pulumi's state, in prod."""
        return self._bucket("pulumi-state", "prod")

    @property
    def jenkins_log_group(self) -> str:
        """The log group in prod that build logs go to."""
        return self.in_environment(JENKINS_LOG_GROUP, "prod")

    def _bucket(self, purpose: str, environment: Environment) -> str:
        # Bucket names are global: the account and region make them ours alone.
        return self.in_environment(f"{purpose}-{self.account(environment)}-{self.settings.region}", environment)

    def bucket_arn(self, bucket: str) -> str:
        """The ARN of a bucket, which has neither region nor account."""
        return f"arn:{self.partition}:s3:::{bucket}"

    def group_arn(self, group: str) -> str:
        """The ARN of a model package group in the registry account."""
        return self.arn("sagemaker", self.account("registry"), f"model-package-group/{group}")

    def packages_arn(self, group: str) -> str:
        """Every version in a model package group."""
        return self.arn("sagemaker", self.account("registry"), f"model-package/{group}/*")

    def pipeline_name(self, pipeline: str, environment: Environment) -> str:
        """The name of a pipeline in one environment."""
        return self.in_environment(pipeline, environment)

    def pipeline_arn(self, pipeline: str, environment: Environment) -> str:
        """The ARN of a pipeline."""
        return self.arn("sagemaker", self.account(environment), f"pipeline/{self.pipeline_name(pipeline, environment)}")

    def function_name(self, function: str, environment: Environment) -> str:
        """The name of a Lambda function."""
        return self.in_environment(function, environment)

    def function_arn(self, function: str, environment: Environment) -> str:
        """The ARN of a Lambda function."""
        return self.arn("lambda", self.account(environment), f"function:{self.function_name(function, environment)}")

    def function_log_group(self, function: str, environment: Environment) -> str:
        """The log group that Lambda writes a function's output to."""
        return f"/aws/lambda/{self.function_name(function, environment)}"

    def log_group_arn(self, log_group: str, environment: Environment) -> str:
        """The ARN of a log group, as everything but the writing of streams names it."""
        return self.arn("logs", self.account(environment), f"log-group:{log_group}")

    def dead_letter_queue(self, sender: str, environment: Environment) -> str:
        """The queue of what one sender could not deliver."""
        return self.in_environment(f"{sender}-dead-letters", environment)

    def queue_arn(self, queue: str, environment: Environment) -> str:
        """The ARN of a queue."""
        return self.arn("sqs", self.account(environment), queue)

    def topic_name(self, topic: str, environment: Environment) -> str:
        """The name of a topic that the settings name."""
        return self.in_environment(topic, environment)

    def topic_arn(self, topic: str, environment: Environment) -> str:
        """The ARN of a topic that the settings name."""
        return self.arn("sns", self.account(environment), self.topic_name(topic, environment))

    def rule_arn(self, rule: str, environment: Environment) -> str:
        """The ARN of a rule on the default event bus."""
        return self.arn("events", self.account(environment), f"rule/{rule}")

    def failure_rule(self, pipeline: str, environment: Environment) -> str:
        """The rule on failed executions of a pipeline."""
        return f"{self.pipeline_name(pipeline, environment)}-failed"

    @property
    def approval_rule(self) -> str:
        """The rule in the registry account on changes of approval status."""
        return self.in_environment("model-approval-changed", "registry")

    def schedule_group(self, group: str, environment: Environment) -> str:
        """A group of schedules."""
        return self.in_environment(f"{PROJECT}-{group}", environment)

    def schedule_group_arn(self, group: str, environment: Environment) -> str:
        """The ARN of a group of schedules."""
        return self.arn(
            "scheduler", self.account(environment), f"schedule-group/{self.schedule_group(group, environment)}"
        )

    def schedules_arn(self, group: str, environment: Environment) -> str:
        """Every schedule of a group."""
        return self.arn("scheduler", self.account(environment), f"schedule/{self.schedule_group(group, environment)}/*")

    def alarm_arn(self, alarm: str, environment: Environment) -> str:
        """The ARN of an alarm."""
        return self.arn("cloudwatch", self.account(environment), f"alarm:{alarm}")
