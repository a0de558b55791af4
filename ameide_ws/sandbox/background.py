"""A sandbox beside you: start, stop and status of one in the background, or one in the foreground.

The parent binds the socket and hands it on, so that the address is known, and taken, before the child exists. This
module loads no web framework: asking whether one runs must cost nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .doors import can_hold_an_editor, find_program, listen
from .home import (
    CONTROL,
    KEY,
    LOG,
    STATE,
    WORKSPACES,
    CannotStart,
    Running,
    holder,
    locked,
    read_state,
)

__all__ = ["CannotStart", "Running", "run_here", "start", "status", "stop"]


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
        running = present(state, deadline)
        if running is not None:
            return running, False
        order = {"path": path, "story": story, "editor": program, "idle_seconds": idle_seconds, "pace": pace}
        with contextlib.closing(bind(port)) as listening:
            return launch(state, python, listening, order, deadline), True


def status(state: Path) -> Running | None:
    """The sandbox of this folder, if one lives, even if it does not answer; what a dead one left is cleared away."""
    told = read_state(state)
    if told is None:
        return None
    if is_there(state, told):
        return told[0]
    # Somebody who starts one now clears up as well, so nobody has to wait for that.
    with contextlib.suppress(CannotStart), locked(state, time.monotonic()):
        clear_the_dead(state)
    return None


def present(state: Path, deadline: float) -> Running | None:
    """The sandbox that answers; None when none lives. Under the lock.

    One that lives and is silent (slow, stopped, about to end) is waited for, and nothing of it is touched.
    """
    while True:
        told = read_state(state)
        if told is not None and answers(told):
            return told[0]
        if holder(state) is None:
            clear_the_dead(state)
            return None
        if time.monotonic() > deadline:
            where = f" at {told[0].url} (process {told[0].pid})" if told else ""
            raise CannotStart(f"A sandbox{where} runs and does not answer; ameide-ws sandbox stop ends it.")
        time.sleep(0.02)


def stop(state: Path, seconds: float = 5) -> bool:
    """End it with its workspaces' processes; True when there was one. On return its port is closed."""
    told, pid = read_state(state), None
    if told is not None and status(state) is not None:
        pid = told[0].pid
        ask(told[0].url, told[1], "DELETE")
    elif state.exists():
        # One that is about to end has taken its state away already.
        pid = holder(state)
    if not pid:
        return False
    # Only while it holds its lock is the pid surely its own.
    if not has_ended(pid, seconds) and holder(state) == pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        has_ended(pid, seconds)
    with contextlib.suppress(CannotStart), locked(state, time.monotonic() + seconds):
        clear_the_dead(state)
    return True


def has_ended(pid: int, seconds: float) -> bool:
    """Whether it ends in time."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def clear_the_dead(state: Path) -> None:
    """Under the lock: what a sandbox that is gone left behind."""
    told = read_state(state)
    if told is None or is_there(state, told):
        return
    (state / STATE).unlink(missing_ok=True)
    if holder(state) is None:
        end_leftovers(state)


def is_there(state: Path, told: tuple[Running, str]) -> bool:
    """Whether the sandbox that the state names answers, or at least lives."""
    return answers(told) or holder(state) == told[0].pid


def answers(told: tuple[Running, str]) -> bool:
    answer = ask(told[0].url, told[1], "GET")
    return answer is not None and answer.get("pid") == told[0].pid


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
    if not can_hold_an_editor():
        if editor:
            raise CannotStart("An editor needs Unix sockets, which this system does not have.")
        return None
    found = find_program(editor or "code-server", path)
    if editor and found is None:
        raise CannotStart(f"The editor {editor} is not a program that can be run.")
    return found


def bind(port: int) -> socket.socket:
    try:
        return listen(port)
    except OSError as wrong:
        raise CannotStart(f"Port {port} of 127.0.0.1 cannot be used: {wrong.strerror}.") from None
    except OverflowError:
        raise CannotStart(f"There is no port {port}.") from None


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
    if lines and CannotStart.__name__ in lines[-1]:
        return lines[-1].partition(": ")[2]
    return f"The sandbox ended at once: {lines[-1] if lines else 'it said nothing'}."


# -- asking whoever the state names ------------------------------------------------------------------------------------


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
    from .serving import Serving

    check_story(story)
    program = find_editor(editor, path)
    state = state.absolute()
    deadline = time.monotonic() + 5
    with locked(state, deadline):
        running = present(state, deadline)
        if running is not None:
            raise CannotStart(f"A sandbox runs already, at {running.url}.")
        listening = bind(port)
        serving = Serving(state, listening, path, story, program, idle_seconds, pace)
        serving.begin(ready or (lambda _: None))
    serving.until_ended()
