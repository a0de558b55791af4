"""The small phrases that several answers share: a time of day, an age, a list of named facts."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ameide_ws.host import Host
from ameide_ws.render.look import Look
from ameide_ws.text import SafeText, cells, safe, sentence
from ameide_ws.when import rfc3339, spoken

STATUS_STYLES = {"running": "green", "failed": "red", "stopped": "dim", "canceled": "yellow", "deleted": "dim"}


class Fact(NamedTuple):
    """One named fact: what a person reads, and what a program reads (None where it is the same)."""

    name: str
    text: SafeText
    plain: SafeText | None = None


def fact(name: str, value: str, plain: str | None = None) -> Fact:
    """A fact from foreign or own words."""
    return Fact(safe(name), sentence(value), None if plain is None else sentence(plain))


def below_each_other(facts: Sequence[Fact], look: Look, indent: str = "  ") -> list[str]:
    """Facts for a person, their names in one column; a repeated name is not repeated."""
    width = max((cells(each.name) for each in facts), default=0)
    lines: list[str] = []
    before = ""
    for each in facts:
        name = "" if each.name == before else each.name
        before = each.name
        pad = " " * (width - cells(name) + 2)
        lines.append(f"{indent}{look.paint('dim', name)}{pad}{each.text}".rstrip())
    return lines


def tabbed_facts(facts: Sequence[Fact]) -> SafeText:
    """Facts for a program: name, tab, value, a line each."""
    return SafeText("\n".join(f"{each.name}\t{each.text if each.plain is None else each.plain}" for each in facts))


def clock(at: datetime, host: Host) -> str:
    """A time as the clock on the person's wall shows it; another day than today is named."""
    there, today = host.local(at), host.local(host.now())
    return f"{there:%H:%M}" if there.date() == today.date() else f"{there:%a %d %b %H:%M}"


def until(at: datetime | None, now: datetime) -> str:
    """How long it is until then."""
    if at is None:
        return ""
    left = (at - now).total_seconds()
    if left >= 60:
        left -= left % 60  # to the minute: nobody plans by the second
    return f"in {spoken(left)}" if left > 0 else "now"


def stamp(at: datetime | None) -> SafeText:
    """A time for programs; empty for never."""
    return SafeText(rfc3339(at) or "")
