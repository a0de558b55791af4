"""Coder's rate limit (coderd/httpmw/ratelimit.go over go-chi/httprate): a minute's window by user and exact path."""

from __future__ import annotations

import time
from collections.abc import Callable

WINDOW = 60


class Limits:
    def __init__(self, limit: int = 512, clock: Callable[[], float] = time.time) -> None:
        self.limit = limit
        self._clock = clock
        self._counts: dict[tuple[str, str, int], int] = {}
        self._window = 0

    def count(self, who: str, path: str) -> tuple[bool, dict[str, str]]:
        """Count one request: whether it may pass, and the headers either answer carries."""
        now = self._clock()
        window = int(now // WINDOW)
        if window != self._window:
            self._window = window
            self._counts = {key: many for key, many in self._counts.items() if key[2] >= window - 1}
        # httprate slides: the last window weighs as much as is left of it.
        before = self._counts.get((who, path, window - 1), 0)
        here = self._counts.get((who, path, window), 0)
        rate = int(before * (WINDOW - now % WINDOW) / WINDOW + here)
        allowed = rate < self.limit
        if allowed:
            self._counts[who, path, window] = here + 1
        headers = {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, self.limit - rate - 1)),
            "x-ratelimit-reset": str((window + 1) * WINDOW),
        }
        if not allowed:
            # httprate always names the whole window, though X-RateLimit-Reset knows better (go-chi/httprate#47).
            headers["retry-after"] = str(WINDOW)
        return allowed, headers

    @property
    def sentence(self) -> str:
        return f"You've been rate limited for sending more than {self.limit} requests in 1m0s."
