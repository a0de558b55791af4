"""The table at the end: what was aimed at, what came out, and what could not be measured and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One goal. `aim` bounds `figure`, which is a ratio or stands for itself; no figure means not measured."""

    what: str
    goal: str
    aim: float
    figure: float | None
    ours: str = ""
    theirs: str = ""
    why_not: str = ""

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "not measured"
        return "met" if self.figure <= self.aim else "missed"


def spread(values: Sequence[float], unit: str) -> str:
    """Median, and the smallest and largest beside it."""
    if not values:
        return ""
    factor, digits = {"ms": (1000, 0), "s": (1, 2), "MiB": (1, 0)}[unit]
    low, mid, high = (f"{value * factor:.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{mid} {unit} ({low} to {high})"


def shown(rows: Sequence[Row]) -> str:
    """The rows as aligned columns, with the reasons below."""
    lines = [("what", "ours", "beside", "figure", "goal", "verdict")]
    for row in rows:
        figure = "" if row.figure is None else f"{row.figure:.2f}"
        lines.append((row.what, row.ours, row.theirs, figure, row.goal, row.verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    reasons = [f"{row.what}: {row.why_not}" for row in rows if row.why_not]
    return "\n".join([*text, *([""] if reasons else []), *reasons])
