"""What tests of tasks start from: advisories that are imported and evaluated at once, and one day from beginning to end."""

from __future__ import annotations

import pytest

from tests.clocks import within_one_day
from tests.exposure.conftest import publish

__all__ = ["publish"]


@pytest.fixture(autouse=True)
def _one_day() -> None:
    """Due dates are days."""
    within_one_day()
