"""Where the documents come from: the programs, or exports of the three deployed stacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.settings import ENVIRONMENTS
from mlops.project import load_settings
from tools.access_documents.declared import from_exports, from_programs
from tools.access_documents.model import Platform, platform


def read_platform(exports: Sequence[str] = ()) -> Platform:
    """The platform as the committed stack files declare it, or as the exports of registry, dev and prod have it."""
    settings = load_settings()
    if exports:
        declared = from_exports(dict(zip(ENVIRONMENTS, map(Path, exports), strict=True)))
    else:
        declared = from_programs(settings)
    return platform(declared, settings)
