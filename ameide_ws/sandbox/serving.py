"""The process that serves: what it writes down about itself, its signals and its end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from .home import CONTROL, KEY, STATE, WORKSPACES, Running, hold_for_life, read_state, write_state
from .serve import Sandbox


class Serving:
    """One sandbox of a state folder, in this process."""

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
        os.umask(0o077)
        self._life = hold_for_life(self._state)
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
            os.close(self._life)
            for number, handler in before:
                signal.signal(number, handler)
