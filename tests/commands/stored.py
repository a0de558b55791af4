"""Whole outputs against the files they are stored in: exit, stdout and stderr as three parts.

Times, ids, ports and folders differ each time and are filtered by `filtered` alone. Layers of `up` go on side by side,
so their lines are put into one order, and what a line said on the way is left out.
"""

import difflib
import json
import os
import re
from pathlib import Path
from typing import Any

from tests.commands.machine import Outcome

FOLDER = Path(__file__).parent / "expected"
UPDATES = os.environ.get("UPDATE_EXPECTED") == "1"
_LAYERS = ("queue", "terraform", "agent", "scripts", "editor")
_LAYER = re.compile(rf"^ +[0-9hdmins. ]+  ({'|'.join(_LAYERS)}) +(started|ok|failed)?(.*)$")
_FILTERS = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"(?:[A-Z][a-z]{2} \d\d [A-Z][a-z]{2} )?\b\d\d:\d\d\b(?!:)"), "HH:MM"),
    (re.compile(r"\b(in|after) \d+\.\d s\b"), r"\1 N s"),
    (re.compile(r"\bin \d+ s\b"), "in N s"),
    (re.compile(r"(?<!after )(?<!within )\b\d+ min\b(?: \d+ s)?(?: +(?=in |[a-zA-Z0-9]))?"), "N min "),
    (re.compile(r"/[^\s?\"]*/world-\d+/"), "/WORKSPACES/"),
    (re.compile(r"/[^\s\"“”]*/machine/(config|state|cache)"), r"/MACHINE/\1"),
    (re.compile(r"(server v?\d[^\s,]*), this ameide-ws \S+\)"), r"\1, this ameide-ws VERSION)"),
)
_MEASURED = {"seconds", "elapsed"}


def filtered(text: str) -> str:
    """The text without what differs each time."""
    for pattern, instead in _FILTERS:
        text = pattern.sub(instead, text)
    return text


def spelt(outcome: Outcome) -> str:
    """All three parts as one text; JSON spread over lines."""
    out = outcome.out
    if out.startswith("{") and out.count("\n") == 1:
        out = json.dumps(_measured(json.loads(out)), indent=1) + "\n"
    return f"exit: {outcome.exit}\n--- stdout\n{filtered(out)}--- stderr\n{filtered(_in_order(outcome.err))}"


def _measured(value: Any) -> Any:
    """JSON without what was measured."""
    if isinstance(value, dict):
        return {
            key: 0.0 if key in _MEASURED and isinstance(item, float) else _measured(item) for key, item in value.items()
        }
    return [_measured(item) for item in value] if isinstance(value, list) else value


def _in_order(err: str) -> str:
    """The lines of the layers below each other in the order of the layers, without what was said on the way."""
    lines, layers, at = [], [], None
    for line in err.splitlines():
        found = _LAYER.match(line)
        if found is None:
            lines.append(line)
            continue
        at = len(lines) if at is None else at
        if found[2]:
            layers.append((_LAYERS.index(found[1]), found[2] != "started", f"  N s  {found[1]} {found[2]}{found[3]}"))
    if at is not None:
        lines[at:at] = [text for _, _, text in sorted(layers)]
    return "".join(f"{line}\n" for line in lines)


def name_of(nodeid: str) -> str:
    """The file of a test, below FOLDER: `up/every_story-build-fails.txt`."""
    module, _, test = nodeid.rpartition("/")[2].partition("::")
    word = test.removeprefix("test_").replace("[", "-").rstrip("]")
    return f"{module.removeprefix('test_').removesuffix('.py')}/{re.sub(r'[^A-Za-z0-9_.-]+', '_', word)}.txt"


def compare(name: str, text: str) -> None:
    """Raises when a text is not what is stored; UPDATE_EXPECTED=1 stores it instead."""
    path = FOLDER / name
    if UPDATES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before != text:
        lines = difflib.unified_diff(before.splitlines(), text.splitlines(), str(path), "now", lineterm="")
        raise AssertionError("differs from what is stored (UPDATE_EXPECTED=1 stores it):\n" + "\n".join(lines))
