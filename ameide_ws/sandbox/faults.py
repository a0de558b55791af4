"""Faults per route: what a test or a story wants to go wrong between Coder and its client.

Matching and counting live here; gate.py makes the fault happen on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

# Bodies by class, for `body=`; anything else is sent as it is (bytes, text) or as JSON (dict, list). Text that is
# almost one of these is a typing error.
CLASSES = ("json", "html", "empty", "truncated", "deep", "bomb", "huge")
SIGN_IN_PAGE = (
    b"<!doctype html><html><head><title>Sign in to Example Corp</title></head>"
    b"<body><form method=post action=/sso>Your company asks you to sign in first.</form></body></html>"
)
DEEP = 100_000
HUGE = 64 * 1024 * 1024
BOMB = 512 * 1024 * 1024


@dataclass
class Fault:
    """What goes wrong on one route. Times are seconds; `drop_after` counts frames, or bytes of a plain answer."""

    route: str
    times: int | None = None
    status: int | None = None
    statuses: list[int] = field(default_factory=list)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    drop_after: int | None = None
    close: int | None = None
    redirect: str | None = None
    retry_after: str | None = None
    duplicate: bool = False
    before: Callable[[], None] | None = None

    @property
    def answers(self) -> bool:
        """Whether it answers by itself, rather than spoiling the real answer."""
        replaces = self.body is not None and self.body != "truncated"
        return self.status is not None or self.redirect is not None or replaces

    def matches(self, method: str, path: str) -> bool:
        wanted, _, pattern = self.route.partition(" ")
        return wanted in (method, "*") and fnmatchcase(path, pattern)


def check_body(body: Any) -> None:
    if not isinstance(body, str) or body in CLASSES:
        return
    near = get_close_matches(body.lower(), CLASSES, 1)
    if near and len(body) < 2 * len(near[0]):
        raise ValueError(f"a fault's body is {near[0]!r}, not {body!r}; for a text like that, give bytes")


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, route: str, **knobs: Any) -> Fault:
        if " " not in route:
            raise ValueError(f'a fault\'s route is like "GET /api/v2/users/me", not {route!r}')
        if isinstance(knobs.get("status"), Sequence):
            knobs["statuses"] = list(knobs.pop("status"))
        if knobs.get("retry_after") is not None:
            knobs["retry_after"] = str(knobs["retry_after"])
        check_body(knobs.get("body"))
        fault = Fault(route, **knobs)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def pick(self, method: str, path: str) -> Fault | None:
        """The newest fault for a request, with its next status taken from the queue; it counts as used."""
        for fault in reversed(self._faults):
            if not fault.matches(method, path):
                continue
            if fault.times is not None:
                fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
            return self._next(fault)
        return None

    def _next(self, fault: Fault) -> Fault:
        if not fault.statuses:
            return fault
        status = fault.statuses.pop(0)
        if not fault.statuses and fault in self._faults:
            self._faults.remove(fault)
        # 0 lets this one request through.
        return Fault(
            fault.route,
            status=status or None,
            body=fault.body if status else None,
            headers=fault.headers,
            delay=fault.delay,
            drip=fault.drip,
            drop_after=fault.drop_after,
            close=fault.close,
            redirect=fault.redirect if status else None,
            retry_after=fault.retry_after,
            before=fault.before,
        )
