"""Outputs that one stack promises to another: the only module that touches StackReference."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import pulumi

PROJECT = "model-promotion"


class Contract:
    """A frozen dataclass of outputs that can be exported, and read back by name."""

    def export(self) -> None:
        """Make each field a stack output."""
        for name in self.names():
            pulumi.export(name, getattr(self, name))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The promised outputs, in order."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]

    @classmethod
    def read(cls, stack: str) -> Self:
        """The outputs of a deployed stack of this project; fails naming the output that is not there."""
        reference = pulumi.StackReference(f"{pulumi.get_organization()}/{PROJECT}/{stack}")
        return cls(**{name: reference.require_output(name) for name in cls.names()})


@dataclass(frozen=True, kw_only=True)
class RegistryOutputs(Contract):
    """What the registry account publishes for the accounts that train."""

    account_id: pulumi.Output[str]
    artifact_bucket: pulumi.Output[str]
    report_key_arn: pulumi.Output[str]
    model_package_group_arns: pulumi.Output[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class RegistryStackOutputs(RegistryOutputs):
    """What the registry publishes beyond that, for people and for the command line."""

    alert_topic_arn: pulumi.Output[str]
    dead_letter_queues: pulumi.Output[dict[str, str]]  # URLs by what sends to them


@dataclass(frozen=True, kw_only=True)
class TrainingOutputs(Contract):
    """What dev publishes, for people and for the command line; prod adds what continuous delivery needs."""

    account_id: pulumi.Output[str]
    data_bucket: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    train_pipelines: pulumi.Output[dict[str, str]]
    inference_pipelines: pulumi.Output[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class ProdOutputs(TrainingOutputs):
    """What prod publishes."""

    state_bucket: pulumi.Output[str]
    deployment_role_arn: pulumi.Output[str]
    jenkins_log_group: pulumi.Output[str]
    jenkins_controller_documents: dict[str, Any]
    alert_topic_arn: pulumi.Output[str]
    dead_letter_queues: pulumi.Output[dict[str, str]]  # URLs by what sends to them
