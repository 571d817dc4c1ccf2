"""What the SageMaker service needs from the emulator that hosts it, and nothing more.

The service (``sandbox/sagemaker``) imports this module and no emulator; the emulator's adapter (``sandbox/emulator``)
implements :class:`Host`. So either can be replaced without the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class ServiceError(Exception):
    """An error that the client sees as AWS's: ``code`` is the exception's name in the API model."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who signed a request: ``arn`` is an assumed-role session's, a user's or an account root's ARN."""

    account_id: str
    arn: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """Temporary credentials of one assumed role, as STS returns them."""

    access_key_id: str
    secret_access_key: str
    session_token: str

    def environment(self) -> dict[str, str]:
        """The variables by which AWS SDKs and CLIs find these credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_SESSION_TOKEN": self.session_token,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceGrant:
    """A question about one resource-based policy: may ``caller`` do ``action`` on ``resource_arn``?"""

    caller: Caller
    action: str  # "sagemaker:CreateModelPackage"
    resource_arn: str
    policy: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)  # condition keys of the request


class Host(Protocol):
    """The emulator as the SageMaker service sees it. Every method may be called from any thread."""

    @property
    def endpoint_url(self) -> str:
        """Where every AWS API answers, as in ``AWS_ENDPOINT_URL``: ``http://localhost:4566``."""

    def now(self) -> float:
        """Seconds since the epoch on the sandbox's clock, which `mlops clock advance` moves forward."""

    def credentials_for_service(
        self, *, service: str, role_arn: str, session_name: str, source_arn: str
    ) -> Credentials:
        """Let a service principal (``sagemaker.amazonaws.com``) assume a role, as its trust policy allows.

        ``aws:SourceArn`` is ``source_arn`` and ``aws:SourceAccount`` the account in it. Raises
        :class:`ServiceError` (``ValidationException``, AWS's wording) when the trust policy refuses.
        """

    def resource_policy_allows(self, question: ResourceGrant) -> bool:
        """Evaluate one resource-based policy document, with conditions; an explicit Deny answers False."""

    def emit(
        self, *, account_id: str, region: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put one event of source ``aws.sagemaker`` on the account's default event bus."""

    def count(
        self, *, account_id: str, region: str, namespace: str, metrics: Mapping[str, float], dimensions: dict[str, str]
    ) -> None:
        """Give CloudWatch one data point of each metric; of a name that ends in ``Duration``, milliseconds."""
