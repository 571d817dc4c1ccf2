"""What every part of the service shares: the host, the state, the API model, and a request's caller."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.host import Caller, Host
from sandbox.sagemaker.api import Api
from sandbox.sagemaker.arn import Arn, resolve
from sandbox.sagemaker.state import Document, State


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The host, the state and the API model of one service."""

    host: Host
    state: State
    api: Api


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call of the API, already checked against the model."""

    caller: Caller
    region: str
    operation: str
    parameters: Document

    def own(self, kind: str, name: str) -> Arn:
        """A resource of this name in the caller's account and region."""
        return Arn(self.region, self.caller.account_id, kind, name)

    def resolve(self, kind: str, reference: str) -> Arn:
        """The resource that a name or an ARN means to this caller."""
        return resolve(reference, kind, region=self.region, account_id=self.caller.account_id)

    def own_prefix(self, kind: str) -> str:
        """What the ARN of each such resource of this caller starts with."""
        return str(self.own(kind, ""))


def user_context(caller: Caller) -> Document:
    """``CreatedBy`` and ``LastModifiedBy`` as SageMaker records a principal that is no Studio user."""
    return {"IamIdentity": {"Arn": caller.arn, "PrincipalId": caller.arn.rpartition(":")[2].rpartition("/")[2]}}
