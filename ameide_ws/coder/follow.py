"""A log, or a workspace, as one stream that survives whatever happens to its connection.

The log's lines come each exactly once: the backlog by GET, then a socket from the last id, and again after any end.
The server's own word on whether more can come ends a stream; the code with which a socket closed never does.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ameide_ws.coder import model
from ameide_ws.coder.client import Coder
from ameide_ws.host import Host
from ameide_ws.problems import BadAnswer, Exit, ForeignOrigin, NotFound, Problem, Redirected, TlsTrouble
from ameide_ws.web import Refused, SocketEnded

if TYPE_CHECKING:
    from ameide_ws.web.socket import Socket

# Rows can become visible a little out of order, so a GET looks back this many ids; what was seen is not told twice.
LOOK_BACK = 200
DIALS = 3
POLL_SECONDS = (1.0, 2.0, 3.0)
# How long a stream may be without any answer before its last problem is raised (R2).
PATIENCE = 300.0
FRAME_SECONDS = 1.0
SLEPT_SECONDS = 10.0
LASTING_SECONDS = 5.0
# What is the same however often one asks.
LASTING = (BadAnswer, ForeignOrigin, Redirected, TlsTrouble)
# Each dial of a watch begins with a ping and the workspace as it is; only what comes after is news.
FIRST_FRAMES = 1


class Entry(NamedTuple):
    """One entry of a log; `source` is a stage of the build or the id of an agent's log source."""

    id: int
    at: Any
    level: str
    source: str
    text: str


class Log(Protocol):
    """One log of the server."""

    def backlog(self, after: int) -> Iterator[Entry]:
        """Its entries beyond an id, by GET."""

    def dial(self, after: int) -> "Socket":
        """A socket with its entries beyond an id. Raises Refused."""

    def entries(self, frame: Any) -> Iterator[Entry]:
        """The entries in one frame."""

    def is_active(self) -> bool:
        """Whether the server may still add to it."""


class Ids:
    """The ids that were seen, as ranges: a million of them in a row cost as much as one."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, number: int) -> bool:
        """Note an id; false when it had been seen."""
        at = bisect_right(self._starts, number)
        if at and number <= self._ends[at - 1]:
            return False
        after = at and self._ends[at - 1] == number - 1
        before = at < len(self._starts) and self._starts[at] == number + 1
        if after and before:
            self._ends[at - 1] = self._ends.pop(at)
            self._starts.pop(at)
        elif after:
            self._ends[at - 1] = number
        elif before:
            self._starts[at] = number
        else:
            self._starts.insert(at, number)
            self._ends.insert(at, number)
        return True

    @property
    def last(self) -> int:
        """The highest id seen, 0 before the first."""
        return self._ends[-1] if self._ends else 0


class BuildLog:
    """The log of one build."""

    def __init__(self, coder: Coder, build_id: str) -> None:
        self._coder, self._id = coder, build_id

    def backlog(self, after: int) -> Iterator[Entry]:
        return map(_of_build, self._coder.build_logs(self._id, after))

    def dial(self, after: int) -> "Socket":
        return self._coder.dial_build_logs(self._id, after)

    def entries(self, frame: Any) -> Iterator[Entry]:
        yield _of_build(self._coder.read(model.BuildLog, frame))

    def is_active(self) -> bool:
        return not self._coder.build_by_id(self._id).job.is_done


class AgentLog:
    """The log of one agent, which goes on as long as `is_wanted` says: its socket never ends by itself."""

    def __init__(self, coder: Coder, agent_id: str, is_wanted: Callable[[], bool]) -> None:
        self._coder, self._id, self._is_wanted = coder, agent_id, is_wanted

    def backlog(self, after: int) -> Iterator[Entry]:
        try:
            yield from map(_of_agent, self._coder.agent_logs(self._id, after))
        except NotFound:
            return  # the agent has gone, and its log with it

    def dial(self, after: int) -> "Socket":
        return self._coder.dial_agent_logs(self._id, after)

    def entries(self, frame: Any) -> Iterator[Entry]:
        yield from map(_of_agent, self._coder.read(tuple[model.AgentLog, ...], frame))

    def is_active(self) -> bool:
        return self._is_wanted()


def follow(log: Log, host: Host, closed: Event, say: Callable[[str], None]) -> Iterator[Entry]:
    """Each entry of a log once, until the server can add no more or `closed` is set."""
    seen, polls = Ids(), 0
    connection = _Connection(host, closed)

    def backlog() -> Iterator[Entry]:
        for entry in log.backlog(max(0, seen.last - LOOK_BACK)):
            if seen.add(entry.id):
                yield entry

    while not closed.is_set():
        try:
            active = log.is_active()
            yield from backlog()
            connection.answered()
            if not active:
                return
            if not connection.is_refused:
                for entry in _by_socket(log, seen.last, connection):
                    if seen.add(entry.id):
                        connection.is_useful = True
                        yield entry
                continue
        except Problem as problem:
            connection.failed(problem)
            continue
        if polls == 0:
            say(f"live streams are unavailable ({connection.why}), asking every few seconds instead")
        closed.wait(POLL_SECONDS[min(polls, len(POLL_SECONDS) - 1)])
        polls += 1


def _by_socket(log: Log, after: int, connection: "_Connection") -> Iterator[Entry]:
    """What one connection brings until it ends, in whichever way."""
    for frame in connection.frames(lambda: log.dial(after)):
        yield from log.entries(frame)


def watch(
    coder: Coder, workspace_id: str, host: Host, closed: Event, say: Callable[[str], None]
) -> Iterator[model.Workspace | None]:
    """The workspace as it is now and at each change; None once it is deleted. Ends when `closed` is set.

    Raises a Problem when nothing has answered for five minutes, and at once for what waiting cannot mend.
    """
    connection = _Connection(host, closed)
    polls = 0
    while not closed.is_set():
        try:
            if not connection.is_refused:
                frames = connection.frames(lambda: coder.dial_watch(workspace_id))
                for count, frame in enumerate(frames):
                    coder.trouble = None
                    connection.is_useful = count > FIRST_FRAMES
                    if isinstance(frame, dict) and frame.get("type") == "data":
                        yield coder.read(model.Workspace, frame.get("data"), ".data")
            # A watch that ended says nothing of why: a deleted workspace is only found out by asking.
            now = coder.workspace_by_id(workspace_id)
            coder.trouble = None
            connection.answered()
            yield now
            if now is None:
                return
        except Problem as problem:
            # What fails when the command's time is over says nothing about the network.
            coder.trouble = None if coder.web.time_is_up else problem
            connection.failed(problem)
            continue
        if connection.is_refused:
            if polls == 0:
                say(f"live streams are unavailable ({connection.why}), asking every few seconds instead")
            closed.wait(POLL_SECONDS[min(polls, len(POLL_SECONDS) - 1)])
            polls += 1


class _Connection:
    """What is known of the way to one stream: refusals in a row, and since when nothing has answered."""

    def __init__(self, host: Host, closed: Event) -> None:
        self._host, self._closed = host, closed
        self._last = host.monotonic()
        self._failures = 0
        self._refusals = 0
        self._garbled = 0
        self._barren = 0
        self.is_useful = False
        """Whether the present dial has brought anything that was not known before."""
        self.why = ""

    @property
    def is_refused(self) -> bool:
        """Whether sockets are not to be had here: three dials refused in a row, or three that brought nonsense."""
        return max(self._refusals, self._garbled) >= DIALS

    def answered(self) -> None:
        """The server has just answered."""
        self._last, self._failures = self._host.monotonic(), 0

    def failed(self, problem: Problem) -> None:
        """A call failed. Raises what waiting cannot mend, and anything after five minutes without an answer."""
        mendable = problem.exit == Exit.UNAVAILABLE and not isinstance(problem, LASTING)
        if not mendable or self._host.monotonic() - self._last > PATIENCE:
            raise problem
        self._pause(0.5, self._failures, 10.0)
        self._failures += 1

    def frames(self, dial: Callable[[], "Socket"]) -> Iterator[Any]:
        """The frames of one dial, as JSON. A refused dial gives none and is counted."""
        slept, began, self.is_useful = self._host.slept(), self._host.monotonic(), False
        try:
            socket = dial()
        except Refused as refused:
            self._refusals += 1
            self.why = f"HTTP {refused.answer.status}"
            self._pause(0.2, self._refusals, 2.0)
            return
        self._refusals = 0
        with socket:
            while not self._closed.is_set():
                try:
                    frame = socket.recv(FRAME_SECONDS)
                except SocketEnded:
                    break
                if self._host.slept() - slept > SLEPT_SECONDS:
                    # What a connection holds after the machine slept is stale, if it holds at all: dial at once.
                    self.is_useful = True
                    break
                self.answered()  # silence too is a sign of life: a connection that is dead is ended by its pings
                if frame is None:
                    continue
                try:
                    known = json.loads(frame)
                except (ValueError, RecursionError):
                    self._garbled += 1
                    self.why = "what comes is not JSON"
                    return
                self._garbled = 0
                yield known
        # Whatever takes each dial and ends it at once must not be dialled in a tight loop.
        lasted = self._host.monotonic() - began >= LASTING_SECONDS
        self._barren = 0 if self.is_useful or lasted else self._barren + 1
        self._pause(0.05, self._barren, 10.0)

    def _pause(self, first: float, times: int, most: float) -> None:
        if times:
            self._closed.wait(min(most, first * 2 ** min(times, 10)) * (0.5 + self._host.random() / 2))


def _of_build(row: model.BuildLog) -> Entry:
    return Entry(row.id, row.created_at, row.log_level, row.stage, row.output)


def _of_agent(row: model.AgentLog) -> Entry:
    return Entry(row.id, row.created_at, row.level, row.source_id, row.output)
