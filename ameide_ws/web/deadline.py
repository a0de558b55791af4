"""How long a thing on the network may take, counted on one clock.

A Deadline travels as httpx's own timeout down to the sockets: each exchange carries its own, threads share nothing.
"""

from collections.abc import Callable
from typing import NamedTuple, Self


class Limits(NamedTuple):
    """Seconds for one try: to be connected (TLS included), until the first byte, for the whole; and for one address."""

    connect: float = 10.0
    first_byte: float = 15.0
    total: float = 30.0
    address: float = 3.0
    probe: float = 5.0
    close: float = 0.5


class Late(Exception):
    """A deadline has passed. stage: `connect`, `answer`, `whole`, or `command` for the limit of the whole command."""

    def __init__(self, stage: str, seconds: float) -> None:
        super().__init__(stage)
        self.stage = stage
        self.seconds = seconds


class Deadline(float):
    """The end of one exchange. As a float it is its whole budget in seconds, which is all httpx's types ask for.

    wrote: whether anything of the request has left; heard: whether anything of the answer has come.
    """

    wrote: bool
    heard: bool

    def __new__(cls, clock: Callable[[], float], limits: Limits, total: float, left: float | None = None) -> Self:
        """total: seconds for this exchange; left: seconds the whole command still has, None for no limit."""
        self = super().__new__(cls, total if left is None else max(0.0, min(total, left)))
        self._clock = clock
        self._limits = limits
        self._stage = "whole" if left is None or total <= left else "command"
        begun = clock()
        self._end = begun + float(self)
        self._connect_end = min(self._end, begun + limits.connect)
        self._answer_end = self._end
        self.wrote = self.heard = False
        return self

    _clock: Callable[[], float]
    _limits: Limits
    _stage: str
    _end: float
    _connect_end: float
    _answer_end: float

    def to_connect(self) -> float:
        """Seconds left to be connected. Raises Late."""
        if self._connect_end < self._end:
            return self._left(self._connect_end, "connect", self._limits.connect)
        return self.to_end()

    def to_end(self) -> float:
        """Seconds left for the whole. Raises Late."""
        return self._left(self._end, self._stage, float(self))

    def to_read(self) -> float:
        """Seconds the next byte may take. Raises Late."""
        if self.heard or self._answer_end >= self._end:
            return self.to_end()
        return self._left(self._answer_end, "answer", self._limits.first_byte)

    def writing(self) -> float:
        """Seconds a write may take; the wait for the answer begins after it. Raises Late."""
        self.wrote = True
        if not self.heard:
            self._answer_end = min(self._end, self._clock() + self._limits.first_byte)
        return self.to_end()

    def extend(self, seconds: float) -> None:
        """Time that was not the network's: whoever takes the items may be slow."""
        if self._stage != "command":
            self._end += seconds

    def _left(self, end: float, stage: str, seconds: float) -> float:
        left = end - self._clock()
        if left <= 0:
            raise Late(stage, seconds)
        return left
