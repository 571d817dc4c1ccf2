"""Search over the caller's own model versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker.groups import PACKAGE
from sandbox.sagemaker.listing import Listing, page
from sandbox.sagemaker.scope import Request, Scope
from sandbox.sagemaker.state import Document
from sandbox.sagemaker.tags import Tags

_OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "Equals": lambda found, value: found is not None and str(found) == value,
    "NotEquals": lambda found, value: str(found) != value,
    "Contains": lambda found, value: found is not None and value in str(found),
    "In": lambda found, value: found is not None and str(found) in value.split(","),
    "Exists": lambda found, _: found is not None,
    "NotExists": lambda found, _: found is None,
    "GreaterThan": lambda found, value: found is not None and float(found) > float(value),
    "GreaterThanOrEqualTo": lambda found, value: found is not None and float(found) >= float(value),
    "LessThan": lambda found, value: found is not None and float(found) < float(value),
    "LessThanOrEqualTo": lambda found, value: found is not None and float(found) <= float(value),
}


class Search:
    """Search, for resource ``ModelPackage``."""

    def __init__(self, scope: Scope, tags: Tags) -> None:
        self._scope = scope
        self._tags = tags

    def search(self, request: Request) -> Document:
        """Search."""
        parameters = request.parameters
        if parameters["Resource"] != "ModelPackage":
            raise ServiceError(
                "ValidationException", f"The sandbox does not implement Search for {parameters['Resource']}."
            )
        expression = parameters.get("SearchExpression", {})
        packages = self._scope.state.documents(PACKAGE, request.own_prefix(PACKAGE))
        found = [package for package in packages if self._holds(expression, package)]
        by = parameters.get("SortBy", "LastModifiedTime")
        if by not in ("LastModifiedTime", "CreationTime", "ModelPackageVersion", "ModelPackageName"):
            raise ServiceError("ValidationException", f"The sandbox does not implement Search sorted by {by}.")
        dated = [{**p, "LastModifiedTime": p.get("LastModifiedTime", p["CreationTime"])} for p in found]
        listing = Listing(
            member="Results", name="ModelPackageName", identity="ModelPackageArn", default_sort=by, sort={by: by}
        )
        kept, token = page(dated, parameters, listing)
        members = self._scope.api.model.shape_for("ModelPackage").members
        results = [{"ModelPackage": {name: p[name] for name in members if name in p}} for p in kept]
        total = {"Value": len(found), "Relation": "EqualTo"}
        return {"Results": results, "TotalHits": total, **({"NextToken": token} if token else {})}

    def _holds(self, expression: Document, package: Document) -> bool:
        if "NestedFilters" in expression:
            raise ServiceError("ValidationException", "The sandbox does not implement NestedFilters.")
        answers = [self._matches(one, package) for one in expression.get("Filters", [])]
        answers += [self._holds(one, package) for one in expression.get("SubExpressions", [])]
        if not answers:
            return True
        return any(answers) if expression.get("Operator") == "Or" else all(answers)

    def _matches(self, one: Document, package: Document) -> bool:
        value = one.get("Value", "")
        operator = one.get("Operator", "Equals" if "Value" in one else "Exists")
        try:
            return _OPERATORS[operator](self._property(one["Name"], package), value)
        except ValueError:
            raise ServiceError("ValidationException", f"{one['Name']} cannot be compared with '{value}'.") from None

    def _property(self, name: str, package: Document) -> Any:
        if name.startswith("Tags."):
            return self._tags.of(package["ModelPackageArn"]).get(name.removeprefix("Tags."))
        found: Any = package
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return found
