"""The folder that a sandbox lives in: what it writes down there, and the locks that say who starts and who lives.

This module loads no web framework.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

STATE, LOCK, LIFE, LOG = "sandbox.json", "sandbox.lock", "sandbox.alive", "sandbox.log"
WORKSPACES = "sandbox-workspaces"
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


def private_folder(state: Path) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    # An existing folder may be wider than we want it; its files are ours alone in any case.
    with contextlib.suppress(OSError):
        state.chmod(0o700)


@contextlib.contextmanager
def locked(state: Path, deadline: float) -> Iterator[None]:
    """One starter at a time; the kernel lets go of the lock when its holder dies."""
    check_system()
    private_folder(state)
    handle = os.open(state / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not take(handle):
            if time.monotonic() > deadline:
                raise CannotStart("Another start of the sandbox does not come to an end.")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def take(handle: int, *, shared: bool = False) -> bool:
    """Lock an open file, if nobody holds it."""
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def check_system() -> None:
    try:
        import fcntl  # noqa: F401
    except ImportError:
        raise CannotStart("The sandbox needs a Unix-like system: Linux, macOS, or WSL on Windows.") from None


def hold_for_life(state: Path, seconds: float = 5) -> int:
    """A lock that says, as long as this process lives and however slow it is, that its sandbox is not dead."""
    handle = os.open(state / LIFE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + seconds
    # Whoever asks whether we live holds it for a moment.
    while not take(handle):
        if time.monotonic() > deadline:
            os.close(handle)
            raise CannotStart("Another sandbox lives in this folder.")
        time.sleep(0.02)
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def holder(state: Path) -> int | None:
    """The process of the sandbox that lives here; 0 when it has not said which."""
    try:
        handle = os.open(state / LIFE, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if take(handle, shared=True):
            return None
        said = os.pread(handle, 20, 0)
        return int(said) if said.isdigit() else 0
    finally:
        os.close(handle)


# -- the state file ----------------------------------------------------------------------------------------------------


def read_state(state: Path) -> tuple[Running, str] | None:
    try:
        kept = json.loads((state / STATE).read_text())
        return Running(**kept["running"]), str(kept["key"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_state(state: Path, running: Running, key: str) -> None:
    """Whole or not at all, and for our eyes only."""
    draft = state / f"{STATE}.{os.getpid()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"running": asdict(running), "key": key}, file)
    draft.replace(state / STATE)
