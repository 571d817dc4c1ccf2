"""Typed settings of one stack: the only module that reads :class:`pulumi.Config`, and the only schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.setting_advice import EXAMPLES
from infra.setting_fields import (
    AccountId,
    Email,
    ExternalId,
    PolicyArn,
    Region,
    RetentionDays,
    RoleName,
    ScheduleExpression,
    StudioDomain,
    TimeZone,
    TopicName,
    WindowMinutes,
)
from ml import model as models

NAMESPACE = "model-promotion"
ACCOUNT_ID = re.compile(r"\d{12}")

Environment = Literal["registry", "dev", "prod"]
ENVIRONMENTS: tuple[Environment, ...] = ("registry", "dev", "prod")  # in the order in which they are deployed
DriftCheck = Literal["batch-check", "model-monitor"]


class SettingsError(Exception):
    """The stack's settings cannot be used; the message lists every problem and what to write instead."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Accounts(_Part):
    """The AWS account ids, twelve digits each, of the three environments and of the Jenkins controller."""

    registry: AccountId
    dev: AccountId
    prod: AccountId
    jenkins: AccountId

    def of(self, environment: Environment) -> str:
        """The account id of one environment."""
        return str(getattr(self, environment))


class Jenkins(_Part):
    """Jenkins, in its own account, that is the only way into prod: the instance roles of its two kinds of agents.

    ``role_name`` is the deploy agents', which build the main branch only; ``preview_role_name`` is the preview agents',
    which run what any branch's Jenkinsfile says.
    """

    role_name: RoleName
    preview_role_name: RoleName
    external_id: ExternalId | None = None


class Alerts(_Part):
    """Who hears of failures, of versions that wait, and of what could not be delivered."""

    topic: TopicName
    emails: Annotated[tuple[Email, ...], Field(min_length=1)]
    # The metric is put once a day, and this is what a version may wait before the alarm.
    approval_hours: Annotated[int, Field(ge=1, le=24 * 365)]
    studio_domain: StudioDomain | None = None


class Inference(_Part):
    """When batches are scored in prod; ``period_hours`` is how often one has to succeed."""

    schedule: ScheduleExpression
    time_zone: TimeZone
    flexible_window_minutes: WindowMinutes
    # The alarm looks at two periods, and CloudWatch looks back seven days at most:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    period_hours: Annotated[int, Field(ge=1, le=84)]


class Retraining(_Part):
    """How often drift may start a training in prod."""

    cool_down_hours: Annotated[int, Field(ge=1, le=24 * 7)]
    weekly_cap: Annotated[int, Field(ge=1, le=100)]


class Settings(_Part):
    """Everything that one stack may configure."""

    environment: Environment
    region: Region
    accounts: Accounts
    jenkins: Jenkins
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    same_account: bool = False
    permissions: Literal["least-privilege", "managed"] = "least-privilege"
    permissions_boundary: PolicyArn | None = None
    log_retention_days: RetentionDays = 365
    registry_stack: str = "registry"
    drift_check: DriftCheck = "batch-check"
    alerts: Alerts | None = None
    inference: Inference | None = None
    retraining: Retraining | None = None
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """The account that this stack is deployed into."""
        return self.accounts.of(self.environment)


P = TypeVar("P", bound=_Part)


def required(part: P | None, name: str) -> P:
    """A part that this environment must have, which :func:`parse` saw to; raises :class:`SettingsError`."""
    if part is None:
        raise SettingsError(f"{name}: missing; {EXAMPLES[name]}")
    return part


def load() -> Settings:
    """The selected stack's settings, validated; raises :class:`SettingsError`."""
    import pulumi  # noqa: PLC0415  # 0.15 s for whoever reads settings outside of a Pulumi program

    raw = pulumi.Config(NAMESPACE).get_object("settings")
    return parse(raw, origin=f"Pulumi.{pulumi.get_stack()}.yaml")


def parse(raw: object, *, origin: str) -> Settings:
    """Validate the ``settings`` object found in ``origin``; raises :class:`SettingsError` with all problems at once."""
    if not isinstance(raw, Mapping):
        raise SettingsError(f"{origin} has no {NAMESPACE}:settings object; copy one of the committed stack files")
    problems: list[str] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        problems = [_sentence(dict(found)) for found in error.errors()]
    problems += _unknown_models(raw.get("models")) + _shared_accounts(raw) + _shared_roles(raw) + _misplaced_parts(raw)
    if problems or settings is None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise SettingsError(f"{origin}: {count} in {NAMESPACE}:settings; nothing was touched.\n{listed}")
    return settings


def _unknown_models(named: object) -> list[str]:
    known = models.names()
    return [
        f"models: there is no model {name!r}; write one of {', '.join(known)}, or add ml/models/{name}.toml"
        for name in (named if isinstance(named, list | tuple) else [])
        if isinstance(name, str) and name not in known
    ]


def _shared_accounts(raw: Mapping[str, Any]) -> list[str]:
    accounts = raw.get("accounts")
    if not isinstance(accounts, Mapping):
        return []
    found: dict[object, list[str]] = {}
    for environment in ENVIRONMENTS:
        if environment in accounts:
            found.setdefault(str(accounts[environment]), []).append(environment)
    shared = [(account, names) for account, names in found.items() if len(names) > 1]
    if raw.get("same_account") is True:
        if shared:
            return []
        return ["same_account: true, but the accounts are different; remove the line"]
    return [
        f"accounts.{' and accounts.'.join(names)} are both {account}; write one account each, or, "
        "to share an account knowingly, add `same_account: true`"
        for account, names in shared
    ]


def _shared_roles(raw: Mapping[str, Any]) -> list[str]:
    jenkins = raw.get("jenkins")
    if not isinstance(jenkins, Mapping) or not jenkins.get("role_name"):
        return []
    if jenkins["role_name"] != jenkins.get("preview_role_name"):
        return []
    return [
        f"jenkins.role_name and jenkins.preview_role_name are both {jenkins['role_name']!r}, so that any branch could "
        "deploy; write a role of its own for each kind of agent"
    ]


# Where each part belongs; elsewhere it would be read by nobody.
PARTS: Mapping[str, tuple[Environment, ...]] = {
    "alerts": ("registry", "prod"),
    "inference": ("prod",),
    "retraining": ("prod",),
    "drift_check": ("dev", "prod"),
}


def _misplaced_parts(raw: Mapping[str, Any]) -> list[str]:
    environment = raw.get("environment")
    if environment not in ENVIRONMENTS:
        return []
    problems = []
    for part, environments in PARTS.items():
        if part in raw and environment not in environments:
            problems.append(f"{part}: is read in {' and '.join(environments)} only; remove it")
        if raw.get(part) is None and environment in environments and part != "drift_check":
            problems.append(f"{part}: missing; {EXAMPLES[part]}")
    return problems


def _sentence(found: dict[str, Any]) -> str:
    """One pydantic error as a sentence that says where it is and what to write."""
    path = ".".join(str(part) for part in found["loc"])
    top = str(found["loc"][0]) if found["loc"] else ""
    second = f"{top}.{found['loc'][1]}" if len(found["loc"]) > 1 else top
    fix = EXAMPLES.get(second) or EXAMPLES.get(top, "see the committed stack files")
    if top == "accounts" and len(found["loc"]) > 1:
        given = found.get("input")
        if found["type"] == "missing":
            return f"{path}: missing; write the account's twelve digits in quotes"
        digits = (
            f", which has {len(str(given))} digits" if isinstance(given, str | int) and str(given).isdigit() else ""
        )
        if found["type"] != "extra_forbidden":
            return f"{path}: {given!r}{digits}; write the account's twelve digits in quotes"
    match found["type"]:
        case "missing":
            return f"{path}: missing; {fix}"
        case "extra_forbidden":
            known = ", ".join(Settings.model_fields if len(found["loc"]) == 1 else _fields_of(top))
            return f"{path}: unknown key; remove it, or write one of {known}"
        case _:
            return f"{path}: {found.get('input')!r} cannot be used; {fix}"


def _fields_of(top: str) -> list[str]:
    parts: dict[str, type[_Part]] = {
        "accounts": Accounts,
        "jenkins": Jenkins,
        "alerts": Alerts,
        "inference": Inference,
        "retraining": Retraining,
    }
    return list(parts.get(top, Settings).model_fields)
