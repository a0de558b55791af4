"""Passes that sign a browser in: each works once, and not for long."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

# A browser that was told opens the link at once; whoever saw it in a process list should come too late.
SECONDS = 60.0


class Passes:
    """The passes that were given out and not used yet, and the token each stands for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, tuple[str, float]] = {}

    def new(self, token: str) -> str:
        """A new pass for the token."""
        self._open = {name: entry for name, entry in self._open.items() if entry[1] > self._clock()}
        name = secrets.token_urlsafe(18)
        self._open[name] = (token, self._clock() + SECONDS)
        return name

    def use(self, name: str) -> str | None:
        """The token behind a pass, once; None for one that is none any more."""
        token, until = self._open.pop(name, ("", 0.0))
        return token if token and until > self._clock() else None
