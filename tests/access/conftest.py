"""The proof, judged once for the tests of its layers."""

from __future__ import annotations

import pytest

from tools.access_matrix.proof import prove


@pytest.fixture(scope="session")
def proof():
    return prove()
