"""Every route says who may enter, and none is lost: `routes.txt` is the list, changed on purpose only.

After a wanted change: `python -m tests.house.test_routes` writes it anew (within `make test`'s environment).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from webapp.kit.permissions import Permission

LIST = Path(__file__).with_name("routes.txt")
UNGUARDED = {"static"}


def lines_of(app: Any) -> list[str]:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in UNGUARDED:
            continue
        door = getattr(app.view_functions[rule.endpoint], "door", None)
        needs = door.needs.value if door else "UNGUARDED"
        found += [f"{method:6} {rule.rule} {needs}" for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return sorted(found, key=lambda line: (line.split()[1], line))


def test_every_route_says_which_permission_it_needs(app):
    assert [line for line in lines_of(app) if line.endswith("UNGUARDED")] == []


def test_no_route_is_lost_or_added_unseen(app):
    assert lines_of(app) == LIST.read_text().splitlines()


def test_permissions_are_sorted_and_each_is_used_or_reserved(app):
    names = [permission.name for permission in Permission]
    assert names == sorted(names)
    used = {line.split()[-1] for line in lines_of(app)}
    assert {permission.value for permission in Permission} - used <= {"system.operate", "insight.read"}


if __name__ == "__main__":
    from webapp import create_app

    LIST.write_text("\n".join(lines_of(create_app())) + "\n")
