"""Tags of SageMaker resources, kept apart from the resources and keyed by ARN."""

from __future__ import annotations

from sandbox.host import ServiceError
from sandbox.sagemaker.arn import Arn
from sandbox.sagemaker.scope import Request, Scope
from sandbox.sagemaker.state import Document

KINDS = {
    "model-package-group",
    "model-package",
    "pipeline",
    "execution",
    "model",
    "processing-job",
    "training-job",
    "transform-job",
}
_LIMIT = 50  # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html


class Tags:
    """AddTags, ListTags, DeleteTags, and the tags that create operations carry."""

    def __init__(self, scope: Scope) -> None:
        self._state = scope.state

    def of(self, arn: str) -> dict[str, str]:
        """The tags of a resource; none for one that has none."""
        return dict(self._state.get("tags", arn) or {})

    def attach(self, arn: str, parameters: Document) -> None:
        """Store the tags of a create request."""
        tags = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])}
        if len(tags) != len(parameters.get("Tags", [])):
            raise ServiceError("ValidationException", "Duplicate tag keys found. Please provide unique tag keys.")
        if tags:
            self._state.put("tags", arn, tags)

    def forget(self, arn: str) -> None:
        """Forget a deleted resource's tags."""
        self._state.delete("tags", arn)

    def add_tags(self, request: Request) -> Document:
        """AddTags."""
        arn = self._tagged(request)
        with self._state.lock:
            tags = {**self.of(arn), **{tag["Key"]: tag["Value"] for tag in request.parameters["Tags"]}}
            if len(tags) > _LIMIT:
                raise ServiceError("ValidationException", f"The number of tags exceeds the limit of {_LIMIT}.")
            self._state.put("tags", arn, tags)
        return {"Tags": _shown(tags)}

    def list_tags(self, request: Request) -> Document:
        """ListTags; pages are cut by position, which is stable because a resource has at most fifty tags."""
        shown = _shown(self.of(self._tagged(request)))
        token = request.parameters.get("NextToken", "0")
        start = int(token) if token.isdecimal() else 0
        end = start + request.parameters.get("MaxResults", _LIMIT)
        return {"Tags": shown[start:end], **({"NextToken": str(end)} if end < len(shown) else {})}

    def delete_tags(self, request: Request) -> Document:
        """DeleteTags."""
        arn = self._tagged(request)
        with self._state.lock:
            keys = set(request.parameters["TagKeys"])
            self._state.put("tags", arn, {key: value for key, value in self.of(arn).items() if key not in keys})
        return {}

    def _tagged(self, request: Request) -> str:
        text: str = request.parameters["ResourceArn"]
        arn = Arn.parse(text)
        if arn.account_id != request.caller.account_id:
            raise ServiceError(
                "AccessDeniedException",
                f"User: {request.caller.arn} is not authorized to perform: sagemaker:{request.operation}"
                f" on resource: {text}",
            )
        kind = "execution" if "/execution/" in arn.name else arn.kind
        if kind not in KINDS or self._state.get(kind, text) is None:
            raise ServiceError("ValidationException", f"Could not find resource {text}")
        return text


def _shown(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
