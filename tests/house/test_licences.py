"""What Patchboard runs on may be passed on with it (docs/licences.md)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from webapp.kit.local import licences

ROOT = Path(__file__).resolve().parents[2]
FRONT_END = {*licences.ALLOWED, "Python-2.0", "(MPL-2.0 OR Apache-2.0)", "BSD"}
# Their package.json names none; their repositories do.
UNSAID = {"decko": "MIT", "stickyfill": "MIT"}


def test_packages_of_the_front_end_may_be_passed_on():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    found = {path.rpartition("node_modules/")[2]: told.get("license") for path, told in packages.items() if path and not told.get("dev")}
    assert len(found) > 3
    assert {name: said for name, said in found.items() if (said or UNSAID.get(name)) not in FRONT_END} == {}


def test_every_package_of_the_server_is_asked_about():
    names = licences.locked_names(ROOT / "requirements.txt")
    assert {"flask", "sqlalchemy"} <= set(names)
    said = licences.arguments(ROOT)
    assert said[said.index("--packages") + 1:] == names
    assert len(names) == len(re.findall(r"^\S+==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))


@pytest.mark.parametrize("word", ["GPL-3.0", "AGPL", "GNU General Public License", "SSPL", "UNKNOWN"])
def test_what_would_reach_into_patchboard_is_not_taken(word):
    assert [each for each in licences.ALLOWED if word in each.replace("LGPL", "L")] == []
