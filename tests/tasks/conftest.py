"""What tests of tasks start from: advisories that are imported and evaluated at once."""

from tests.exposure.conftest import publish

__all__ = ["publish"]
