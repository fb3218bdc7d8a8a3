"""The one place that reads the clock; business code is handed the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with `Z`; whole seconds stay whole."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
