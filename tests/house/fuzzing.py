"""Schemathesis over the whole OpenAPI document, against a running server: examples, edge cases, fuzzing, and steps in a row.

No answer may be a 5xx or one that the document does not describe: its status, type, headers and body; a method that is not there is
405, what was deleted is gone, what was made is there, and an identity that is asked for is needed. `SCHEMATHESIS_EXAMPLES` (4) is
the number of requests that are made up for each operation; with `SCHEMATHESIS_COVERAGE=all` each field of each operation is also
wrong in every way in turn (about 100 requests for each operation; else what is wrong is left to the fuzzing).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import factories
from tests.house.world import World
from tests.live import serving
from webapp.kit.web.openapi import build

SETTINGS = Path(__file__).with_name("schemathesis.toml")
COVERAGE = os.environ.get("SCHEMATHESIS_COVERAGE", "positive")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "4")
# These would end the session that all other requests are made with.
ENDING = ("log_out", "change_password", "end_all_sessions")


def to_be_deleted(app, cast):
    """Things of which nothing else is made, for the operations that delete."""
    with factories.writing(app):
        place, site, user = (factories.organization(), factories.site(cast.organization), factories.user(place=cast.organization))
    return {"organization": str(place.id), "site": str(site.id), "user": str(user.id)}


def settings_for(app, world, caller):
    """The settings with this caller's token, and an id of something that exists for each path parameter."""
    text = SETTINGS.read_text().replace("COVERAGE", COVERAGE).replace("0000", EXAMPLES)
    names = {name for operations in build(app)["paths"].values() for each in operations.values()
             for name in (one.get("name", "") for one in each.get("parameters", []) if one.get("in") == "path")}
    things = {name: world.things[name.removesuffix("_id")] for name in sorted(names) if name.removesuffix("_id") in world.things}
    gone = {**things, **{f"{name}_id": each for name, each in to_be_deleted(app, world.cast).items()}}
    token = world.callers[caller]["Authorization"]
    of_deletion = ", ".join(f'"path.{name}" = "{each}"' for name, each in gone.items())
    return "\n".join((
        f'headers = {{ Authorization = "{token}" }}', text, "[parameters]",
        *(f'"path.{name}" = "{each}"' for name, each in things.items()), "",
        '[[operations]]', 'include-method = "DELETE"', f"parameters = {{ {of_deletion} }}", ""))


def streams_of(app):
    """Operations whose answers do not end."""
    return [each["operationId"] for operations in build(app)["paths"].values() for each in operations.values()
            if "text/event-stream" in each["responses"].get("200", {}).get("content", {})]


def put_to_the_test(app, place, caller, phases):
    """Runs these phases as this caller, with what it needs in the folder `place`; no request may get another answer than documented."""
    settings = place / "schemathesis.toml"
    world = World(app)
    settings.write_text(settings_for(app, world, caller))
    with serving(app) as server:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(settings), "run", f"{server}/openapi.json",
             "--phases", phases, "--no-color", "--no-shrink",
             *(part for name in (*ENDING, *streams_of(app)) for part in ("--exclude-operation-id", name))],
            cwd=place, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"})
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    me = world.send(caller, "GET", "/api/v1/auth/me")
    assert me.status_code == 200, "an operation has ended the session that all requests are made with: name it in ENDING"
