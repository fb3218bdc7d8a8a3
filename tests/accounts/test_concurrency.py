"""What must happen once happens once, however many ask for it in the same moment: real threads, each with a connection of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests import factories
from tests.accounts.codes import code, log_in, switched_on
from tests.cast import Caller, signed_in
from webapp.kit.db import ALL, enter_scope, rows


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Makes all the calls at one moment; their answers, in the same order."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait(timeout=60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(timeout=120) for each in [pool.submit(run, call) for call in calls]]


def statuses(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_a_recovery_code_used_twice_at_once_works_once(app, cast):
    _, codes = switched_on(cast.member)
    answers = together(*[lambda: log_in(app, otp=codes[0])] * 4)
    assert statuses(answers) == [200, 401, 401, 401]


def test_a_code_used_twice_at_once_works_once(app, cast):
    secret, _ = switched_on(cast.member)
    present = code(secret, 1)
    answers = together(*[lambda: log_in(app, otp=present)] * 4)
    assert statuses(answers) == [200, 401, 401, 401]


def test_twenty_refreshes_with_one_token_give_one_family_at_most(app, cast):
    tokens = log_in(app).json["data"]
    answers = together(*[lambda: Caller(app).post("/auth/refresh", {"refresh_token": tokens["refresh_token"]})] * 20)
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert set(statuses(answers)) == {200, 401}
    assert Caller(app).post("/auth/refresh", {"refresh_token": won[0].json["data"]["refresh_token"]}).status_code == 401, "reuse ended it"
    with app.app_context():
        enter_scope(ALL)
        reused = rows("SELECT count(*) AS n FROM audit_log WHERE action = 'sign_in.token_reused'")[0].n
    assert reused == 1


def test_two_admins_who_remove_each_other_leave_one(app, cast):
    members = f"/organizations/{cast.organization.id}/members"
    cast.admin.put(f"{members}/{cast.member.id}", {"role": "admin"})
    answers = together(lambda: cast.admin.delete(f"{members}/{cast.member.id}"), lambda: cast.member.delete(f"{members}/{cast.admin.id}"))
    assert statuses(answers)[0] == 200
    assert statuses(answers)[1] in (403, 404, 409)
    left = cast.root.get(f"/organizations/{cast.organization.id}/users", role="admin").json["data"]
    assert len(left) == 1


def test_two_superusers_who_suspend_demote_or_delete_each_other_leave_one(app, cast):
    for verb in ("suspend", "demote", "delete"):
        with factories.writing(app):
            people = [factories.user(f"{verb}{number}@patchboard.example", is_superuser=True) for number in range(2)]
        one, two = (signed_in(app, each) for each in people)
        assert cast.root.post(f"/admin/users/{cast.root.id}/suspend", {}).status_code == 200
        answers = together(lambda who=one, whom=two, verb=verb: disempower(who, whom, verb),
                           lambda who=two, whom=one, verb=verb: disempower(who, whom, verb))
        with app.app_context():
            enter_scope(ALL)
            left = rows("SELECT id FROM users WHERE is_superuser AND suspended_at IS NULL AND deleted_at IS NULL")
        assert len(left) == 1, [answer.json for answer in answers]
        assert statuses(answers)[0] == 200
        assert statuses(answers)[1] in (401, 403, 409), [answer.json for answer in answers]
        survivor = one if str(left[0].id) == one.id else two
        assert survivor.post(f"/admin/users/{cast.root.id}/reinstate").status_code == 200
        cast.root = signed_in(app, person_of(app, cast.root.id))
        assert cast.root.delete(f"/users/{survivor.id}").status_code == 200


def disempower(who: Any, whom: Any, verb: str) -> Any:
    if verb == "suspend":
        return who.post(f"/admin/users/{whom.id}/suspend", {})
    return who.delete(f"/users/{whom.id}") if verb == "delete" else who.patch(f"/users/{whom.id}", {"is_superuser": False})


def person_of(app: Any, user_id: str) -> Any:
    from webapp.accounts.models import User
    from webapp.kit.db import db

    with factories.writing(app):
        return db.session.get(User, user_id)


def test_a_sign_in_at_the_moment_of_a_password_change_does_not_outlive_it(app, cast):
    body = {"current_password": factories.PASSWORD, "new_password": "marble-forest-92-violin"}
    answers = together(lambda: cast.member.post("/auth/password", body), *[lambda: log_in(app)] * 4)
    assert answers[0].status_code == 200
    for answer in answers[1:]:
        if answer.status_code == 200:
            token = answer.json["data"]["access_token"]
            assert Caller(app, {"Authorization": f"Bearer {token}"}).get("/auth/me").status_code == 401
    assert log_in(app, password="marble-forest-92-violin").status_code == 200


def test_a_suspension_at_the_moment_of_a_sign_in_holds(app, cast):
    answers = together(lambda: cast.root.post(f"/admin/users/{cast.member.id}/suspend", {}), *[lambda: log_in(app)] * 4)
    assert answers[0].status_code == 200
    with app.app_context():
        enter_scope(ALL)
        open_ones = rows("SELECT count(*) AS n FROM sign_ins WHERE user_id = :user AND ended_at IS NULL", user=cast.member.id)[0].n
    assert open_ones == 0


def test_two_first_codes_at_once_switch_it_on_once(app, cast):
    secret = cast.member.post("/auth/2fa/setup", {}).json["data"]["secret"]
    present = code(secret)
    answers = together(*[lambda: cast.member.post("/auth/2fa/enable", {"otp": present})] * 3)
    won = [answer.json["data"]["recovery_codes"] for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert set(statuses(answers)) <= {200, 409, 422}
    assert log_in(app, otp=won[0][0]).status_code == 200


def test_one_link_used_twice_at_once_sets_one_password(app, cast):
    from webapp.accounts.actions.passwords import issue_reset
    from webapp.kit.clock import now
    from webapp.kit.permissions import Actor

    with factories.writing(app):
        _, token = issue_reset(Actor(), cast.member.email, app.config["SECRET_KEY"], now())
    passwords = [f"marble-forest-{number}-violin" for number in range(3)]
    answers = together(*[lambda new=new: Caller(app).post("/auth/password/reset", {"token": token, "new_password": new}) for new in passwords])
    assert statuses(answers) == [200, 422, 422]
    good = [new for new in passwords if log_in(app, password=new).status_code == 200]
    assert good == [new for new, answer in zip(passwords, answers, strict=True) if answer.status_code == 200]


def test_a_key_that_is_revoked_in_a_stream_of_requests_stops_at_once(app, cast):
    """Four callers that ask without a pause: what begins after the revocation was answered is refused, and goes on being."""
    made = cast.admin.post("/api-keys", {"name": "busy", "scopes": ["read"], "organization_id": str(cast.organization.id)}).json["data"]
    caller, answers, over = Caller(app, {"X-API-Key": made["secret"]}), [], threading.Event()

    def ask() -> None:
        while not over.is_set():
            began = time.monotonic()
            answers.append((began, caller.get("/sites").status_code))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        assert comes(lambda: len(answers) >= 8)
        assert cast.admin.delete(f"/api-keys/{made['id']}").status_code == 200
        revoked = time.monotonic()
        assert comes(lambda: sum(began > revoked for began, _ in list(answers)) >= 20)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    before, after = ([status for began, status in answers if (began > revoked) == late] for late in (False, True))
    assert before.count(200) >= 8
    assert set(after) == {401}, "no request that began after the revocation gets anything"


def comes(is_there: Callable[[], bool], seconds: float = 60) -> bool:
    """Waits until it is there."""
    until = time.monotonic() + seconds
    while not (found := is_there()) and time.monotonic() < until:
        time.sleep(0.01)
    return found
