"""How often a stream is dialled, and how long its silence is borne."""

from tests.core.hosts import Still
from tests.core.model_server import Instant, Scripted, refused, unreachable
from tests.core.test_watch import PING, Watched, Wire, agent_log, frame, told


def test_R2_a_silent_connection_that_lives_counts_as_an_answer() -> None:
    host = Still()
    silent = Scripted(host, frame("running"), *[None] * 400, 1012)
    watched = Watched(silent, Scripted(host, 1006), gets=[unreachable(), told("running"), None], host=host)
    assert watched.words()[-1] is None


def test_R3_a_connection_that_is_cut_after_each_first_frame_is_not_dialled_without_a_pause() -> None:
    host = Still()
    watched = Watched(lambda: Scripted(host, PING, frame()), gets=[told()], host=host)
    watched.words(limit=200)
    assert watched.wire.dials / max(1.0, sum(watched.closed.waits)) < 10


def test_R3_an_agents_log_that_is_cut_after_its_empty_first_frame_is_not_dialled_without_a_pause() -> None:
    host = Still()
    closed = Instant(host)
    wire = Wire(host, [lambda: Scripted(host, "[]")] * 200 + [lambda: refused(502)], [[]])
    agent_log(wire, closed)
    assert wire.dials / max(1.0, sum(closed.waits)) < 10
