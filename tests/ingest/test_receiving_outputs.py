"""What tools and other dashboards send, from the door on: what it changes, what stays, and that no secret of it comes back."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from tests.ingest.reading import FIXTURES, fixture
from tests.ingest.test_formats_any_json import bent
from webapp.kit.clock import now

DATA = Path(__file__).parents[3] / "shared" / "data"
BASE = {"modules": [{"name": "kept_one", "version": "1.0.0"}, {"name": "kept_two", "version": "8.x-1.14"}]}
SECRETS = ("hunter2", "shop_rw", "Zx81", "cronkey", "5ecre7")


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


@pytest.fixture
def agent(cast, site):
    return cast.key(site=site)


def installed(cast, site):
    return {row["name"]: row for row in cast.admin.get(f"/sites/{site.id}/modules", per_page=200).json["data"]}


def everything_shown(cast, site):
    """Whatever can be read of the site and of what it sent."""
    base = f"/sites/{site.id}"
    paths = [base + each for each in ("", "/modules", "/history", "/inventory-reports")] + ["/audit-logs"]
    return "".join(cast.admin.get(path).get_data(as_text=True) for path in paths)


def sent(name):
    document = fixture(name)
    if "time" in document:
        document["time"] = int(now().timestamp())
    if "timestamp" in document:
        document["timestamp"] = now().isoformat()
    return document


@pytest.mark.parametrize("name", ["core-status.json", "core-requirements.json", "updatedb-status.json", "pm-security.json", "composer-audit.json"])
def test_statements_remove_nothing(cast, site, agent, name):
    agent.post("/ingest", BASE)
    answer = agent.post("/ingest", sent(name))
    assert answer.status_code == 200, answer.json
    assert answer.json["data"]["removed"] == 0
    assert {"kept_one", "kept_two"} <= set(installed(cast, site))


def test_the_status_fills_in_the_site(cast, site, agent):
    agent.post("/ingest", sent("core-status.json"))
    data = cast.admin.get(f"/sites/{site.id}").json["data"]
    assert (data["core_version"], data["php_version"], data["database"]) == ("10.3.8", "8.3.14", "mysql")
    agent.post("/ingest", sent("core-requirements.json"))
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["database"] == "MySQL, MariaDB 10.11.6-MariaDB"


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*.json")))
def test_no_secret_comes_back(cast, site, agent, name):
    answer = agent.post("/ingest", sent(name))
    assert answer.status_code == 200, answer.json
    shown = answer.get_data(as_text=True) + everything_shown(cast, site)
    assert not [secret for secret in SECRETS if secret in shown]


def test_projects_that_are_gone_end_and_custom_code_stays(cast, site, agent):
    agent.post("/ingest", sent("update-data.json"))
    agent.post("/ingest", {"full": False, "modules": [{"name": "mine", "version": None, "project": None}]})
    document = sent("update-data.json")
    del document["token"]
    assert agent.post("/ingest", document).json["data"]["removed"] == 1
    assert {"mine", "gin", "drupal"} <= set(installed(cast, site))
    assert "token" not in installed(cast, site)


@pytest.mark.parametrize(("raw", "status", "words"), [
    (b"\nIn Application.php line 268:\n\n  pm:security has been removed.", 422, "removed"),
    (b" [success] No database updates required.\n", 422, "error message"),
    (b'PHP Warning:  foreach() in x.php on line 3\n{"token": {}}', 422, "warnings of PHP"), (b"", 422, "empty"), (b"10.6.7\n", 400, "not JSON"),
    (b"not json", 400, "not JSON")])
def test_what_is_no_output_is_refused_with_its_reason(cast, site, agent, raw, status, words):
    agent.post("/ingest", BASE)
    answer = agent.send("POST", "/ingest", data=raw, content_type="application/json")
    assert (answer.status_code, words in answer.json["message"]) == (status, True), answer.json
    assert len(installed(cast, site)) == 2


@pytest.mark.skipif(not DATA.is_dir(), reason="the real data (../shared/data) are not here")
@pytest.mark.parametrize(("name", "status"), [
    ("drush-output/core-status.json", 200), ("drush-output/core-requirements.json", 200), ("drush-output/updatedb-status.pending.json", 200),
    ("drush-output/pm-security.drush12.json", 422), ("drush-output/pm-security.drush12.stderr", 422), ("drush-output/updatedb-status.none.json", 422),
    ("drush-output/update_calculate_project_data.json", 200), ("client-payloads/warden.plain.json", 200),
    ("client-payloads/pnx_dashboard_snapshot.json", 200)])
def test_real_outputs_from_the_door_on(agent, name, status):
    raw = (DATA / name).read_bytes()
    if "client-payloads" in name:
        document = json.loads(raw)
        document |= {"time": int(now().timestamp())} if "time" in document else {"timestamp": now().isoformat()}
        raw = json.dumps(document).encode()
    answer = agent.send("POST", "/ingest", data=raw, content_type="application/json")
    assert answer.status_code == status, answer.json


@given(st.data())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_stored_or_refused(agent, data):
    """From the door to the database: known documents with anything in any place of them."""
    answer = agent.post("/ingest", data.draw(bent()))
    assert answer.status_code in (200, 400, 422), answer.json
    assert "report_id" in answer.json["data"] if answer.status_code == 200 else answer.json["message"]
