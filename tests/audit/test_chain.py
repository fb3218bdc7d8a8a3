"""The chain that seals the audit log: nothing is left out, and whoever changes the past is found out."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from webapp.audit import queries
from webapp.audit.actions import note_check, record, seal
from webapp.audit.values import Head, Kind, canonical, link, mac_of
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, rollback, rows, unit_of_work
from webapp.kit.ids import new_id
from webapp.kit.keys import audit_keys
from webapp.kit.permissions import SYSTEM

IDS = "SELECT row_id FROM audit_seals ORDER BY position"


@contextmanager
def owner(app):
    """The owner of the tables, who takes the walls down before anything else."""
    rollback()  # a transaction that is open in this thread would be waited for
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '120s'"))
        connection.execute(text("SELECT set_config('patchboard.organizations', 'all', true)"))
        connection.execute(text("ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY"))
        yield connection
        connection.execute(text("ALTER TABLE audit_log FORCE ROW LEVEL SECURITY"))


def write(number, **changes):
    with unit_of_work(ALL):
        for each in range(number):
            record(SYSTEM, "thing.changed", "Thing", resource_id=new_id(), changes=changes or {"number": [each, each + 1]})


def seal_all():
    count = 0
    while True:
        with unit_of_work(ALL):
            sealed = seal(audit_keys()[0], 4)
        if not sealed:
            return count
        count += sealed


def verify(head=None, keys=None):
    rollback()
    found = queries.verify(keys or audit_keys(), head)
    rollback()
    return found


@pytest.fixture
def sealed(app):
    """Ten rows in the chain, by id; the context of the application is open."""
    with app.app_context():
        write(10)
        assert seal_all() == 10
        yield [row.row_id for row in rows(IDS)]


def test_every_row_gets_one_link_in_order(app, sealed):
    found = verify()
    assert (found.is_whole, found.head.position, found.unsealed) == (True, 10, 0)
    write(3)
    found = verify()
    assert (found.is_whole, found.head.position, found.unsealed) == (True, 10, 3)
    assert [row.position for row in rows("SELECT position FROM audit_seals ORDER BY position")] == list(range(1, 11))


def test_a_row_that_commits_late_is_sealed_late_and_never_left_out(app):
    with app.app_context():
        with create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool).begin() as slow:
            slow.execute(text("INSERT INTO audit_log (id, at, actor_kind, actor_label, action, resource_type, status, changes)"
                              " VALUES (:id, now() - interval '1 minute', 'system', 'x', 'a.b', 'thing', 'success', '{}')"),
                         {"id": new_id()})
            write(5)
            assert seal_all() == 5
        assert rows("SELECT count(*) AS n FROM audit_unsealed")[0].n == 1
        rollback()
        assert seal_all() == 1


def test_writers_beside_sealers_lose_nothing(app):
    with app.app_context():
        write(1)
        seal_all()
    over = threading.Event()

    def writer():
        with app.app_context():
            for _ in range(15):
                write(2)

    def sealer():
        with app.app_context():
            while not over.is_set():
                seal_all()

    writers, sealers = ([threading.Thread(target=each) for _ in range(number)] for each, number in ((writer, 3), (sealer, 2)))
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in sealers:
        thread.join()
    with app.app_context():
        seal_all()
        found = verify()
        assert (found.is_whole, found.head.position, found.unsealed) == (True, 91, 0)


@pytest.mark.parametrize("change", ["action = 'other.action'", "actor_label = 'somebody else'", "ip = '203.0.113.1'", "status = 'failure'",
                                    "changes = '{\"number\": [1, 7]}'", "organization_id = gen_random_uuid()", "at = at + interval '1 ms'",
                                    "actor_id = gen_random_uuid()", "mac = NULL"])
def test_a_changed_field_is_found(app, sealed, change):
    with owner(app) as connection:
        connection.execute(text(f"UPDATE audit_log SET {change} WHERE id = :id"), {"id": sealed[3]})
    found = verify()
    kind = Kind.INSERTED if change.startswith("mac") else Kind.CHANGED
    assert (found.first.kind, found.first.position, found.first.row_id, found.findings) == (kind, 4, sealed[3], 1)


def test_a_removed_row_is_found(app, sealed):
    with owner(app) as connection:
        connection.execute(text("DELETE FROM audit_log WHERE id = :id"), {"id": sealed[6]})
    found = verify()
    assert (found.first.kind, found.first.position, found.first.row_id, found.findings) == (Kind.REMOVED, 7, sealed[6], 1)


def test_a_removed_row_is_found_though_its_link_was_removed_too(app, sealed):
    with owner(app) as connection:
        connection.execute(text("DELETE FROM audit_log WHERE id = :id"), {"id": sealed[6]})
        connection.execute(text("DELETE FROM audit_seals WHERE row_id = :id"), {"id": sealed[6]})
    found = verify()
    assert (found.first.kind, found.first.position) == (Kind.REMOVED, 7)
    with owner(app) as connection:  # and though the others were moved up
        connection.execute(text("UPDATE audit_seals SET position = position - 1 WHERE position > 7"))
    found = verify()
    assert (found.first.kind, found.first.position, found.first.row_id) == (Kind.REORDERED, 7, sealed[7])


COPY = ("INSERT INTO audit_log SELECT gen_random_uuid(), at, actor_kind, actor_id, actor_label, 'other.action', resource_type, resource_id,"
        " organization_id, status, ip, user_agent, request_id, changes{} FROM audit_log WHERE id = :id RETURNING id")


@pytest.mark.parametrize(("mac", "kind"), [(", mac", Kind.CHANGED), (", NULL", Kind.INSERTED)])
def test_an_inserted_row_is_found_before_and_after_it_is_sealed(app, sealed, mac, kind):
    write(2)
    with owner(app) as connection:
        fake = connection.execute(text(COPY.format(mac)), {"id": sealed[4]}).scalar()
    before = verify()
    assert (before.first.row_id, before.findings, before.unsealed) == (fake, 1, 3)
    seal_all()
    after = verify()
    assert (after.first.row_id, after.first.kind, after.findings) == (fake, kind, 1)


def test_a_row_that_was_written_past_the_trigger_is_found(app, sealed):
    with owner(app) as connection:
        connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER USER"))
        fake = connection.execute(text(COPY.format(", mac")), {"id": sealed[4]}).scalar()
        connection.execute(text("ALTER TABLE audit_log ENABLE TRIGGER USER"))
    found = verify()
    assert (found.first.kind, found.first.row_id, found.findings) == (Kind.INSERTED, fake, 1)


def test_two_links_that_changed_places_are_found(app, sealed):
    with owner(app) as connection:
        connection.execute(text("UPDATE audit_seals s SET row_id = o.row_id, row_at = o.row_at FROM audit_seals o"
                                " WHERE (s.position, o.position) IN ((3, 8), (8, 3))"))
    found = verify()
    assert (found.first.kind, found.first.position, found.findings) == (Kind.REORDERED, 3, 2)


def test_two_rows_that_changed_places_are_found(app, sealed):
    with owner(app) as connection:
        connection.execute(text("UPDATE audit_log a SET action = 'first.thing', changes = o.changes, resource_id = o.resource_id"
                                " FROM audit_log o WHERE (a.id, o.id) IN ((:one, :two), (:two, :one))"), {"one": sealed[1], "two": sealed[2]})
    found = verify()
    assert (found.first.kind, found.first.position, found.findings) == (Kind.CHANGED, 2, 2)


def cut_tail(app, ids):
    with owner(app) as connection:
        connection.execute(text("DELETE FROM audit_seals WHERE row_id = ANY(:ids)"), {"ids": ids})
        connection.execute(text("DELETE FROM audit_log WHERE id = ANY(:ids)"), {"ids": ids})


def test_a_tail_that_was_cut_is_found_by_a_head_that_was_kept(app, sealed):
    head = verify().head
    cut_tail(app, sealed[7:])
    assert verify().is_whole  # that is why a head is kept elsewhere
    found = verify(head)
    assert (found.first.kind, found.first.position, found.head.position) == (Kind.CUT, 10, 7)
    assert verify(Head(7, found.head.hash)).is_whole


def test_a_tail_that_was_cut_is_found_where_an_earlier_check_saw_more(app, sealed):
    found = verify()
    with unit_of_work(ALL):
        note_check(found, now())
    cut_tail(app, sealed[7:])
    assert verify().first.kind is Kind.CUT


def test_links_that_were_cut_leave_rows_that_nobody_wrote(app, sealed):
    with owner(app) as connection:
        connection.execute(text("DELETE FROM audit_seals WHERE position > 7"))
    found = verify()
    assert (found.first.kind, found.first.row_id, found.findings) == (Kind.INSERTED, sealed[7], 3)


def test_rows_that_went_before_they_were_sealed_are_found(app, sealed):
    write(1)
    with owner(app) as connection:
        gone = connection.execute(text("DELETE FROM audit_log WHERE id IN (SELECT row_id FROM audit_unsealed) RETURNING id")).scalar()
    assert seal_all() == 0
    found = verify()
    assert (found.first.kind, found.first.row_id) == (Kind.REMOVED, gone)


def test_a_chain_made_anew_without_the_key_is_found(app, sealed):
    with owner(app) as connection:
        connection.execute(text("UPDATE audit_log SET action = 'x.y' WHERE id = :id"), {"id": sealed[0]})
    forger, before = b"a key that somebody made up", bytes(32)
    changed = rows("SELECT a.*, s.position FROM audit_seals s JOIN audit_log a ON a.id = s.row_id ORDER BY s.position")
    with owner(app) as connection:
        for row in changed:
            mac = mac_of(forger, row)
            before = link(forger, before, row.position, mac)
            connection.execute(text("UPDATE audit_log SET mac = :mac WHERE id = :id"), {"mac": mac, "id": row.id})
            connection.execute(text("UPDATE audit_seals SET hash = :hash WHERE position = :at"), {"hash": before, "at": row.position})
    found = verify()
    assert (found.first.position, found.first.row_id) == (1, sealed[0])


def test_a_key_may_be_changed(app, sealed, monkeypatch):
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "AUDIT_KEY", "another key, of thirty-two characters or more")
    assert not verify().is_whole
    monkeypatch.setitem(app.config, "AUDIT_KEYS_BEFORE", [old])
    write(2)
    seal_all()
    found = verify()
    assert (found.is_whole, found.head.position) == (True, 12)


def test_rows_from_before_the_chain_are_held_by_their_links(app):
    with app.app_context():
        write(3)
        with owner(app) as connection:
            connection.execute(text("UPDATE audit_log SET mac = NULL, at = at - interval '1 day'"))
            connection.execute(text("UPDATE audit_unsealed SET row_at = row_at - interval '1 day'"))
        seal_all()
        assert verify().is_whole
        with owner(app) as connection:
            connection.execute(text("UPDATE audit_log SET ip = '192.0.2.1'"))
        found = verify()
        assert (found.first.kind, found.first.position) == (Kind.CHANGED, 1)


def test_the_application_may_neither_change_nor_remove_links(app, sealed):
    for statement in ("UPDATE audit_seals SET hash = ''", "DELETE FROM audit_seals", "DELETE FROM audit_checks", "TRUNCATE audit_seals",
                      "SELECT 1 FROM audit_seals_default"):
        with pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text(statement))
        rollback()


@pytest.mark.parametrize("changes", [
    {"a": [1, 1.0]}, {"a": [0.1, 1e-7]}, {"a": [1e22, 2**60]}, {"a": [1.5e300, -0.0]}, {"ä\n\u2028": ["\"\\", "\x1b[31m"]},
    {"list": [["b", "a"], [None, True]]}, {"b": [None, {"z": 1, "a": [2, {}]}], "a": [None, None]}, {"7": [None, "x"]}])
def test_what_comes_back_from_the_database_has_the_same_signature(app, changes):
    with app.app_context():
        write(1, **changes)
        seal_all()
        assert verify().is_whole


def test_the_form_that_is_signed_stays_as_it_is():
    row = SimpleNamespace(id="0190a3b0-0000-7000-8000-000000000001", at=now().replace(2026, 11, 22, 3, 4, 5, 6), actor_kind="user",
                          actor_id=None, actor_label="ä", action="site.changed", resource_type="site", resource_id=None,
                          organization_id=None, status="success", ip=None, user_agent=None, request_id="r", changes={"b": [1.0, True], "a": []})
    assert canonical(row) == (b'["0190a3b0-0000-7000-8000-000000000001","2026-11-22T03:04:05.000006+00:00","user",null,"\\u00e4",'
                              b'"site.changed","site",null,null,"success",null,null,"r",{"a":[],"b":[1,true]}]')
    assert mac_of(b"key", row).hex() == "9c25aa7b8c213d6e0a81883702f6d6f5fd66a81eae6c0e6726c3dd47ddfc09cd"


def run(app, *args):
    return app.test_cli_runner().invoke(args=["verify-audit", *args])


def test_the_command_tells_what_it_found_and_ends_accordingly(app, sealed):
    write(2)
    rollback()
    good = run(app)
    assert (good.exit_code, good.stderr) == (0, "")
    assert "10 rows are sealed" in good.output
    assert "2 rows are not sealed yet" in good.output
    head = re.search(r"^head (10:[0-9a-f]{64})$", good.output, re.MULTILINE)[1]
    assert run(app, "--head", head).exit_code == 0
    with owner(app) as connection:
        connection.execute(text("UPDATE audit_log SET ip = '192.0.2.1' WHERE id = :id"), {"id": sealed[8]})
    bad = run(app, "--head", head)
    assert bad.exit_code == 1
    assert f"position 9, row {sealed[8]}" in bad.stderr
    assert ": changed." in bad.stderr
    assert run(app, "--head", "10:00").exit_code == 2
    assert run(app, "--head", f"10:{'0' * 64}").exit_code == 1
    rollback()
    kept = rows("SELECT position, findings, unsealed FROM audit_checks ORDER BY at")
    assert [(row.position, row.findings > 0, row.unsealed) for row in kept] == [
        (10, False, 2), (10, False, 2), (10, True, 2), (10, True, 2)]


def test_state_of_the_chain(app, sealed):
    write(2)
    state = queries.find_chain_state()
    assert (state.head.position, state.unsealed, state.checked_at, state.findings) == (10, 2, None, 0)
    assert now() - state.sealed_at < timedelta(minutes=1)
