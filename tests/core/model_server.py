"""A log server in memory: rows that become visible as time goes on, and connections that end in every way there is.

Time is counted in steps, one for each thing asked of it; nothing here waits, and nothing depends on a thread.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ameide_ws.coder.follow import Entry
from ameide_ws.problems import Broken, Problem, Unreachable
from ameide_ws.web import Answer, Refused, SocketEnded
from tests.fakes import FakeHost

if TYPE_CHECKING:
    from ameide_ws.web.socket import Socket

ENOUGH = 5_000  # steps after which a follower counts as one that never ends


class Instant(threading.Event):
    """An Event whose waits take no time, but move the clock of the host and are written down."""

    def __init__(self, host: FakeHost) -> None:
        super().__init__()
        self._host = host
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None, "a wait without an end"
        self.waits.append(timeout)
        assert len(self.waits) < ENOUGH
        self._host.pass_time(timeout)
        return self.is_set()


class Row(NamedTuple):
    """One entry, and the step from which it can be seen."""

    id: int
    step: int


class Dial(NamedTuple):
    """What one dial leads to.

    refused: an HTTP status instead of a socket; fails: a Problem instead of an answer. drop: after that many frames,
    with that close code (None: it just broke). garbled: that frame is no JSON. giant: more rows than that at once end
    it with 1009. replays: the server forgets where it was told to begin; doubles: each frame comes twice; reorders:
    neighbours change places. batch: rows in one frame, 0 for one row that is no list.
    """

    refused: int = 0
    fails: bool = False
    drop: int | None = None
    code: int | None = 1000
    garbled: int | None = None
    giant: int | None = None
    replays: bool = False
    doubles: bool = False
    reorders: bool = False
    batch: int = 0


class Get(NamedTuple):
    """What one GET leads to. cut: the answer breaks off after that many rows; reorders: neighbours change places."""

    fails: bool = False
    cut: int | None = None
    reorders: bool = False


def unreachable() -> Problem:
    return Unreachable("nothing answers", cause="connection refused", tries=("try again",))


def refused(status: int) -> Refused:
    return Refused(Answer(status, {}, None, "GET", "/logs"))


def swapped(rows: list[Row]) -> list[Row]:
    """Neighbours in each other's place."""
    return [row for at in range(0, len(rows), 2) for row in reversed(rows[at : at + 2])]


class ModelLog:
    """One log, as `follow` wants it. `asked` is what was asked: ("get", after), ("dial", after), ("active", 0)."""

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        done: int,
        host: FakeHost,
        dials: Iterable[Dial] = (),
        gets: Iterable[Get] = (),
    ) -> None:
        self.rows = sorted(rows)
        self.done = done
        self.host = host
        self.dials, self.gets = deque(dials), deque(gets)
        self.step = 0
        self.asked: list[tuple[str, int]] = []

    def tick(self) -> None:
        self.step += 1
        assert self.step < ENOUGH, "the follower does not end"

    @property
    def is_done(self) -> bool:
        return self.step >= self.done

    def visible(self, after: int) -> list[Row]:
        return [row for row in self.rows if row.id > after and row.step <= self.step]

    # What `follow` asks.

    def is_active(self) -> bool:
        self.tick()
        self.asked.append(("active", 0))
        return not self.is_done

    def backlog(self, after: int) -> Iterator[Entry]:
        self.tick()
        self.asked.append(("get", after))
        how = self.gets.popleft() if self.gets else Get()
        if how.fails:
            raise unreachable()
        rows = self.visible(after)
        for row in (swapped(rows) if how.reorders else rows)[: how.cut]:
            yield entry(row.id)
        if how.cut is not None:
            raise Broken("the answer broke off", cause="reset", tries=("try again",))

    def dial(self, after: int) -> "Socket":
        self.tick()
        self.asked.append(("dial", after))
        how = self.dials.popleft() if self.dials else Dial()
        if how.refused:
            raise refused(how.refused)
        if how.fails:
            raise unreachable()
        return cast("Socket", ModelSocket(self, 0 if how.replays else after, how))

    def entries(self, frame: Any) -> Iterator[Entry]:
        for told in frame if isinstance(frame, list) else [frame]:
            yield entry(told["id"])


def entry(number: int) -> Entry:
    return Entry(number, None, "info", "stage", f"line {number}")


class ModelSocket:
    """One connection; as Coder's, it never goes back to a row below the last it sent."""

    def __init__(self, log: ModelLog, after: int, how: Dial) -> None:
        self._log, self._last, self._how = log, after, how
        self._frames: deque[str] = deque()
        self._sent = 0
        self.is_closed = False

    def __enter__(self) -> "ModelSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closed = True

    def recv(self, seconds: float | None) -> str | None:
        assert not self.is_closed
        assert seconds is not None, "a wait without an end"
        self._log.tick()
        how = self._how
        if how.drop is not None and self._sent >= how.drop:
            raise SocketEnded(how.code, "")
        if not self._frames:
            self._fill()
        if not self._frames:
            if self._log.is_done:
                raise SocketEnded(1000, "done")
            self._log.host.pass_time(seconds)
            return None
        self._sent += 1
        frame = self._frames.popleft()
        return "<html>no JSON" if how.garbled == self._sent - 1 else frame

    def _fill(self) -> None:
        how, rows = self._how, self._log.visible(self._last)
        if not rows:
            return
        if how.giant is not None and len(rows) > how.giant:
            raise SocketEnded(1009, "message too big")
        self._last = max(row.id for row in rows)
        rows = swapped(rows) if how.reorders else rows
        told = [{"id": row.id} for row in rows]
        size = how.batch or 1
        frames: list[Any] = [told[at : at + size] for at in range(0, len(told), size)] if how.batch else list(told)
        for frame in frames:
            self._frames += [json.dumps(frame)] * (2 if how.doubles else 1)


class Scripted:
    """A socket that says these frames one after the other: None is silence, a number is a close code."""

    def __init__(self, host: FakeHost, *frames: str | int | None, before: Callable[[int], None] | None = None) -> None:
        self._host, self._frames, self._before = host, frames, before
        self._at = 0

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def recv(self, seconds: float | None) -> str | None:
        at, self._at = self._at, self._at + 1
        if self._before is not None:
            self._before(at)
        if at >= len(self._frames):
            raise SocketEnded(None, "")
        frame = self._frames[at]
        if isinstance(frame, int):
            raise SocketEnded(frame, "")
        if frame is None:
            self._host.pass_time(seconds or 0.0)
        return frame
