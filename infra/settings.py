"""Typed settings of one stack: the only module that reads :class:`pulumi.Config`, and the only schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pulumi
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ml import model as models

NAMESPACE = "model-promotion"
ACCOUNT_ID = re.compile(r"\d{12}")

Environment = Literal["registry", "dev", "prod"]
ENVIRONMENTS: tuple[Environment, ...] = ("registry", "dev", "prod")  # in the order in which they are deployed
AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
# https://docs.aws.amazon.com/general/latest/gr/rande.html
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
RoleName = Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
ExternalId = Annotated[str, StringConstraints(pattern=r"^[\w+=,.@:/-]+$", min_length=2, max_length=1224)]
PolicyArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[\w-]*:iam::\d{12}:policy/.+$")]
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RetentionDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
                        3288, 3653]  # fmt: skip


class SettingsError(pulumi.RunError):
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
    """The Jenkins controller, in its own account, that is the only way into prod."""

    role_name: RoleName
    external_id: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@:/-]+$", min_length=2, max_length=1224)] | None = (
        None
    )


class Settings(_Part):
    """Everything that one stack may configure."""

    environment: Environment
    region: Region
    accounts: Accounts
    jenkins: Jenkins
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    same_account: bool = False
    permissions: Literal["least-privilege", "managed"] = "least-privilege"
    permissions_boundary: Annotated[str, StringConstraints(pattern=r"^arn:aws[\w-]*:iam::\d{12}:policy/.+$")] | None = (
        None
    )
    log_retention_days: RetentionDays = 365
    registry_stack: str = "registry"
    tags: dict[str, str] = Field(default_factory=dict)

    @property
    def account_id(self) -> str:
        """The account that this stack is deployed into."""
        return self.accounts.of(self.environment)


def load() -> Settings:
    """The selected stack's settings, validated; raises :class:`SettingsError`."""
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
    problems += _unknown_models(raw.get("models")) + _shared_accounts(raw)
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


EXAMPLES = {
    "environment": "write `environment: registry`, `dev` or `prod`",
    "region": "write the AWS region, for example `region: us-east-1`",
    "accounts": 'write the four account ids, for example `dev: "111111111111"`',
    "jenkins": "write `jenkins:` with `role_name:` of the controller's role",
    "models": "write a list of model names, for example `models: [mammography-severity]`",
    "permissions": "write `least-privilege` or `managed`",
    "permissions_boundary": "write the policy's ARN, arn:aws:iam::<account>:policy/<name>",
    "log_retention_days": "write a number of days that CloudWatch Logs accepts, for example 365",
}


def _sentence(found: dict[str, Any]) -> str:
    """One pydantic error as a sentence that says where it is and what to write."""
    path = ".".join(str(part) for part in found["loc"])
    top = str(found["loc"][0]) if found["loc"] else ""
    fix = EXAMPLES.get(top, "see the committed stack files")
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
    parts: dict[str, type[_Part]] = {"accounts": Accounts, "jenkins": Jenkins}
    return list(parts.get(top, Settings).model_fields)
