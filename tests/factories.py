"""Things for tests to start from, written as the application writes them but without its doors."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher

from webapp.accounts.models import Membership, Organization, SignIn, User
from webapp.fleet.actions.inventory import Envelope, record_inventory
from webapp.fleet.models import Site
from webapp.fleet.values import EVERYTHING, Claim, InventoryReport, ReportedModule
from webapp.kit.clock import now
from webapp.kit.db import ALL, commit, db, enter_scope, rollback
from webapp.kit.ids import new_id
from webapp.kit.permissions import SYSTEM

PASSWORD = "lantern-orbit-74-quartz"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
count = itertools.count(1)


@contextmanager
def writing(app: Any) -> Iterator[None]:
    """Everything inside is written beyond all walls and committed at the end."""
    with app.app_context():
        enter_scope(ALL)
        try:
            yield
            commit()
        except BaseException:
            rollback()
            raise


def organization(name: str = "", **fields: Any) -> Organization:
    made = Organization(name=name or f"Organization {next(count)}", slug=f"organization-{next(count)}", **fields)
    return _added(made)


def user(email: str = "", place: Organization | None = None, role: str = "member", **fields: Any) -> User:
    made = _added(User(email=email or f"person{next(count)}@example.com", password_hash=HASH, **fields))
    if place is not None:
        db.session.add(Membership(organization_id=place.id, user_id=made.id, role=role, created_at=now()))
    db.session.flush()
    return made


def sign_in(person: User) -> SignIn:
    return _added(SignIn(user_id=person.id, kind="token", created_at=now(), last_seen_at=now(), refresh_id=new_id()))


def site(place: Organization, **fields: Any) -> Site:
    number = next(count)
    values = {"name": f"Site {number}", "url": f"https://site{number}.example.com", **fields}
    return _added(Site(organization_id=place.id, **values))


def reported(a_site: Site, versions: dict[str, Any], at: datetime | None = None, full: bool = True, core: str | None = None) -> Any:
    """Records a report of `{module: version}`; a value may also be a ReportedModule."""
    modules = [each if isinstance(each, ReportedModule) else ReportedModule(name, each) for name, each in versions.items()]
    report = InventoryReport(("native",), modules, at, EVERYTHING if full else frozenset(), core_version=core)
    return record_inventory(SYSTEM, a_site.id, report, Envelope(100, new_id().bytes, at is not None), now())


def module(name: str, version: str | None, latest: str | None = None, security: bool = False, **fields: Any) -> ReportedModule:
    """A module as a site reports it; with `latest`, one that has an update."""
    claim = Claim(latest, latest, latest is not None, security) if latest or fields.pop("judged", False) else None
    return ReportedModule(name, version, project=fields.pop("project", name), claim=claim, **fields)


def ago(**delta: float) -> datetime:
    return now().replace(microsecond=0) - timedelta(**delta)


def _added(thing: Any) -> Any:
    db.session.add(thing)
    db.session.flush()
    return thing
