"""The machine we run on: environment, files, programs, clock, terminal. The only place that asks it anything.

Each part can be given to the constructor, so a test hands in its own world.
"""

import errno
import os
import stat
import sys
import time
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TextIO

SECRETS = ("AMEIDE_WS_TOKEN", "CODER_SESSION_TOKEN", "CODER_AGENT_TOKEN", "AMEIDE_WS_CONTRACT_TOKEN")


class Ran(NamedTuple):
    """How a program ended: its exit code (None when it had to be ended), and what it wrote."""

    code: int | None
    out: str
    err: str


def take_environment(environ: MutableMapping[str, str] | None = None) -> dict[str, str]:
    """A copy of the environment. Tokens and git's variables leave the process's own, so no child inherits them."""
    environ = os.environ if environ is None else environ
    copy = dict(environ)
    for name in copy:
        if name in SECRETS or name.startswith("GIT_"):
            del environ[name]
    return copy


class Host:
    """One machine, one terminal, one person."""

    def __init__(
        self,
        *,
        env: Mapping[str, str] | None = None,
        out: TextIO | None = None,
        err: TextIO | None = None,
        stdin: TextIO | None = None,
    ) -> None:
        self.env = take_environment() if env is None else dict(env)
        self.out = _speaking(sys.stdout if out is None else out)
        self.err = _speaking(sys.stderr if err is None else err)
        self.stdin = sys.stdin if stdin is None else stdin
        self._woke = self.now().timestamp() - self.monotonic()

    def value(self, name: str) -> str | None:
        """An environment variable; empty counts as unset."""
        return self.env.get(name) or None

    # Files.

    def _folder(self, kind: str) -> Path:
        named = self.value("AMEIDE_WS_CONFIG_DIR")
        if named:
            return Path(self.whole_path(named)) / ("" if kind == "config" else kind)
        import platformdirs

        dirs = platformdirs.PlatformDirs("ameide-ws", appauthor=False, roaming=False)
        return {"config": dirs.user_config_path, "state": dirs.user_state_path, "cache": dirs.user_cache_path}[kind]

    @property
    def config_dir(self) -> Path:
        """Where the person's config.toml lives."""
        return self._folder("config")

    @property
    def state_dir(self) -> Path:
        """What we remember; always safe to delete."""
        return self._folder("state")

    @property
    def cache_dir(self) -> Path:
        """What we could ask again; always safe to delete."""
        return self._folder("cache")

    def whole_path(self, path: str) -> str:
        """A path with its `~` written out; one of nobody we know stays as it is."""
        return os.path.expanduser(path)

    def read(self, path: Path) -> str | None:
        """The text of a file, None where there is none. Raises OSError, UnicodeDecodeError.

        Only a regular file is read: a pipe or a device in its place would hold us for ever.
        """
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (FileNotFoundError, NotADirectoryError):
            return None
        with open(handle, encoding="utf-8") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", str(path))
            return file.read()

    def has_file(self, path: Path) -> bool:
        """Whether a file is there to be read."""
        return os.path.isfile(path) and os.access(path, os.R_OK)

    def write(self, path: Path, text: str) -> None:
        """Replace a file in one step; it and new folders are the owner's alone from the start. Raises OSError."""
        for folder in (*reversed(path.parent.parents), path.parent):
            if not folder.exists():  # mkdir(parents=True) would leave the upper ones open to others
                folder.mkdir(mode=0o700, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    # Programs.

    def which(self, name: str) -> str | None:
        """The absolute path of a program on the PATH; relative entries of the PATH do not count."""
        import shutil

        entries = [entry for entry in self.env.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
        return shutil.which(name, path=os.pathsep.join(entries))

    def run(
        self, argv: Sequence[str], seconds: float, *, env: Mapping[str, str] | None = None, input: str | None = None
    ) -> Ran:
        """Run a program to its end, at most `seconds`; without a shell, without our secrets."""
        import subprocess

        try:
            done = subprocess.run(  # noqa: S603
                list(argv), env=self.child_env() if env is None else dict(env), input=input,
                stdin=subprocess.DEVNULL if input is None else None, capture_output=True, text=True,
                errors="replace", timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            return Ran(None, _text(late.stdout), _text(late.stderr))
        return Ran(done.returncode, done.stdout, done.stderr)

    def child_env(self) -> dict[str, str]:
        """The environment for a child: no token, none of git's variables."""
        return {name: value for name, value in self.env.items() if name not in SECRETS and not name.startswith("GIT_")}

    def export(self, variables: Mapping[str, str]) -> None:
        """Put variables into the process's own environment, for a library that reads them nowhere else."""
        os.environ.update(variables)

    # Clock and chance.

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def slept(self) -> float:
        """Seconds this machine has slept since we began: the wall clock went on, the monotonic one stood still."""
        return max(0.0, self.now().timestamp() - self.monotonic() - self._woke)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        import random

        return random.random()  # noqa: S311  for jitter, nothing secret

    def local(self, at: datetime) -> datetime:
        """A time on this machine's wall; at the calendar's edge, unchanged."""
        try:
            return at.astimezone()
        except (OverflowError, OSError):
            return at

    # Terminal.

    def is_terminal(self, stream: TextIO | None) -> bool:
        """Whether a stream leads to a person's screen or keyboard."""
        try:
            return stream is not None and stream.isatty()
        except ValueError:
            return False

    @property
    def in_ci(self) -> bool:
        """Whether a build server runs us."""
        return (self.value("CI") or "false").lower() not in ("false", "0")

    @property
    def columns(self) -> int:
        """The width of the terminal: 80 where it cannot be told or makes no sense, never below 40."""
        said = self.env.get("COLUMNS", "")
        width = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0
        if width <= 0:
            try:
                width = os.get_terminal_size(self.err.fileno()).columns
            except (OSError, ValueError, AttributeError):
                width = 0
        return max(40, width) if width > 0 else 80

    def ask(self, question: str, *, secret: bool = False) -> str:
        """Put a question on stderr and read one line from the keyboard. Raises EOFError when there is no more."""
        if secret:
            import getpass

            return getpass.getpass(question, stream=self.err)
        self.err.write(question)
        self.err.flush()
        line = self.stdin.readline() if self.stdin is not None else ""
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def open(self, url: str) -> bool:
        """Hand an address to the person's browser; false where there is none. The caller has checked the address."""
        if self.value("AMEIDE_WS_NO_BROWSER") or self.value("SSH_CONNECTION") or self.in_ci:
            return False
        screen = self.value("DISPLAY") or self.value("WAYLAND_DISPLAY") or self.value("BROWSER")
        if sys.platform not in ("darwin", "win32") and not screen and not self.value("WSL_DISTRO_NAME"):
            return False
        return _open_aside(url)


def _open_aside(url: str) -> bool:
    """A browser that stays in the foreground must not hold us: three seconds, then it goes on alone."""
    import threading
    import webbrowser

    opened: list[bool] = []
    opener = threading.Thread(target=lambda: opened.append(webbrowser.open(url)), daemon=True)
    opener.start()
    opener.join(3)
    return opened[0] if opened else opener.is_alive()


def _speaking(stream: TextIO | None) -> TextIO:
    """A stream that can carry any text; a closed one (`>&-`) becomes one that swallows it."""
    if stream is None or stream.closed:
        return open(os.devnull, "w", encoding="utf-8")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def _text(raw: bytes | str | None) -> str:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw or ""
