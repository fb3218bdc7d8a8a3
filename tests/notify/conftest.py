"""Channels of these tests lead to servers on this machine, which a setting has to allow."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.kit.outgoing import networks


@pytest.fixture(autouse=True)
def _own_machine(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "OUTGOING_NETWORKS", networks(["127.0.0.0/8"]))
    monkeypatch.setitem(app.config, "OUTGOING_TIMEOUT_SECONDS", 60)
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://patchboard.example")
