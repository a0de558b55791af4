"""A workspace as one stream: pushed where sockets are to be had, asked for where not, and None once it is deleted."""

import copy
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from ameide_ws.coder.client import Coder
from ameide_ws.coder.follow import PATIENCE, AgentLog, Entry, follow, watch
from ameide_ws.problems import BadAnswer, SignedOut, Unreachable
from ameide_ws.web import Answer, Web, parse_origin

from .hosts import Still
from .model_server import Instant, Scripted, refused, unreachable

RECORDINGS = Path(__file__).parents[1] / "contract" / "recordings"
READY = json.loads((RECORDINGS / "workspace-ready.json").read_text(encoding="utf-8"))
PING = json.dumps({"type": "ping", "data": None})
Step = Scripted | Exception


def told(status: str = "running") -> dict[str, Any]:
    workspace: dict[str, Any] = copy.deepcopy(READY["response"]["body"])
    workspace["latest_build"]["status"] = status
    return workspace


def frame(status: str = "running") -> str:
    return json.dumps({"type": "data", "data": told(status)})


class Wire:
    """What a Coder is given instead of a network: its dials and its GETs in turn, the last of each for ever."""

    origin = parse_origin("https://coder.example.com")
    time_is_up = False

    def __init__(self, host: Still, dials: Iterable[Step | Callable[[], Step]], gets: Iterable[Any]) -> None:
        self.host = host
        self._dials, self._gets = deque(dials), deque(gets)
        self.dials = self.gets = 0

    def dial(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        self.dials += 1
        assert self.dials < 3000, "dialled without end"
        step = self._dials.popleft() if len(self._dials) > 1 else self._dials[0]
        step = step if isinstance(step, Scripted | Exception) else step()
        if isinstance(step, Exception):
            raise step
        return step

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        self.gets += 1
        step = self._gets.popleft() if len(self._gets) > 1 else self._gets[0]
        step = step() if callable(step) else step
        if isinstance(step, Exception):
            raise step
        return Answer(404 if step is None else 200, {}, step, "GET", path)

    def items(self, path: str, query: Mapping[str, str] | None = None) -> Iterable[Any]:
        rows: list[Any] = self.get(path, query).body
        return rows


class Watched:
    """A watch with its host, its wire, and what it said."""

    def __init__(self, *dials: Step | Callable[[], Step], gets: Iterable[Any], host: Still | None = None) -> None:
        self.host = host or Still()
        self.wire = Wire(self.host, dials, gets)
        self.coder = Coder(cast(Web, self.wire))
        self.closed = Instant(self.host)
        self.said: list[str] = []

    def words(self, limit: int = 1000) -> list[str | None]:
        """The status of each workspace it gave; None for a deleted one."""
        found: list[str | None] = []
        for one in watch(self.coder, "workspace-1", self.host, self.closed, self.said.append):
            found.append(one.latest_build.status if one is not None else None)
            if len(found) == limit:
                self.closed.set()
        return found


def test_each_frame_is_a_workspace_and_a_ping_is_none() -> None:
    host = Still()
    watched = Watched(Scripted(host, PING, frame("starting"), PING, frame("running"), 1001), gets=[None], host=host)
    assert watched.words() == ["starting", "running", None]
    assert watched.said == []


def test_F57_W19_a_deletion_is_found_by_asking_because_the_watch_stays_silent() -> None:
    host = Still()
    watched = Watched(Scripted(host, frame("deleting"), None, None, 1006), gets=[None], host=host)
    assert watched.words() == ["deleting", None]


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1009, 1011, 1012])
def test_F29_any_end_of_the_socket_is_followed_by_another_look_and_another_dial(code: int) -> None:
    host = Still()
    first, second = Scripted(host, frame("pending"), code), Scripted(host, frame("starting"), code)
    watched = Watched(first, second, gets=[told("pending"), None], host=host)
    assert watched.words() == ["pending", "pending", "starting", None]
    assert watched.wire.dials == 2


@pytest.mark.parametrize("status", [403, 404, 502, 200])
def test_F27_refused_three_times_it_asks_every_few_seconds_and_says_so_once(status: int) -> None:
    gets = [*(told("starting") for _ in range(8)), None]
    watched = Watched(refused(status), gets=gets)
    assert watched.words() == ["starting"] * 8 + [None]
    assert watched.wire.dials == 3
    assert watched.said == [f"live streams are unavailable (HTTP {status}), asking every few seconds instead"]
    assert all(1.0 <= wait <= 3.0 for wait in watched.closed.waits[3:])


def test_F27_frames_that_are_no_json_lead_to_asking_too() -> None:
    host = Still()
    watched = Watched(lambda: Scripted(host, "<html>"), gets=[*(told() for _ in range(5)), None], host=host)
    assert watched.words()[-1] is None
    assert watched.wire.dials == 3
    assert watched.said == ["live streams are unavailable (what comes is not JSON), asking every few seconds instead"]


def test_F09_after_the_laptop_slept_the_old_connection_is_not_trusted() -> None:
    host = Still()

    def wake(at: int) -> None:
        if at == 1:
            host.suspended += 3600

    stale = Scripted(host, frame("pending"), frame("pending"), *[None] * 50, before=wake)
    fresh = Scripted(host, frame("running"), 1006)
    watched = Watched(stale, fresh, gets=[told("running"), None], host=host)
    assert watched.words() == ["pending", "running", "running", None]
    assert watched.wire.dials == 2
    assert len(watched.closed.waits) == 1, "only after the second, which lasted no time at all"


def test_F37_a_watch_nobody_reads_any_more_ends() -> None:
    host = Still()
    frames = [frame()] * 50
    watched = Watched(Scripted(host, *frames), gets=[told()], host=host)
    assert len(watched.words(limit=3)) <= 4


def test_F23_a_server_that_is_away_for_less_than_five_minutes_is_waited_for() -> None:
    watched = Watched(unreachable(), *[unreachable()] * 20, refused(502), gets=[told("running"), None])
    assert watched.words()[-1] is None
    assert 60 < sum(watched.closed.waits) < PATIENCE
    assert watched.coder.trouble is None


def test_R2_a_server_that_is_away_for_longer_is_a_problem_and_known_as_trouble() -> None:
    watched = Watched(unreachable(), gets=[told()])
    with pytest.raises(Unreachable):
        watched.words()
    assert PATIENCE < sum(watched.closed.waits) < PATIENCE + 30
    assert isinstance(watched.coder.trouble, Unreachable)


def test_F13_a_token_that_is_refused_ends_it_at_once() -> None:
    watched = Watched(refused(401), gets=[SignedOut("signed out", cause="401", tries=("sign in",))])
    with pytest.raises(SignedOut):
        watched.words()
    assert watched.wire.gets == 1


def test_F24_a_workspace_in_an_unknown_form_is_a_problem_that_names_the_path() -> None:
    host = Still()
    broken = told()
    del broken["latest_build"]["job"]["status"]
    watched = Watched(Scripted(host, json.dumps({"type": "data", "data": broken})), gets=[told()], host=host)
    with pytest.raises(BadAnswer) as raised:
        watched.words()
    assert ".data.latest_build.job.status: expected a value, got nothing" in raised.value.cause


@pytest.mark.parametrize("odd", ["[]", "3", "null", '"x"', '{"type":"error","data":{}}', '{"type":"new","data":1}'])
def test_F24_frames_of_other_kinds_are_passed_over(odd: str) -> None:
    host = Still()
    watched = Watched(Scripted(host, odd, frame(), 1006), gets=[None], host=host)
    assert watched.words() == ["running", None]


# The agent's log, whose socket never ends by itself.


def agent_row(number: int) -> dict[str, Any]:
    stamp = "2026-11-24T14:00:00Z"
    return {"id": number, "created_at": stamp, "output": f"line {number}", "level": "info", "source_id": "s"}


def agent_log(wire: Wire, closed: Instant) -> list[Entry]:
    log = AgentLog(Coder(cast(Web, wire)), "agent-1", lambda: not closed.is_set())
    return list(follow(log, wire.host, closed, lambda _: closed.set()))


def test_the_agents_frames_are_lists_and_the_first_may_be_empty() -> None:
    host = Still()
    closed = Instant(host)
    rows = [json.dumps([agent_row(number) for number in numbers]) for numbers in ((3, 4), (4, 5))]
    sockets: list[Step] = [Scripted(host, "[]", *rows, 1006), *[refused(502)] * 3]
    wire = Wire(host, sockets, [[agent_row(1), agent_row(2)], []])
    assert [one.id for one in agent_log(wire, closed)] == [1, 2, 3, 4, 5]


def test_W9_an_agent_that_has_gone_takes_its_log_with_it() -> None:
    class Gone(Wire):
        def items(self, path: str, query: Mapping[str, str] | None = None) -> Iterable[Any]:
            raise refused(404)

    host = Still()
    assert agent_log(Gone(host, [refused(404)], [None]), Instant(host)) == []
