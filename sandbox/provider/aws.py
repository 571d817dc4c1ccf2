"""The AWS account that a provider is configured for: its clients, and what it is allowed to be."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

from sandbox.provider.wire import UNKNOWN, Data

# The engine works on many resources at once, each in a thread of ours.
_CONNECTIONS = 32

# Accepted and without effect: what they switch off is done by the real provider only.
_IGNORED = frozenset(
    {"skipMetadataApiCheck", "skipRegionValidation", "skipCredentialsValidation", "s3UsePathStyle", "version"}
)
_KNOWN = frozenset({"region", "profile", "assumeRoles", "allowedAccountIds", "forbiddenAccountIds", "defaultTags"})
_ROLE_KEYS = frozenset({"roleArn", "externalId", "sessionName", "duration"})


class ConfigurationError(Exception):
    """The provider's configuration cannot be used; the message says why."""


def check(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a provider's configuration: property and reason."""
    return [
        (name, f"the sandbox's AWS provider does not implement the setting {name!r}")
        for name, value in configuration.items()
        if name not in _KNOWN | _IGNORED and value not in (None, False, [], {})
    ]


class Aws:
    """Clients of one account, for one region."""

    def __init__(self, account_id: str, region: str, default_tags: Mapping[str, str], clients: Clients) -> None:
        self.account_id = account_id
        self.region = region
        self.default_tags = dict(default_tags)
        self._clients = clients

    @property
    def partition(self) -> str:
        return "aws"

    def in_region(self, region: str | None) -> Aws:
        """The same account in another region."""
        return Aws(self.account_id, region or self.region, self.default_tags, self._clients)

    def client(self, service: str) -> Any:
        return self._clients.get(service, self.region)

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        return (
            f"arn:{self.partition}:{service}:{self.region if region is None else region}:{self.account_id}:{resource}"
        )


_ACCOUNT_IN_HOST = re.compile(r"^(https?://)\d{12}\.")


class Clients:
    """boto3 clients, made once for each service and region."""

    def __init__(self, session: Callable[[str], boto3.Session]) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str], Any] = {}

    def get(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._made:
                settings = Config(
                    max_pool_connections=_CONNECTIONS,
                    retries={"mode": "standard"},
                )
                made = self._session(region).client(service, config=settings)
                made.meta.events.register("before-call.s3-control", _leave_account_out_of_host)
                self._made[service, region] = made
            return self._made[service, region]


def _leave_account_out_of_host(params: dict[str, Any], **_: Any) -> None:
    """S3 Control puts the account before the endpoint's name, and loopback has no address of that name.

    The account is in a header of the request too, which is what the sandbox reads.
    """
    params["url"] = _ACCOUNT_IN_HOST.sub(r"\1", params["url"])


def configure(configuration: Mapping[str, Any]) -> Aws:
    """Take the profile's credentials, assume the configured roles and check the account.

    Raises :class:`ConfigurationError`. A configured profile comes before credentials in the environment.
    """
    region = configuration.get("region") or boto3.Session().region_name
    if not region or region is UNKNOWN:
        raise ConfigurationError("Missing region configuration. Configure it with `pulumi config set aws:region`.")
    profile = configuration.get("profile")
    try:
        session = boto3.Session(region_name=region, profile_name=profile)
    except ProfileNotFound as error:
        # The wording is that of aws-sdk-go-v2/config, which the real provider uses.
        raise ConfigurationError(f"failed to get shared config profile, {profile}") from error
    for role in configuration.get("assumeRoles") or []:
        session = _assume(session, role, region)
    try:
        account_id = session.client("sts").get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        raise ConfigurationError(f"unable to validate AWS credentials. Details: {error}") from error
    _check_account(account_id, configuration)
    credentials = session.get_credentials().get_frozen_credentials()  # type: ignore[union-attr]

    # One session for all clients of a region: each reads AWS's list of endpoints once.
    @cache
    def session_in(other_region: str) -> boto3.Session:
        return boto3.Session(
            region_name=other_region,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
        )

    default_tags = (configuration.get("defaultTags") or {}).get("tags") or {}
    return Aws(account_id, region, default_tags, Clients(session_in))


def _assume(session: boto3.Session, role: Data, region: str) -> boto3.Session:
    role = {_camel(name): value for name, value in role.items() if value is not None}
    unknown = sorted(set(role) - _ROLE_KEYS)
    if unknown:
        raise ConfigurationError(f"the sandbox's AWS provider does not implement assumeRoles.{unknown[0]}")
    request: Data = {"RoleArn": role["roleArn"], "RoleSessionName": role.get("sessionName") or "pulumi"}
    if role.get("externalId"):
        request["ExternalId"] = role["externalId"]
    try:
        credentials = session.client("sts").assume_role(**request)["Credentials"]
    except (ClientError, BotoCoreError) as error:
        raise ConfigurationError(f"IAM Role ({role['roleArn']}) cannot be assumed. Error: {error}") from error
    return boto3.Session(
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def _camel(name: str) -> str:
    """A program's plain dict travels under Python's names, which the real provider takes as well."""
    return re.sub(r"_(\w)", lambda match: match.group(1).upper(), name)


def _check_account(account_id: str, configuration: Mapping[str, Any]) -> None:
    # The wording is that of github.com/hashicorp/aws-sdk-go-base, which the real provider uses.
    allowed = configuration.get("allowedAccountIds")
    if (allowed and account_id not in allowed) or account_id in (configuration.get("forbiddenAccountIds") or []):
        raise ConfigurationError(f"AWS account ID not allowed: {account_id}")
