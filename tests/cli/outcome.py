"""How a command ended: its exit code and both streams, and the comparison with what is stored."""

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ameide_ws.app import App, Options
from ameide_ws.cli import main
from ameide_ws.cli.deliver import deliver
from ameide_ws.events import Course
from ameide_ws.results import Result
from tests.fakes import FakeHost

STORED = Path(__file__).parent / "expected"
UPDATES = os.environ.get("UPDATE_EXPECTED") == "1"


class Outcome(NamedTuple):
    """What a shell would see."""

    exit: int
    out: str
    err: str

    def spelt(self) -> str:
        """All three parts as one text, for a file."""
        return f"exit: {self.exit}\n--- stdout\n{self.out}--- stderr\n{self.err}"


def run(*words: str, host: FakeHost | None = None) -> Outcome:
    """One command line on one fake machine."""
    host = host or FakeHost()
    return _outcome(main(words, host), host)


def run_course(
    make_course: Callable[[], Course[Result]],
    host: FakeHost | None = None,
    *,
    options: Options | None = None,
    command: tuple[str, ...] = ("up",),
    effects: bool = False,
) -> Outcome:
    """A course of the test's own, delivered as a command would have it."""
    host = host or FakeHost()
    app = App(host, options)
    app.command = command
    return _outcome(deliver(app, make_course, effects=effects), host)


def _outcome(code: int, host: FakeHost) -> Outcome:
    return Outcome(int(code), host.out.text, host.err.text)


def as_stored(name: str, text: str, folder: Path = STORED) -> None:
    """Compare a text with the file of that name; UPDATE_EXPECTED=1 writes the file instead."""
    path = folder / name
    if UPDATES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    stored = path.read_text(encoding="utf-8") if path.exists() else ""
    if stored != text:
        lines = difflib.unified_diff(stored.splitlines(), text.splitlines(), str(path), "now", lineterm="")
        raise AssertionError("differs from what is stored (UPDATE_EXPECTED=1 stores it):\n" + "\n".join(lines))
