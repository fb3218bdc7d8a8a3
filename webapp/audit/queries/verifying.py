"""Checking the whole audit log against its chain: everything is computed again, in one pass and with constant memory.

It sees one moment of the database (REPEATABLE READ), so that what is written meanwhile does not disturb it. After a finding
it goes on from the link that is there, so that one changed row is one finding and not a chain of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from webapp.audit.models import AuditRow, AuditSeal, AuditUnsealed
from webapp.audit.queries.chain import known_heads
from webapp.audit.values import GENESIS, Finding, Head, Kind, Verdict, link, mac_of
from webapp.kit.db import db

PORTION = 1000
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
Progress = Callable[[int], None]


class Check:
    """One pass over the chain; `keys` are tried in turn, the newest first (a key may have been changed on the way)."""

    def __init__(self, keys: Sequence[bytes], heads: Mapping[int, bytes]) -> None:
        self.keys, self.heads = list(keys), dict(heads)
        self.verdict = Verdict(Head())
        self.before: bytes | None = GENESIS
        self.has_signed = False

    def find(self, kind: Kind, words: str, position: int | None = None, row: Any = None) -> None:
        """Counts a finding; `row` is an audit row, or a link or note that tells its id and time."""
        found = self.verdict
        found.findings += 1
        if found.first is None:
            row_id, row_at = (getattr(row, "id", None) or row.row_id, getattr(row, "at", None) or row.row_at) if row else (None, None)
            found.first = Finding(kind, words, position, row_id, row_at)

    def see(self, seal: AuditSeal, row: AuditRow | None) -> None:
        """The next link, and the row that it names (None where there is none)."""
        expected = self.verdict.head.position + 1
        if seal.position != expected:
            self.find(Kind.REMOVED, f"The link at position {expected} is not there.", expected)
            self.before = None
        if row is None:
            self._miss(seal)
        else:
            self._hold_against(seal, row)
        self._compare_head(seal)
        self.before = bytes(seal.hash)
        self.verdict.head, self.verdict.sealed_at = Head(seal.position, self.before), seal.sealed_at

    def _miss(self, seal: AuditSeal) -> None:
        if db.session.scalar(select(AuditRow.at).where(AuditRow.id == seal.row_id)):
            self.find(Kind.CHANGED, "It was sealed with another time.", seal.position, seal)
        else:
            self.find(Kind.REMOVED, "It was sealed, and is not there.", seal.position, seal)

    def _hold_against(self, seal: AuditSeal, row: AuditRow) -> None:
        if not self.is_signed(row):
            self.find(Kind.CHANGED if row.mac else Kind.INSERTED, "Its signature does not fit what it says."
                      if row.mac else "It bears no signature of this application.", seal.position, row)
        elif self.before is not None and not any(self._fits(key, seal, row) for key in self.keys):
            kind = Kind.REORDERED if row.mac else Kind.CHANGED
            self.find(kind, "The row is not the one that was sealed at this place.", seal.position, row)

    def _fits(self, key: bytes, seal: AuditSeal, row: AuditRow) -> bool:
        # The mac is made anew with the key of the link: the row may have been signed with an older one.
        return self.before is not None and link(key, self.before, seal.position, mac_of(key, row)) == bytes(seal.hash)

    def is_signed(self, row: AuditRow) -> bool:
        """Whether the row's signature is right. Rows from before there were signatures come first, and are held by their links."""
        if row.mac is None:
            return not self.has_signed
        self.has_signed = True
        return any(mac_of(key, row) == bytes(row.mac) for key in self.keys)

    def _compare_head(self, seal: AuditSeal) -> None:
        known = self.heads.pop(seal.position, None)
        if known is not None and known != bytes(seal.hash):
            self.find(Kind.CHANGED, "The link is not the one that was known.", seal.position, seal)

    def end(self) -> None:
        """After the last link: heads that were known and are not there."""
        for position in sorted(self.heads):
            self.find(Kind.CUT, f"The chain ends at position {self.verdict.head.position}; a link at {position} was known.", position)


def verify(keys: Sequence[bytes], head: Head | None = None, progress: Progress = lambda _: None) -> Verdict:
    """Holds every row against the chain, and what is not sealed against its signature. `head` is one kept elsewhere.

    Call it first in a transaction, beyond the walls.
    """
    db.session.connection(execution_options=SNAPSHOT)
    check = Check(keys, known_heads())
    if head is not None and head.position:
        _expect(check, head)
    for number, (seal, row) in enumerate(_stream(_links()), 1):
        check.see(seal, row)
        if number % PORTION == 0:
            progress(number)
    check.end()
    _look_at_waiting(check)
    _look_for_strays(check)
    return check.verdict


def _expect(check: Check, head: Head) -> None:
    if check.heads.setdefault(head.position, head.hash) != head.hash:
        check.find(Kind.CHANGED, "An earlier check has seen another link than the head that was given.", head.position)


def _links() -> Any:
    return (select(AuditSeal, AuditRow).outerjoin(AuditRow, (AuditRow.id == AuditSeal.row_id) & (AuditRow.at == AuditSeal.row_at))
            .order_by(AuditSeal.position))


def _look_at_waiting(check: Check) -> None:
    """Rows that wait for their seal: they are there, and signed by this application."""
    waiting = select(AuditUnsealed, AuditRow).outerjoin(
        AuditRow, (AuditRow.id == AuditUnsealed.row_id) & (AuditRow.at == AuditUnsealed.row_at)).order_by(AuditUnsealed.row_at)
    for note, row in _stream(waiting):
        check.verdict.unsealed += 1
        if row is None:
            check.find(Kind.REMOVED, "It was written, and went before it was sealed.", None, note)
        elif not check.is_signed(row):
            check.find(Kind.CHANGED if row.mac else Kind.INSERTED, "It is not sealed, and not signed by this application.", None, row)


def _look_for_strays(check: Check) -> None:
    """Rows that are neither sealed nor wait for it: written past the trigger, or robbed of their link."""
    strays = (select(AuditRow).outerjoin(AuditSeal, AuditSeal.row_id == AuditRow.id)
              .outerjoin(AuditUnsealed, (AuditUnsealed.row_id == AuditRow.id) & (AuditUnsealed.row_at == AuditRow.at))
              .where(AuditSeal.row_id.is_(None), AuditUnsealed.row_id.is_(None)))
    count = int(db.session.scalar(select(func.count()).select_from(strays.with_only_columns(AuditRow.id).subquery())) or 0)
    if not count:
        return
    row = db.session.scalars(strays.order_by(AuditRow.at, AuditRow.id).limit(1)).one()
    words = "It is neither in the chain nor waiting to be: it was written by other hands, or its link was taken away."
    check.find(Kind.INSERTED, words, None, row)
    check.verdict.findings += count - 1


def _stream(statement: Any) -> Iterator[Any]:
    """The rows of a statement through a cursor of the server; nothing of them stays in memory."""
    for portion in db.session.execute(statement.execution_options(yield_per=PORTION, populate_existing=True)).partitions():
        yield from portion
        db.session.expunge_all()
