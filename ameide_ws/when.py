"""Times and durations: read as Coder and people write them, said as people say them.

Pure; which time zone a person lives in is the host's business.
"""

import re
from datetime import UTC, datetime

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|min|ms|m|s))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(d|h|min|ms|m|s)", re.ASCII)
_LONGEST = 366 * 86400.0


def parse_time(text: object) -> datetime | None:
    """An RFC 3339 stamp as an aware datetime in UTC; None for null and for Go's zero time, which means never.

    Raises ValueError for anything else. A stamp whose offset leads out of the calendar ends at the calendar's edge.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise ValueError("not a time")
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its offset")
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        edge = datetime.max if at.year > 1 else datetime.min
        at = edge.replace(tzinfo=UTC)
    return None if at.year == 1 else at


def rfc3339(at: datetime | None) -> str | None:
    """A time for programs, in UTC with whole seconds and `Z`."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def parse_duration(text: str) -> float:
    """Seconds in `90s`, `30m`, `2h`, `1h30m`, `0`; raises ValueError for anything else and above a year."""
    word = text.strip().lower().replace(" ", "")
    if word == "0":
        return 0.0
    if len(word) > 32 or not _DURATION.fullmatch(word):
        raise ValueError("a duration looks like 90s, 30m, 2h or 1h30m; 0 means no limit")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(word))
    if seconds > _LONGEST:
        raise ValueError("a duration is at most 366 days")
    return float(seconds)


def spoken(seconds: float) -> str:
    """A duration for people: `0.3 s`, `14 s`, `2 min 5 s`, `1 h 5 min`, `3 d 2 h`."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, below, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: `now`, `5 min`, `3 d`, `2 y`; `never` for None. Both stamps come from one clock."""
    if since is None:
        return "never"
    seconds = (now - since).total_seconds()
    for size, unit in ((31557600, "y"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"
