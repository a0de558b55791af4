"""When a request is tried again, how long it waits, and what is said meanwhile."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.problems import NotCoder, Problem, RateLimited, TooSlow, Unreachable
from ameide_ws.web import Unsure, Web, retry
from tests.web.conftest import Maker, Server, WebHost
from tests.wire import closed_port

Said = tuple[int, dict[str, str], Any]
NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
OK: Said = (200, {}, {"ok": True})
PAGE: Said = (503, {"Content-Type": "text/html"}, b"<html><title>503</title>")
JSON_503: Said = (503, {}, {"message": "shutting down"})


def http(at: datetime) -> str:
    return format_datetime(at, usegmt=True)


@pytest.mark.parametrize(
    ("status", "safe", "from_coder", "tries"),
    [
        *[(status, True, True, retry.ALWAYS) for status in (408, 425, 429, 502, 503, 504)],
        (500, True, True, retry.ONCE),
        *[(status, True, True, retry.NEVER) for status in (200, 301, 400, 401, 403, 404, 409, 410, 422, 501)],
        (429, False, True, retry.ALWAYS),
        (503, False, False, retry.ALWAYS),
        (503, False, True, retry.NEVER),
        *[(status, False, False, retry.NEVER) for status in (408, 425, 500, 502, 504, 404)],
    ],
)
def test_R2_the_table_of_statuses(status: int, safe: bool, from_coder: bool, tries: int) -> None:
    assert retry.repeats(status, safe=safe, from_coder=from_coder) == tries


@given(st.integers(0, 40), st.floats(0, 1, exclude_max=True))
def test_R2_full_jitter_stays_below_its_limit(tries: int, chance: float) -> None:
    assert 0 <= retry.pause(tries, chance) <= min(10.0, 0.5 * 2.0**tries)


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=10, max_size=10), st.none() | st.floats(0, 50))
def test_R2_never_more_than_six_tries_and_sixty_seconds(chances: list[float], until: float | None) -> None:
    pace = retry.Pace(0.0, until)
    now = 0.0
    for chance in chances:
        pace.tries += 1
        wait = pace.wait(retry.ALWAYS, None, now, chance)
        if wait is None:
            break
        now += wait
    assert pace.tries <= retry.TRIES
    assert now < (60.0 if until is None else max(until, 0.001))


WAITS = [
    ({"retry-after": "7"}, 7.0),
    ({"retry-after": " 7 "}, 7.0),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": "500"}, 120.0),
    ({"retry-after": "-1"}, None),
    ({"retry-after": "1e9"}, None),
    ({"retry-after": "99999999"}, None),
    ({"retry-after": "٣"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": ""}, None),
    ({}, None),
    ({"retry-after": http(NOW + timedelta(seconds=9)), "date": http(NOW)}, 9.0),
    ({"retry-after": http(NOW - timedelta(seconds=9)), "date": http(NOW)}, None),
    ({"retry-after": http(NOW + timedelta(seconds=9))}, None),
    ({"retry-after": "60", "x-ratelimit-reset": str(int(NOW.timestamp()) + 11), "date": http(NOW)}, 11.0),
    ({"retry-after": "60", "x-ratelimit-reset": str(int(NOW.timestamp()) - 5), "date": http(NOW)}, 0.0),
    ({"retry-after": "60", "x-ratelimit-reset": "9" * 30, "date": http(NOW)}, 60.0),
    ({"retry-after": "60", "x-ratelimit-reset": str(int(NOW.timestamp()) + 11)}, 60.0),
    ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 11), "date": http(NOW)}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS)
def test_R3_retry_after_by_the_servers_own_clock(headers: dict[str, str], seconds: float | None) -> None:
    assert retry.asked_wait(headers) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "date", "x-ratelimit-reset"]), st.text(max_size=40)))
def test_R3_any_header_is_a_wait_or_none(headers: dict[str, str]) -> None:
    wait = retry.asked_wait(headers)
    assert wait is None or 0 <= wait <= 120


def test_F23_five_times_503_and_then_the_answer(server: Server, web: Web, host: WebHost) -> None:
    server.in_turn(PAGE, JSON_503, PAGE, JSON_503, PAGE, OK)
    assert web.get("/api/v2/x").body == {"ok": True}
    assert len(server.asked) == 6
    assert host.waits == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_F23_six_are_enough(server: Server, web: Web) -> None:
    server.in_turn(JSON_503)
    assert web.get("/api/v2/x").status == 503
    assert len(server.asked) == 6
    server.in_turn(PAGE)
    with pytest.raises(NotCoder):
        web.get("/api/v2/x")
    assert len(server.asked) == 12


def test_F23_a_500_is_tried_once_more(server: Server, web: Web) -> None:
    server.in_turn((500, {}, {"message": "x"}))
    assert web.get("/api/v2/x").status == 500
    assert len(server.asked) == 2


def test_R2_no_other_4xx_is_tried_again(server: Server, web: Web) -> None:
    for status in (400, 401, 403, 404, 409, 410, 422):
        server.asked.clear()
        server.in_turn((status, {}, {"message": "x"}))
        web.get("/api/v2/x")
        assert len(server.asked) == 1


def test_F22_a_rate_limit_is_waited_for_and_said(server: Server, web_to: Maker, host: WebHost) -> None:
    said: list[str] = []
    limits = {"Retry-After": "60", "Date": http(NOW), "X-RateLimit-Reset": str(int(NOW.timestamp()) + 7)}
    server.in_turn((429, limits, {"message": "You've been rate limited"}), OK)
    assert web_to(server.url, say=said.append).get("/api/v2/x").status == 200
    assert host.waits == [7.0]
    assert said == ["server busy, trying again in 7 s (2/6)"]


def test_F22_a_wait_that_is_too_long_is_a_problem(server: Server, web: Web, host: WebHost) -> None:
    server.in_turn((429, {"Retry-After": "90", "X-Coder-Request-Id": "r-9"}, {"message": "x"}))
    with pytest.raises(RateLimited) as caught:
        web.get("/api/v2/x")
    assert "in 1 min 30 s" in caught.value.tries[0]
    assert caught.value.ref == "request r-9"
    assert host.waits == []
    with pytest.raises(RateLimited):
        web.post("/api/v2/x", {})


def test_R2_a_change_is_tried_again_only_where_it_reached_nobody(server: Server, web: Web) -> None:
    for first, asked in ((PAGE, 2), ((429, {}, {"message": "x"}), 2), (JSON_503, 1)):
        server.asked.clear()
        server.in_turn(first, OK)
        assert web.post("/api/v2/x", {}).status in (200, 503)
        assert len(server.asked) == asked
    for status in (500, 502, 504):
        server.asked.clear()
        server.in_turn((status, {"Content-Type": "text/html"}, b"<html>"), OK)
        with pytest.raises(Unsure):
            web.post("/api/v2/x", {})
        assert len(server.asked) == 1
    server.in_turn((500, {}, {"message": "x"}), OK)
    assert web.post("/api/v2/x", {}).status == 500
    server.asked.clear()
    server.in_turn((503, {"Content-Type": "text/plain", "X-Coder-Build-Version": "v2.36.0"}, b"busy"), OK)
    assert web.post("/api/v2/x", {}).body == {"message": "busy"}
    assert len(server.asked) == 1


def test_R2_a_post_that_only_reads_is_tried_like_a_get(server: Server, web: Web) -> None:
    server.in_turn((502, {"Content-Type": "text/html"}, b"<html>"), JSON_503, OK)
    assert web.post("/api/v2/evaluate", {}, reads=True).status == 200


def test_R2_a_change_nobody_answers_is_not_unsure(web_to: Maker, host: WebHost) -> None:
    with pytest.raises(Unreachable):
        web_to(f"http://127.0.0.1:{closed_port()}").post("/api/v2/x", {})
    assert len(host.waits) == 5


def test_R4_the_commands_own_limit_ends_the_tries(server: Server, web_to: Maker, host: WebHost) -> None:
    server.in_turn(JSON_503)
    web = web_to(server.url, until=host.monotonic() + 1.2)
    assert web.get("/api/v2/x").status == 503
    assert host.waits == [0.25, 0.5]
    assert not web.time_is_up
    host.pass_time(5)
    assert web.time_is_up
    with pytest.raises(TooSlow, match="time is up") as caught:
        web.get("/api/v2/x")
    assert "--timeout" in caught.value.cause
    with pytest.raises(TooSlow):
        web.post("/api/v2/x", {})
    with pytest.raises(TooSlow):
        web.dial("/api/v2/x")


def test_R2_a_lost_network_is_said_while_it_is_waited_for(web_to: Maker, host: WebHost) -> None:
    said: list[str] = []
    web = web_to(f"http://127.0.0.1:{closed_port()}", say=said.append)
    with pytest.raises(Problem):
        web.get("/api/v2/x")
    assert [line.rpartition(", ")[2] for line in said] == ["trying again in 4 s (6/6)"]
    assert said[0].startswith("nothing answers at 127.0.0.1:")
