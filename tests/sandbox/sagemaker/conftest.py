from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sagemaker_host import SandboxHost


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SandboxHost]:
    """The SageMaker service behind a loopback server of its own."""
    host = SandboxHost(tmp_path)
    yield host
    host.close()
