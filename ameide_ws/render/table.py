"""Plain text tables of our own: aligned on a terminal, tab-separated in a pipe."""

from collections.abc import Sequence
from typing import NamedTuple

from ameide_ws.render.look import Look
from ameide_ws.text import SafeText, cells, shorten

GAP = 2
_LEAST = 8


class Cell(NamedTuple):
    """What a person reads, what a program reads, and the person's colour."""

    text: SafeText
    plain: SafeText
    style: str = ""


def same(text: SafeText, style: str = "") -> Cell:
    """A cell that reads the same everywhere."""
    return Cell(text, text, style)


def tabbed(rows: Sequence[Sequence[Cell]]) -> SafeText:
    """Rows for programs; a safe name has neither tabs nor line breaks."""
    return SafeText("\n".join("\t".join(cell.plain for cell in row) for row in rows))


def aligned(headings: Sequence[str], rows: Sequence[Sequence[Cell]], look: Look, *, whole: bool) -> SafeText:
    """Rows for people, below their headings. On a narrow screen the widest column gives way, unless all is wanted."""
    widths = [
        max([cells(heading), *(cells(row[column].text) for row in rows)]) for column, heading in enumerate(headings)
    ]
    while not whole and sum(widths) + GAP * (len(widths) - 1) > look.columns and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    head = "  ".join(_padded(SafeText(name), width) for name, width in zip(headings, widths, strict=True))
    lines: list[str] = [look.paint("bold", head.rstrip())]
    lines += [_row(row, widths, look) for row in rows]
    return SafeText("\n".join(lines))


def _row(row: Sequence[Cell], widths: Sequence[int], look: Look) -> str:
    last = max((n for n, cell in enumerate(row) if cell.text), default=0)
    parts = []
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        if number > last:
            break
        text = shorten(cell.text, width)
        pad = "" if number == last else " " * (width - cells(text) + GAP)
        parts.append((look.paint(cell.style, text) if cell.style else text) + pad)
    return "".join(parts)


def _padded(text: SafeText, width: int) -> str:
    text = shorten(text, width)
    return text + " " * (width - cells(text))
