"""The machine that commands run on in tests: real files in a folder of its own, a clock that sleep sets forward.

Its streams can be listened to: `when` does something the moment a text has been written, so that no test sleeps.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ameide_ws.host import Host
from tests.fakes import FakeHost, Stream


class Outcome(NamedTuple):
    """What a shell would see."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The envelope: the only object of --json, the last of jsonl."""
        import json

        return json.loads(self.out if self.out.count("\n") == 1 else self.out.splitlines()[-1])

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.out.splitlines()

    @property
    def first(self) -> str:
        """The first line of the error; warnings and telling log lines stand above it."""
        return next((line for line in self.err.splitlines() if line.startswith("error: ")), "")

    @property
    def anatomy(self) -> list[str]:
        """The lines of the error, from its first on."""
        lines = self.err.splitlines()
        return lines[lines.index(self.first) :] if self.first else []


class Ear(Stream):
    """A stream that tells somebody when a text has been written to it."""

    heard: Callable[[], None] | None = None

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.heard is not None:
            self.heard()
        return written


class Machine(FakeHost):
    """FakeHost with files below `folder`, and a clock that really runs, because threads wait on it."""

    out: Ear
    err: Ear

    def __init__(
        self, folder: Path, *, env: Mapping[str, str], out_terminal: bool = False, err_terminal: bool = False,
        in_terminal: bool = False, text: str = "", encoding: str = "utf-8", answers: Iterable[str] = (),
        columns: int = 80,
    ) -> None:  # fmt: skip
        self.folder_of_files = folder
        self.ahead = 0.0
        super().__init__(
            env=env, answers=answers, columns=columns, encoding=encoding,
            out=Ear(terminal=out_terminal, encoding=encoding), err=Ear(terminal=err_terminal, encoding=encoding),
            stdin=Stream(terminal=in_terminal, text=text),
        )  # fmt: skip
        self._due: list[tuple[str, Callable[[], Any]]] = []
        self._lock = threading.Lock()
        self.out.heard = self.err.heard = self._listen

    @property
    def config_dir(self) -> Path:
        return self.folder_of_files / "config"

    @property
    def state_dir(self) -> Path:
        return self.folder_of_files / "state"

    @property
    def cache_dir(self) -> Path:
        return self.folder_of_files / "cache"

    read = Host.read
    write = Host.write

    def kept(self) -> dict[str, str]:
        """Every file there is, by its path below the folder."""
        found = (path for path in self.folder_of_files.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder_of_files)): path.read_text(errors="replace") for path in found}

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def pass_time(self, seconds: float) -> None:
        self.ahead += seconds

    def local(self, at: datetime) -> datetime:
        return at

    def when(self, text: str, act: Callable[[], Any]) -> None:
        """Do something once, as soon as a text stands in what was written, be it already."""
        with self._lock:
            self._due.append((text, act))
        self._listen()

    def _listen(self) -> None:
        with self._lock:
            said = self.out.text + self.err.text
            ready = [act for text, act in self._due if text in said]
            self._due = [(text, act) for text, act in self._due if text not in said]
        for act in ready:
            act()
