"""`flask demo`: the invented fleet in a database, made once, the same each time."""

from __future__ import annotations

import hashlib
import stat
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.conftest import empty
from webapp.accounts.queries import user_by_email
from webapp.fleet.queries.sites import count_by_status
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, enter_scope, unit_of_work
from webapp.kit.permissions import SYSTEM
from webapp.ops.demo import fleet

FACTS = (
    "SELECT s.name, s.url, s.environment, s.criticality, s.tags, s.core_version, s.php_version, s.condition, s.modules_count,"
    " s.last_report_at, u.email FROM sites s LEFT JOIN users u ON u.id = s.owner_id ORDER BY s.url",
    "SELECT s.url, m.name, i.version, i.enabled, i.valid_from, i.valid_to FROM installations i JOIN sites s ON s.id = i.site_id"
    " JOIN modules m ON m.id = i.module_id ORDER BY s.url, m.name, i.valid_from",
    "SELECT s.url, r.started_at, r.finished_at, r.status, r.trigger, r.evidence, r.notes, u.module, u.from_version, u.to_version"
    " FROM patch_runs r JOIN sites s ON s.id = r.site_id JOIN patch_run_updates u ON u.patch_run_id = r.id"
    " ORDER BY s.url, r.started_at, r.trigger, u.module",
    "SELECT s.url, r.received_at, r.reported_at, r.outcome, r.error FROM inventory_reports r JOIN sites s ON s.id = r.site_id"
    " ORDER BY s.url, r.received_at, r.outcome",
)


@pytest.fixture
def instance(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    return tmp_path


def run(app, *args):
    return app.test_cli_runner().invoke(args=["demo", *args])


def one(statement, **values):
    return db.session.execute(text(statement), values).scalar_one()


def counted(statement):
    return dict(db.session.execute(text(statement)).all())


@pytest.mark.slow
def test_the_demo_is_a_fleet_to_look_at(app, instance):
    done = run(app, "--sites", "20")
    assert done.exit_code == 0, done.output
    with app.app_context():
        enter_scope(ALL)
        assert one("SELECT count(*) FROM sites") == 20
        expected = Counter(ends(kind) for kind in fleet.kinds(20, 1, now(), fleet.read_projects(now())))
        assert {status: number for status, number in count_by_status(SYSTEM, {}).items() if number} == expected
        outcomes = counted("SELECT outcome, count(*) FROM inventory_reports GROUP BY 1")
        assert min(outcomes["accepted"], outcomes["unchanged"], outcomes["refused"]) > 0
        assert one("SELECT count(*) FROM inventory_reports WHERE outcome = 'refused' AND coalesce(error, '') = ''") == 0
        assert one("SELECT count(*) FROM inventory_reports WHERE reported_at < received_at - interval '12 hours'") >= 1
        triggers = counted("SELECT trigger, count(*) FROM patch_runs GROUP BY 1")
        assert set(triggers) == {"inferred", "manual", "ci", "scheduled"}
        assert one("SELECT count(*) FROM patch_runs WHERE evidence = 'proven' AND trigger <> 'inferred'") > 50
        assert one("SELECT count(*) FROM patch_runs WHERE started_at > now() OR finished_at > now()") == 0
        assert one("SELECT count(*) FROM api_keys WHERE site_id IS NOT NULL") == 20
        assert one("SELECT count(*) FROM sites WHERE owner_id IS NULL") > 0
        assert one("SELECT count(*) FROM sites WHERE silent_after BETWEEN now() AND now() + interval '8 hours'") == 0
        check_findings()
    check_logins(app, instance, done.output)
    check_second_time(app, instance)


def check_findings():
    """There is something of everything to look at: open, late, fixed in time and after it, come back, accepted, called false."""
    findings = dict(db.session.execute(text(
        "SELECT count(*) FILTER (WHERE ended_at IS NULL AND decision_id IS NULL) AS open,"
        " count(*) FILTER (WHERE ended_at IS NULL AND decision_id IS NULL AND due_at < now()) AS late,"
        " count(*) FILTER (WHERE ended_at <= due_at) AS in_time, count(*) FILTER (WHERE ended_at > due_at) AS after_it,"
        " count(*) FILTER (WHERE n > 1) AS back, count(*) FILTER (WHERE ended_at IS NULL AND decision_id IS NOT NULL) AS decided"
        " FROM exposures")).one()._mapping)
    assert min(findings.values()) > 0, findings
    assert set(counted("SELECT kind, count(*) FROM risk_decisions GROUP BY 1")) == {"accepted", "false_positive"}
    assert len(counted("SELECT a.severity, count(*) FROM exposures e JOIN advisories a ON a.id = e.advisory_id GROUP BY 1")) >= 4


def ends(kind):
    """The status that people see of a site of this kind, before anything new is reported."""
    name = kind.fate.name
    return {"KEPT": "ok", "OUTDATED": "outdated", "VULNERABLE": "vulnerable", "LATE": "vulnerable", "SILENT": "silent"}.get(name, "unknown")


def check_logins(app, instance, output):
    """The file that the start of the application shows: everybody in it can sign in, and nobody else can read it."""
    file = instance / "demo-logins.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [line.split(maxsplit=2) for line in file.read_text().splitlines()]
    assert len(lines) == 10
    assert lines[0][0] == "admin@patchboard.example"
    assert all(password in output for _, password, _ in lines)
    assert len({password for _, password, _ in lines}) == 10
    with app.app_context():
        enter_scope(ALL)
        from webapp.accounts.actions.proving import HASHER

        for email, password, who in lines:
            user = user_by_email(email)
            assert HASHER.verify(user.password_hash, password)
            assert user.is_superuser == (who == "superuser")
    for file in Path(fleet.__file__).parent.iterdir():
        assert not any(password in file.read_text() for _, password, _ in lines if file.is_file())


def check_second_time(app, instance):
    """A second time nothing happens, and nobody's password is lost."""
    kept = (instance / "demo-logins.txt").read_text()
    again = run(app, "--sites", "20", "--seed", "5")
    assert again.exit_code == 0
    assert "here already" in again.output
    assert (instance / "demo-logins.txt").read_text() == kept
    with app.app_context():
        enter_scope(ALL)
        assert one("SELECT count(*) FROM sites") == 20


def test_the_same_seed_makes_the_same_fleet(app):
    today = datetime(2026, 11, 20, 10, tzinfo=UTC)
    digests = []
    for seed in (2, 2, 3):
        with app.app_context():
            load(3, seed, today)
            digests.append(digest())
        empty(app)
    assert digests[0] == digests[1] != digests[2]


def load(sites, seed, today):
    with unit_of_work(ALL):
        fleet.make_accounts("a key for tests only, at least thirty-two characters", today)
        wanted = fleet.missing(sites, seed, today)
    return list(fleet.make_sites(wanted, seed, "a key for tests only, at least thirty-two characters", today))


def digest():
    enter_scope(ALL)
    facts = [tuple(row) for statement in FACTS for row in db.session.execute(text(statement))]
    assert len(facts) > 500
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def test_an_interrupted_demo_is_made_whole(app, instance):
    with app.app_context():
        load(2, 1, now().replace(microsecond=0))
    done = run(app, "--sites", "4")
    assert done.exit_code == 0
    assert "in part" in done.output
    assert not (instance / "demo-logins.txt").exists()
    with app.app_context():
        enter_scope(ALL)
        assert one("SELECT count(*) FROM sites") == 4
        assert one("SELECT count(*) FROM organizations") == 3


def test_a_deleted_demo_is_left_alone(app, instance):
    with app.app_context(), unit_of_work(ALL):
        fleet.make_accounts("a key for tests only, at least thirty-two characters", now())
        db.session.execute(text("UPDATE organizations SET deleted_at = now()"))
    done = run(app, "--sites", "2")
    assert done.exit_code == 0
    assert "here already" in done.output


def test_options_of_real_histories_need_a_directory(app):
    refused = run(app, "--organization", "Meridian")
    assert refused.exit_code == 2
    assert "--from" in refused.output
