"""Taking in advisories: each source's word is kept, and what all say of one advisory is put together anew.

The end does not depend on the order in which the sources come. What changes an advisory's reach or gravity is announced by
the signal `advisories_changed`, inside of the transaction, so that the clocks are set by whoever keeps them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import orjson
from blinker import Signal
from sqlalchemy import delete, insert, select, tuple_, update

from webapp.catalog.models import Advisory, AdvisoryAlias, AdvisoryPackage, AdvisorySource
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, Merged, merged
from webapp.kit.db import db

advisories_changed = Signal()
"""Sent with `ids` (those whose packages, versions, publication or severity are new or other than before) and `at`."""

PORTION = 500
MATTERS = ("severity", "published_at", "withdrawn_at", "kind")


@dataclass(slots=True)
class Imported:
    """What an import did, in numbers of advisories; `unchanged` are records that were here already."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """An advisory with all records about it; `row` is None while it is new."""

    row: Advisory | None
    records: dict[tuple[str, str], AdvisoryRecord]
    fresh: set[tuple[str, str]] = field(default_factory=set)
    absorbed: list[Advisory] = field(default_factory=list)


def import_advisories(records: Iterable[AdvisoryRecord], at: datetime) -> Imported:
    """Keeps these records; those that say what they said before cost a comparison of hashes. The caller commits."""
    done = Imported()
    by_key = {(record.source, record.source_id): record for record in records}
    keys = list(by_key)
    for start in range(0, len(keys), PORTION):
        _import_portion({key: by_key[key] for key in keys[start:start + PORTION]}, at, done)
    if done.ids:
        advisories_changed.send(None, ids=sorted(set(done.ids)), at=at)
    return done


def _import_portion(records: dict[tuple[str, str], AdvisoryRecord], at: datetime, done: Imported) -> None:
    packed = {key: orjson.dumps(asdict(record), option=orjson.OPT_SORT_KEYS) for key, record in records.items()}
    hashes = {key: hashlib.sha256(text).digest() for key, text in packed.items()}
    known = {(row.source, row.source_id): row for row in db.session.scalars(
        select(AdvisorySource).where(tuple_(AdvisorySource.source, AdvisorySource.source_id).in_(list(records))))}
    news = {key: record for key, record in records.items() if key not in known or bytes(known[key].record_hash) != hashes[key]}
    done.unchanged += len(records) - len(news)
    if not news:
        return
    groups = _grouped(news, _groups_near(news, known))
    _write(groups, at, done)
    _keep(groups, packed, hashes, at)


def _groups_near(news: dict[tuple[str, str], AdvisoryRecord], known: dict[tuple[str, str], AdvisorySource]) -> list[Group]:
    """The advisories that share a name with a new record, or have an older word of the same source."""
    names = {name for record in news.values() for name in record.ids}
    near = set(db.session.scalars(select(AdvisoryAlias.advisory_id).where(AdvisoryAlias.alias.in_(names))))
    near |= {known[key].advisory_id for key in news if key in known}
    rows = {row.id: Group(row, {}) for row in db.session.scalars(
        select(Advisory).where(Advisory.id.in_(near)).order_by(Advisory.id).with_for_update())}
    for source in db.session.scalars(select(AdvisorySource).where(AdvisorySource.advisory_id.in_(near))):
        rows[source.advisory_id].records[source.source, source.source_id] = record_of(source.record)
    return list(rows.values())


def _grouped(news: dict[tuple[str, str], AdvisoryRecord], groups: list[Group]) -> list[Group]:
    """Puts each new record where it belongs; two advisories that a record shows to be one become one, the older stays."""
    by_name: dict[str, list[Group]] = {}
    for group in groups:
        for record in group.records.values():
            _note(by_name, record, group)
    touched: list[Group] = []
    for key in sorted(news):
        record = news[key]
        holders = [group for group in groups if key in group.records]
        near = [each for name in record.ids for each in by_name.get(name, ())]
        same = [group for group in near if any(record.is_about_the_same_as(other) for other in group.records.values())]
        fitting = _distinct([*holders, *same])
        target = fitting[0] if fitting else Group(None, {})
        if not fitting:
            groups.append(target)
        for twin in fitting[1:]:
            _absorb(target, twin, groups, by_name)
            touched = [group for group in touched if group is not twin]
        target.records[key] = record
        target.fresh.add(key)
        _note(by_name, record, target)
        if target not in touched:
            touched.append(target)
    return touched


def _distinct(groups: Sequence[Group]) -> list[Group]:
    """Each once; those that are rows first, the oldest first, so that what was published under an id keeps it."""
    found: list[Group] = []
    for group in groups:
        if all(group is not other for other in found):
            found.append(group)
    return sorted(found, key=lambda each: (each.row is None, each.row.id if each.row else 0))


def _note(by_name: dict[str, list[Group]], record: AdvisoryRecord, group: Group) -> None:
    for name in record.ids:
        holders = by_name.setdefault(name, [])
        if all(group is not other for other in holders):
            holders.append(group)


def _absorb(target: Group, twin: Group, groups: list[Group], by_name: dict[str, list[Group]]) -> None:
    target.records |= twin.records
    target.fresh |= set(twin.records)
    target.absorbed += [*([twin.row] if twin.row is not None else []), *twin.absorbed]
    groups[:] = [group for group in groups if group is not twin]
    for record in twin.records.values():
        for name in record.ids:
            by_name[name] = [group for group in by_name[name] if group is not twin]
        _note(by_name, record, target)


def _write(groups: Sequence[Group], at: datetime, done: Imported) -> None:
    """Writes the advisories of a portion: rows, then names and packages, each kind at once."""
    found: list[tuple[Advisory, Merged, tuple[Any, ...] | None]] = []
    for group in groups:
        said, row = merged(list(group.records.values())), group.row
        before = _matters(row) if row is not None else None
        done.added += row is None
        done.changed += row is not None
        if row is None:
            row = group.row = Advisory(first_seen_at=at)
            db.session.add(row)
        for twin in group.absorbed:
            twin.name, twin.updated_at = f"{twin.name} ({twin.id})", at
        found.append((row, said, before))
    _lead_on(groups, done)
    for row, said, _ in found:
        _fill(row, said, at)
    db.session.flush()
    reached = _write_reach([(row, said) for row, said, _ in found])
    done.ids += [row.id for row, _, before in found if row.id in reached or before != _matters(row)]


def _lead_on(groups: Sequence[Group], done: Imported) -> None:
    """Gives the names and records of absorbed advisories up, so that they can become those of the ones that took them in."""
    twins = {twin: group for group in groups for twin in group.absorbed}
    if not twins:
        return
    ids = [twin.id for twin in twins]
    db.session.flush()
    for table in (AdvisoryAlias, AdvisoryPackage):
        db.session.execute(delete(table).where(table.advisory_id.in_(ids)))
    for twin, group in twins.items():
        assert group.row is not None
        twin.merged_into, twin.aliases, twin.packages = group.row.id, [], []
        db.session.execute(update(AdvisorySource).where(AdvisorySource.advisory_id == twin.id).values(advisory_id=group.row.id))
    done.ids += ids


def _matters(row: Advisory) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in MATTERS)


def _fill(row: Advisory, found: Merged, at: datetime) -> None:
    row.name, row.kind, row.title, row.details, row.link = found.name, found.kind, found.title, found.details, found.link
    row.severity = found.severity.value
    row.risk, row.risk_score = (found.risk.vector, found.risk.score) if found.risk else (None, None)
    row.cvss, row.cvss_score = found.cvss, found.cvss_score
    row.aliases, row.packages = list(found.aliases), [each.package for each in found.affected]
    row.provenance = dict(found.provenance)
    row.published_at, row.modified_at, row.withdrawn_at = found.published_at, found.modified_at, found.withdrawn_at
    row.updated_at = at


def _write_reach(found: Sequence[tuple[Advisory, Merged]]) -> set[int]:
    """Writes names and packages; gives those whose packages, or what of them is affected, are others than before."""
    ids = [row.id for row, _ in found]
    present: dict[int, dict[str, Affected]] = {key: {} for key in ids}
    for each in db.session.scalars(select(AdvisoryPackage).where(AdvisoryPackage.advisory_id.in_(ids))):
        present[each.advisory_id][each.package] = affected_of(each)
    names: dict[int, set[str]] = {key: set() for key in ids}
    for alias in db.session.scalars(select(AdvisoryAlias).where(AdvisoryAlias.advisory_id.in_(ids))):
        names[alias.advisory_id].add(alias.alias)
    renamed = [(row, said) for row, said in found if names[row.id] != set(said.aliases)]
    reached = [(row, said) for row, said in found if present[row.id] != {each.package: each for each in said.affected}]
    _replace(AdvisoryAlias, [row.id for row, _ in renamed],
             [{"alias": name, "advisory_id": row.id} for row, said in renamed for name in said.aliases])
    _replace(AdvisoryPackage, [row.id for row, _ in reached], [
        {"advisory_id": row.id, "package": each.package, "version_constraint": each.constraint, "versions": list(each.versions),
         "of_branch": each.of_branch} for row, said in reached for each in said.affected])
    return {row.id for row, _ in reached}


def _replace(table: type[AdvisoryAlias] | type[AdvisoryPackage], ids: Sequence[int], rows: Sequence[dict[str, Any]]) -> None:
    if ids:
        db.session.execute(delete(table).where(table.advisory_id.in_(ids)))
    if rows:
        db.session.execute(insert(table), rows)


def _keep(groups: Sequence[Group], packed: dict[tuple[str, str], bytes], hashes: dict[tuple[str, str], bytes], at: datetime) -> None:
    """Keeps the records as they came, for the next time."""
    rows = []
    for group in groups:
        assert group.row is not None
        rows += [{"source": source, "source_id": source_id, "advisory_id": group.row.id, "record": orjson.loads(packed[source, source_id]),
                  "record_hash": hashes[source, source_id], "fetched_at": at}
                 for source, source_id in group.fresh if (source, source_id) in packed]
    db.session.execute(delete(AdvisorySource).where(
        tuple_(AdvisorySource.source, AdvisorySource.source_id).in_([(each["source"], each["source_id"]) for each in rows])))
    db.session.execute(insert(AdvisorySource), rows)


def record_of(kept: dict[str, Any]) -> AdvisoryRecord:
    """A record as it was kept."""
    times = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in ("published_at", "modified_at", "withdrawn_at")}
    affected = tuple(Affected(each["package"], each["constraint"], tuple(each["versions"]), each["of_branch"]) for each in kept["affected"])
    return AdvisoryRecord(**{**kept, **times, "ids": tuple(kept["ids"]), "affected": affected})


def affected_of(row: AdvisoryPackage) -> Affected:
    """What of a package is affected, as a value."""
    return Affected(row.package, row.version_constraint, tuple(row.versions), row.of_branch)
