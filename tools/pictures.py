"""`make pictures`: docs/up.svg, drawn from a real `ameide-ws up --sandbox` in a terminal of its own.

What differs from run to run (times, ports, folders) is written as one fixed run had it, so that drawing again gives
the same file, and a change of the file is a change of what people see.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import pexpect
import pyte

PICTURE = Path(__file__).parents[1] / "docs" / "up.svg"
COMMAND = ["up", "--sandbox"]
# Wide, so that no line is broken before its folder has become a short one.
COLUMNS, LINES = 240, 40
TOOK = {"queue": "0.3 s", "terraform": "2.5 s", "agent": "0.6 s", "editor": "0.7 s"}


class Run(NamedTuple):
    """A piece of a row in one colour."""

    column: int
    text: str
    colour: str


Row = list[Run]


def screen_of(folder: Path) -> list[list[pyte.screens.Char]]:
    """The screen as `up` leaves it: rows of characters. Raises RuntimeError when it did not end well."""
    program = str(Path(sys.executable).with_name("ameide-ws"))
    at = folder / "ameide"
    at.mkdir()
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "xterm-256color",
        "AMEIDE_WS_CONFIG_DIR": str(folder / "own"), "AMEIDE_WS_NO_BROWSER": "1",
    }  # fmt: skip
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    child: pexpect.spawn[bytes] = pexpect.spawn(program, COMMAND, env=env, cwd=str(at), dimensions=(LINES, COLUMNS))
    try:
        while True:
            stream.feed(child.read_nonblocking(65536, timeout=90))
    except pexpect.EOF:
        child.close()
    finally:
        subprocess.run([program, "sandbox", "stop"], env=env, capture_output=True, check=False, timeout=30)
    if child.exitstatus != 0:
        raise RuntimeError("\n".join(["up did not end well:", *screen.display]).rstrip())
    return [[screen.buffer[line][column] for column in range(COLUMNS)] for line in range(LINES)]


def runs(characters: list[pyte.screens.Char]) -> Row:
    """A row of the screen in pieces of one colour each."""
    row = []
    for colour, group in groupby(enumerate(characters), key=lambda one: one[1].fg):
        cells = list(group)
        row.append(Run(cells[0][0], "".join(one.data for _, one in cells), colour))
    while row and not row[-1].text.strip():
        row.pop()
    return row


def everyday(rows: list[Row]) -> list[Row]:
    """The rows of `up` itself, without what a sandbox says of itself before and after."""
    texts = ["".join(one.text for one in row) for row in rows]
    begin = next(number for number, text in enumerate(texts) if text.startswith("Signed in"))
    end = next((number for number, text in enumerate(texts) if text.startswith("Sign a browser in")), len(rows))
    return rows[begin:end]


def steady(rows: list[Row]) -> list[Row]:
    """The same rows with the times, ports and folders of one fixed run. Raises RuntimeError when a layer is missing."""
    found = []
    done = []
    for row in rows:
        text = "".join(one.text for one in row).rstrip()
        layer = re.match(r"\s+\S\s+(\w+)", text)
        if layer:
            found.append(layer[1])
        done.append([Run(one.column, _steady(one.text, layer[1] if layer else ""), one.colour) for one in row])
    if found != ["queue", "terraform", "agent", "scripts", "editor"]:
        raise RuntimeError(f"the layers are not what the picture shows: {found}")
    return done


def _steady(text: str, layer: str) -> str:
    if layer in TOOK:
        return re.sub(r"\s+[\d.]+ s\s*$", lambda took: TOOK[layer].rjust(len(took[0].rstrip())), text)
    if layer == "scripts":
        return re.sub(r"\d of \d.*", "2 of 3, post-create still running", text).rstrip()
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:41234", text)
    text = re.sub(r"Ready in [\d.]+ s", "Ready in 4.2 s", text)
    text = re.sub(r"now \d\d:\d\d", "now 16:40", text)
    return re.sub(r"\?folder=\S+", "?folder=/workspaces/ameide", text)


CELL, LINE, PAD, TOP = 8.4, 20, 16, 40
STYLE = """
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #24292f; }
  .frame { fill: #f6f8fa; stroke: #d0d7de; } .dot { fill: #d0d7de; }
  .green { fill: #1a7f37; } .cyan { fill: #0a6e8a; } .brown { fill: #8a6100; } .red { fill: #b3202c; }
  @media (prefers-color-scheme: dark) {
    text { fill: #d7dde4; } .frame { fill: #15191f; stroke: #3a424c; } .dot { fill: #3a424c; }
    .green { fill: #56c271; } .cyan { fill: #5cc3dc; } .brown { fill: #d8ab4a; } .red { fill: #f0767f; }
  }
"""


def drawn(rows: list[Row]) -> str:
    """Rows in a terminal's frame, as SVG: text stays text, and nothing in it runs."""
    columns = max(one.column + len(one.text.rstrip()) for row in rows for one in row)
    width, height = round(columns * CELL + 2 * PAD), TOP + len(rows) * LINE + PAD
    title = "ameide-ws up: queue, Terraform, agent, scripts and editor, then the editor's address"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="frame" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
            *(f'<circle class="dot" cx="{PAD + 4 + 18 * dot}" cy="18" r="5"/>' for dot in range(3)),
            *(line for number, row in enumerate(rows) for line in _row(number, row)),
            "</svg>\n",
        ]
    )


def _row(number: int, row: Row) -> Iterator[str]:
    for one in row:
        text = one.text.rstrip()
        lead = len(text) - len(text.lstrip())
        text = text.lstrip()
        if not text:
            continue
        x, y = PAD + (one.column + lead) * CELL, TOP + number * LINE + 14
        shade = "" if one.colour == "default" else f' class="{escape(one.colour)}"'
        # The length keeps columns in line whatever font a browser takes.
        yield (
            f'<text{shade} x="{x:.1f}" y="{y}" textLength="{len(text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs" '
            f'xml:space="preserve">{escape(text)}</text>'
        )


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        rows = [runs(row) for row in screen_of(Path(folder))]
    while rows and not rows[-1]:
        rows.pop()
    shown = [[Run(0, "$ ameide-ws " + " ".join(COMMAND), "default")], *steady(everyday(rows))]
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(shown), encoding="utf-8")
    print(f"drew {PICTURE.relative_to(PICTURE.parents[1])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
