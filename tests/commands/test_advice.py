"""Every command that any stored output advises is one that this program takes, word for word."""

import re
import shlex
from pathlib import Path

import pytest

from ameide_ws.app import App
from ameide_ws.cli.grammar import command, root
from ameide_ws.cli.table import COMMANDS
from tests.fakes import FakeHost

HERE = Path(__file__).parents[1]
ADVICE = re.compile(r"^ +(?:try: +)?((?:export \S+, then: )?ameide-ws\b.*)$", re.MULTILINE)


def advised() -> list[str]:
    """The commands behind `try:` in every stored output, without the reason that may follow."""
    found: set[str] = set()
    for folder in ("commands", "cli"):
        for path in (HERE / folder / "expected").rglob("*.txt"):
            if "help" not in path.parts:
                found |= {
                    line.partition("   #")[0].strip() for line in ADVICE.findall(path.read_text(encoding="utf-8"))
                }
    return sorted(found)


def test_there_is_advice_to_hold() -> None:
    assert len(advised()) > 30


@pytest.mark.parametrize("line", advised())
def test_C20_Q16_what_is_advised_is_a_command_that_exists_with_options_it_takes(line: str) -> None:
    words = shlex.split(line.rpartition("then: ")[2].partition(" < ")[0].replace("…", "x"))
    assert words[0] == "ameide-ws"
    app = App(FakeHost())
    if len(words) == 1 or words[1] in ("--help", "--version"):
        return
    name, rest = words[1], words[2:]
    assert name in COMMANDS, f"there is no command {name}"
    if "--help" in rest:
        return
    above = root().make_context("ameide-ws", [], resilient_parsing=True, obj=app)
    command(name).make_context(name, rest, parent=above)
