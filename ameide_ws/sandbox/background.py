"""A sandbox beside you: start, stop and status of one in the background, or one in the foreground.

The parent binds the socket and hands it on, so that the address is known, and taken, before the child exists. This
module loads no web framework: asking whether one runs must cost nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STATE, LOCK, LOG, WORKSPACES = "sandbox.json", "sandbox.lock", "sandbox.log", "sandbox-workspaces"
CONTROL = "/.sandbox"
KEY = "x-sandbox-key"


class CannotStart(Exception):
    """One plain sentence about why no sandbox runs now."""


@dataclass(frozen=True)
class Running:
    url: str
    token: str
    pid: int
    story: str
    started_at: str
    editor: str | None


def start(
    state: Path,
    *,
    path: str,
    python: str = sys.executable,
    story: str = "good-morning",
    port: int = 0,
    editor: str | None = None,
    idle_seconds: float = 1800,
    seconds: float = 15,
    pace: float = 1.0,
) -> tuple[Running, bool]:
    """The sandbox of this state folder, and whether it was started just now.

    `editor` is a code-server program; None takes the code-server on `path`, if there is one.
    """
    check_story(story)
    program = find_editor(editor, path)
    # The child lives in the root folder, where a relative path would lead elsewhere.
    state = state.absolute()
    deadline = time.monotonic() + seconds
    with locked(state, deadline):
        running = status(state)
        if running is not None:
            return running, False
        order = {"path": path, "story": story, "editor": program, "idle_seconds": idle_seconds, "pace": pace}
        with contextlib.closing(bind(port)) as listening:
            return launch(state, python, listening, order, deadline), True


def status(state: Path) -> Running | None:
    """The sandbox that answers for this folder, if any; what a dead one left behind is cleared away."""
    told = read_state(state)
    if told is None:
        return None
    running, key = told
    answer = ask(running.url, key, "GET")
    if answer is not None and answer.get("pid") == running.pid:
        return running
    # Not the state of another one that has started since.
    if read_state(state) == told:
        (state / STATE).unlink(missing_ok=True)
        end_leftovers(state)
    return None


def stop(state: Path, seconds: float = 5) -> bool:
    """End it with its workspaces' processes; True when there was one. On return its port is closed."""
    told = read_state(state)
    running = status(state)
    if told is None or running is None:
        return False
    deadline = time.monotonic() + seconds
    ask(running.url, told[1], "DELETE")
    while time.monotonic() < deadline:
        if not is_alive(running.pid):
            (state / STATE).unlink(missing_ok=True)
            return True
        time.sleep(0.02)
    # It answered a moment ago with this very pid, so the pid is still its own.
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGKILL)
    (state / STATE).unlink(missing_ok=True)
    end_leftovers(state)
    return True


def end_leftovers(state: Path) -> None:
    """End what a killed sandbox could not: processes whose home is a workspace of this folder. Linux only."""
    home = f"HOME={state.absolute() / WORKSPACES}/".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if home in environment.read_bytes():
                os.kill(int(environment.parent.name), signal.SIGKILL)


# -- starting ----------------------------------------------------------------------------------------------------------


def check_story(story: str) -> None:
    from .stories import named

    try:
        named(story)
    except ValueError as wrong:
        raise CannotStart(f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.") from None


def find_editor(editor: str | None, path: str) -> str | None:
    found = shutil.which(editor or "code-server", path=path)
    if editor and found is None:
        raise CannotStart(f"The editor {editor} is not a program that can be run.")
    return os.path.abspath(found) if found else None


def bind(port: int) -> socket.socket:
    """A listening socket, on the loopback only."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Without it a port would be refused for a minute after its last sandbox; one in use is refused all the same.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(128)
    except OSError as wrong:
        made.close()
        raise CannotStart(f"Port {port} of 127.0.0.1 cannot be used: {wrong.strerror}.") from None
    except OverflowError:
        made.close()
        raise CannotStart(f"There is no port {port}.") from None
    return made


def private_folder(state: Path) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    # An existing folder may be wider than we want it; its files are ours alone in any case.
    with contextlib.suppress(OSError):
        state.chmod(0o700)


@contextlib.contextmanager
def locked(state: Path, deadline: float) -> Iterator[None]:
    """One starter at a time; the kernel lets go of the lock when its holder dies."""
    private_folder(state)
    handle = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise CannotStart("Another start of the sandbox does not come to an end.") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def launch(state: Path, python: str, listening: socket.socket, order: dict[str, Any], deadline: float) -> Running:
    """Start the child and wait until it serves: it says so on a pipe, and its death closes the pipe."""
    log = os.open(state / LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    ear, mouth = os.pipe()
    try:
        command = [python, "-P", "-m", "ameide_ws.sandbox", str(state), str(listening.fileno()), str(mouth)]
        child = subprocess.Popen(  # noqa: S603 - our own module, by the interpreter we were told
            command,
            env=child_environment(order["path"]),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=(listening.fileno(), mouth),
            start_new_session=True,
        )
        os.close(mouth)
        mouth = -1
        if child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps(order).encode())
                child.stdin.close()
        return wait_for(child, ear, state, deadline)
    except OSError as wrong:
        raise CannotStart(f"The sandbox's process cannot be started: {wrong.strerror}.") from None
    finally:
        for one in (log, ear, mouth):
            if one >= 0:
                os.close(one)


def child_environment(path: str) -> dict[str, str]:
    """Only what it needs: no token, no proxy, nothing of the caller's shell."""
    package_root = str(Path(__file__).resolve().parents[2])
    return {"PATH": path, "PYTHONPATH": package_root, "LANG": "C.UTF-8"}


def wait_for(child: subprocess.Popen[bytes], ear: int, state: Path, deadline: float) -> Running:
    said = b""
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([ear], [], [], max(0, deadline - time.monotonic()))
        part = os.read(ear, 4096) if ready else b""
        if not part:
            child.kill()
            child.wait()
            raise CannotStart(why_not(state, bool(ready)))
        said += part
    # The child lives on without us; Popen would complain that nobody waited for it.
    child.returncode = 0
    told = read_state(state)
    if told is None:
        raise CannotStart("The sandbox started and wrote no state.")
    return told[0]


def why_not(state: Path, died: bool) -> str:
    if not died:
        return "The sandbox did not come up in time."
    try:
        lines = (state / LOG).read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    if lines and "No module named" in lines[-1]:
        return f"The sandbox needs its extra packages ({lines[-1].split(':', 1)[-1].strip()})."
    return f"The sandbox ended at once: {lines[-1] if lines else 'it said nothing'}."


# -- the state file, and asking whoever it names -----------------------------------------------------------------------


def read_state(state: Path) -> tuple[Running, str] | None:
    try:
        kept = json.loads((state / STATE).read_text())
        return Running(**kept["running"]), str(kept["key"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        (state / STATE).unlink(missing_ok=True)
        return None


def write_state(state: Path, running: Running, key: str) -> None:
    """Whole or not at all, and for our eyes only."""
    draft = state / f"{STATE}.{os.getpid()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"running": asdict(running), "key": key}, file)
    draft.replace(state / STATE)


def ask(url: str, key: str, method: str, seconds: float = 2) -> dict[str, Any] | None:
    """Ask a sandbox who it is (GET), or to end (DELETE). The key keeps strangers on the port from being believed."""
    host, _, port = url.removeprefix("http://").partition(":")
    head = f"{method} {CONTROL} HTTP/1.1\r\nHost: {host}:{port}\r\n{KEY}: {key}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, int(port)), timeout=seconds) as line:
            line.sendall(head.encode())
            heard = b""
            while len(heard) < 65536 and (part := line.recv(4096)):
                heard += part
    except (OSError, ValueError):
        return None
    status_line, _, _ = heard.partition(b"\r\n")
    _, _, body = heard.partition(b"\r\n\r\n")
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if b" 200 " in status_line and isinstance(answer, dict) else None


def is_alive(pid: int) -> bool:
    """A child of ours that has ended counts as gone, so that `stop` works in the process that said `start`."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# -- serving -----------------------------------------------------------------------------------------------------------


def run_here(
    state: Path,
    *,
    path: str,
    story: str = "good-morning",
    port: int = 0,
    editor: str | None = None,
    idle_seconds: float = 0,
    pace: float = 1.0,
    ready: Callable[[Running], None] | None = None,
) -> None:
    """Serve in the foreground until SIGINT or SIGTERM; `ready` is told where. No idle end unless asked for."""
    check_story(story)
    program = find_editor(editor, path)
    state = state.absolute()
    with locked(state, time.monotonic() + 5):
        running = status(state)
        if running is not None:
            raise CannotStart(f"A sandbox runs already, at {running.url}.")
        listening = bind(port)
        serving = Serving(state, listening, path, story, program, idle_seconds, pace)
        serving.begin(ready or (lambda _: None))
    serving.until_ended()


class Serving:
    """The process that serves: its state file, its signals and its end."""

    def __init__(
        self,
        state: Path,
        listening: socket.socket,
        path: str,
        story: str,
        editor: str | None,
        idle_seconds: float,
        pace: float = 1.0,
    ) -> None:
        self._state, self._listening, self._path, self._story = state, listening, path, story
        self._editor, self._idle, self._pace = editor, idle_seconds, pace
        self._over = threading.Event()
        self._key = secrets.token_urlsafe(24)

    def begin(self, ready: Callable[[Running], None]) -> None:
        from .serve import Sandbox

        os.umask(0o077)
        shutil.rmtree(self._state / WORKSPACES, ignore_errors=True)
        (self._state / WORKSPACES).mkdir(mode=0o700, parents=True)
        self._sandbox = Sandbox(
            path=self._path,
            folder=self._state / WORKSPACES,
            editor=self._editor,
            pace=self._pace,
            story=self._story,
            listening=self._listening,
            control=(CONTROL, KEY, self._key, self._over.set),
        )
        started = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        world = self._sandbox.world
        at = Running(self._sandbox.url, world.token, os.getpid(), self._story, started, self._editor)
        write_state(self._state, at, self._key)
        ready(at)

    def until_ended(self) -> None:
        """Wait for a signal, for a wish to end, or for half an hour of silence; then end everything."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [(number, signal.signal(number, lambda *_: self._over.set())) for number in numbers]
        try:
            while not self._over.wait(min(1.0, self._idle / 4 or 1.0)):
                if self._idle and self._sandbox.idle_seconds() > self._idle:
                    break
        finally:
            told = read_state(self._state)
            if told is not None and told[0].pid == os.getpid():
                (self._state / STATE).unlink(missing_ok=True)
            self._sandbox.close()
            shutil.rmtree(self._state / WORKSPACES, ignore_errors=True)
            for number, handler in before:
                signal.signal(number, handler)
