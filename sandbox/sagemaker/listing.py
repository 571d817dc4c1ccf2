"""Lists as SageMaker answers them: filtered, sorted, and paged by an opaque token that survives insertions."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Any

from sandbox.host import ServiceError
from sandbox.sagemaker.state import Document

_TIME_FILTERS = {
    "CreationTimeAfter": ("CreationTime", True),
    "CreationTimeBefore": ("CreationTime", False),
    "CreatedAfter": ("CreationTime", True),
    "CreatedBefore": ("CreationTime", False),
    "LastModifiedTimeAfter": ("LastModifiedTime", True),
    "LastModifiedTimeBefore": ("LastModifiedTime", False),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """How one list operation names, sorts and identifies its documents."""

    member: str  # of the answer, which holds the summaries
    name: str
    identity: str
    sort: dict[str, str] = field(default_factory=dict)  # SortBy value -> member
    default_sort: str = "CreationTime"
    default_order: str = "Descending"
    page_size: int = 100


def filtered(documents: list[Document], parameters: Document, *, name: str, status: str = "") -> list[Document]:
    """The documents that the filters which list operations share let through."""
    kept = documents
    if "NameContains" in parameters:
        part = parameters["NameContains"].lower()
        kept = [document for document in kept if part in document[name].lower()]
    if "StatusEquals" in parameters:
        kept = [document for document in kept if document[status] == parameters["StatusEquals"]]
    for parameter, (member, after) in _TIME_FILTERS.items():
        if parameter in parameters:
            bound = parameters[parameter]
            kept = [d for d in kept if (d[member] > bound if after else d[member] < bound)]
    return kept


def page(documents: list[Document], parameters: Document, listing: Listing) -> tuple[list[Document], str | None]:
    """One page of documents in order, and the token of the next page."""
    by = listing.sort.get(parameters.get("SortBy", ""), listing.default_sort)
    descending = parameters.get("SortOrder", listing.default_order) == "Descending"

    def position(document: Document) -> tuple[Any, Any]:
        return document[by], document.get("ModelPackageVersion") or document[listing.identity]

    ordered = sorted(documents, key=position, reverse=descending)
    if "NextToken" in parameters:
        last = _decode(parameters["NextToken"])
        try:
            ordered = [d for d in ordered if (position(d) < last if descending else position(d) > last)]
        except TypeError:
            raise _invalid_token() from None
    size = parameters.get("MaxResults", listing.page_size)
    kept, token = ordered[:size], None
    if len(ordered) > size:
        token = base64.urlsafe_b64encode(json.dumps(position(kept[-1])).encode()).decode()
    return kept, token


def _decode(token: str) -> tuple[Any, Any]:
    try:
        first, second = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, TypeError):
        raise _invalid_token() from None
    return first, second


def _invalid_token() -> ServiceError:
    return ServiceError("ValidationException", "Invalid NextToken")
