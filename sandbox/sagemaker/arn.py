"""Amazon Resource Names of SageMaker resources: built, parsed, and resolved from a name or an ARN."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.host import ServiceError


@dataclass(frozen=True, slots=True)
class Arn:
    """One SageMaker resource: ``arn:aws:sagemaker:<region>:<account_id>:<kind>/<name>``."""

    region: str
    account_id: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Raises :class:`ServiceError` (``ValidationException``) for anything but a SageMaker ARN."""
        parts = text.split(":", 5)
        kind, separator, name = parts[5].partition("/") if len(parts) == 6 else ("", "", "")
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sagemaker" or not (kind and separator and name):
            raise ServiceError("ValidationException", f"Invalid ARN: {text}")
        return cls(parts[3], parts[4], kind, name)


def resolve(reference: str, kind: str, *, region: str, account_id: str) -> Arn:
    """The ARN that a name means in the caller's account, or the ARN itself, which may be another account's."""
    if not reference.startswith("arn:"):
        return Arn(region, account_id, kind, reference)
    arn = Arn.parse(reference)
    if arn.kind != kind:
        raise ServiceError("ValidationException", f"Invalid ARN: {reference} is not a {kind}")
    if arn.region != region:
        raise ServiceError("ValidationException", f"Invalid ARN: {reference} is not in region {region}")
    return arn
