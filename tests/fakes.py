"""FakeHost: a machine made of a dict of files, a dict of program answers, and a clock that `sleep` moves."""

import io
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TextIO

from ameide_ws.host import Host, Ran

HOME = Path("/home/dev")
MORNING = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
TOKEN = "CANARY0000-aaaaaaaaaaaaaaaaaaaaaa"  # noqa: S105  the shape of a token, and visibly none


class Stream(io.TextIOWrapper):
    """A text stream in memory, with a switch for "is a terminal" and the encoding of a real one."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8", text: str = "") -> None:
        self.bytes = io.BytesIO(text.encode(encoding))
        super().__init__(self.bytes, encoding=encoding, newline="", write_through=True)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def text(self) -> str:
        """Everything written so far."""
        return self.bytes.getvalue().decode(self.encoding)


class FullStream(Stream):
    """A stream nobody can write to: each write raises the error it was made with."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


class FakeHost(Host):
    """A Host without a machine. What happened to it stands in `opened`, `asked`, `ran`, `waits` and `files`."""

    out: Stream
    err: Stream

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        files: Mapping[Path, str] | None = None,
        programs: Mapping[str, Ran | Callable[[Sequence[str]], Ran]] | None = None,
        answers: Iterable[str] = (),
        terminal: bool = False,
        out: Stream | None = None,
        err: Stream | None = None,
        stdin: Stream | None = None,
        encoding: str = "utf-8",
        columns: int = 80,
        chances: Iterable[float] = (),
    ) -> None:
        self.files = dict(files or {})
        self.programs = dict(programs or {})
        self.answers = deque(answers)
        self.chances = deque(chances)
        self.clock = MORNING
        self.ticks = 1000.0
        self.zone = timezone(timedelta(hours=1))
        self.folder = "ameide"
        self.can_open = True
        self.read_only = False
        self.suspended = 0.0
        self.opened: list[str] = []
        self.asked: list[str] = []
        self.ran: list[list[str]] = []
        self.waits: list[float] = []
        super().__init__(
            env={"COLUMNS": str(columns), **(env or {})},
            out=out or Stream(terminal=terminal, encoding=encoding),
            err=err or Stream(terminal=terminal, encoding=encoding),
            stdin=stdin or Stream(terminal=terminal),
        )

    @property
    def config_dir(self) -> Path:
        return HOME / ".config" / "ameide-ws"

    @property
    def state_dir(self) -> Path:
        return HOME / ".local" / "state" / "ameide-ws"

    @property
    def cache_dir(self) -> Path:
        return HOME / ".cache" / "ameide-ws"

    def read(self, path: Path) -> str | None:
        return self.files.get(path)

    def has_file(self, path: Path) -> bool:
        return path in self.files or super().has_file(path)

    def write(self, path: Path, text: str) -> None:
        if self.read_only:
            raise PermissionError(13, "Permission denied", str(path))
        self.files[path] = text

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.programs else None

    def run(
        self, argv: Sequence[str], seconds: float, *, env: Mapping[str, str] | None = None, input: str | None = None
    ) -> Ran:
        self.ran.append(list(argv))
        try:
            answer = self.programs[Path(argv[0]).name]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", argv[0]) from None
        return answer(argv) if callable(answer) else answer

    def now(self) -> datetime:
        return self.clock

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self.ticks += seconds
        self.clock += timedelta(seconds=seconds)

    def slept(self) -> float:
        """How long the machine itself has slept; a test sets `suspended`."""
        return self.suspended

    def random(self) -> float:
        return self.chances.popleft() if self.chances else 0.5

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def ask(self, question: str, *, secret: bool = False) -> str:
        self.asked.append(question)
        self.err.write(question)
        if not self.answers:
            raise EOFError
        answer = self.answers.popleft()
        self.err.write("\n" if secret else f"{answer}\n")
        return answer

    def open(self, url: str) -> bool:
        if self.can_open:
            self.opened.append(url)
        return self.can_open

    def is_terminal(self, stream: TextIO | None) -> bool:
        return stream is not None and stream.isatty()
