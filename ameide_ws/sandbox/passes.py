"""Passes that sign a browser in: each works once, and not for long."""

from __future__ import annotations

import secrets
import time

SECONDS = 300.0


class Passes:
    """The passes that were given out and not used yet, and the token each stands for."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, float]] = {}

    def new(self, token: str) -> str:
        """A new pass for the token."""
        self._open = {name: entry for name, entry in self._open.items() if entry[1] > time.monotonic()}
        name = secrets.token_urlsafe(18)
        self._open[name] = (token, time.monotonic() + SECONDS)
        return name

    def use(self, name: str) -> str | None:
        """The token behind a pass, once; None for one that is none any more."""
        token, until = self._open.pop(name, ("", 0.0))
        return token if token and until > time.monotonic() else None
