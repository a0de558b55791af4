"""The answer of `list`: a table for people, tab-separated lines for programs."""

from collections.abc import Sequence
from datetime import datetime

from ameide_ws.render.facts import STATUS_STYLES, stamp, until
from ameide_ws.render.look import Look
from ameide_ws.render.table import Cell, aligned, same, tabbed
from ameide_ws.results import Listing, Row
from ameide_ws.text import SafeText, safe, sentence
from ameide_ws.when import age

HEADINGS = ("NAME", "TEMPLATE", "STATUS", "HEALTH", "AGE", "STOPS", "VERSION")
MORE_HEADINGS = ("OWNER", "BUILD", "STARTED", "LAST USED", "ID")
_MINE = "you own"


def listed(listing: Listing, now: datetime, look: Look, *, wide: bool, table: bool) -> SafeText:
    """The rows; nothing at all where there are none."""
    if not listing.rows:
        return SafeText("")
    rows = [_cells(row, listing, now, wide=wide) for row in listing.rows]
    if not table:
        return tabbed(rows)
    return aligned(HEADINGS + MORE_HEADINGS if wide else HEADINGS, rows, look, whole=wide)


def names(listing: Listing) -> list[SafeText]:
    """Names to use in the next command: with their owner where others' workspaces are shown."""
    return [_name(row, listing) for row in listing.rows]


def none_found(listing: Listing) -> SafeText:
    """The sentence for an empty list, or for one that the server has more of."""
    if not listing.rows:
        return sentence(f"No workspaces {listing.whose}{listing.which}.")
    if listing.count > len(listing.rows):
        return sentence(f"{len(listing.rows)} of {listing.count} workspaces are shown.")
    return SafeText("")


def _name(row: Row, listing: Listing) -> SafeText:
    return safe(row.name if listing.whose == _MINE else f"{row.owner}/{row.name}")


def _cells(row: Row, listing: Listing, now: datetime, *, wide: bool) -> Sequence[Cell]:
    status = "dormant" if row.dormant else row.status
    health = "healthy" if row.healthy else "unhealthy"
    cells = [
        same(_name(row, listing)),
        same(safe(row.template)),
        same(safe(status), STATUS_STYLES.get(status, "yellow")),
        Cell(SafeText(health if row.status == "running" else ""), SafeText(health), "" if row.healthy else "red"),
        Cell(SafeText(age(row.created_at, now)), stamp(row.created_at)),
        Cell(SafeText(until(row.stops_at, now)), stamp(row.stops_at)),
        Cell(
            SafeText(f"{safe(row.version)} outdated" if row.outdated else safe(row.version)),
            SafeText("outdated" if row.outdated else "current"),
            "yellow" if row.outdated else "",
        ),
    ]
    return cells + _more(row, now) if wide else cells


def _more(row: Row, now: datetime) -> list[Cell]:
    return [
        same(safe(row.owner)),
        same(SafeText(str(row.build_number))),
        Cell(SafeText(age(row.started_at, now)), stamp(row.started_at)),
        Cell(SafeText(age(row.last_used_at, now)), stamp(row.last_used_at)),
        same(safe(row.id)),
    ]
