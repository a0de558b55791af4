"""Faults per route: each knob, seen from the other side of the wire."""

from __future__ import annotations

import gzip
import io
import json
import time
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ameide_ws.sandbox.faults import Faults
from ameide_ws.sandbox.spoiling import bomb
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import Dial, create

ME = "GET /api/v2/users/me"


def test_a_status_with_a_number_of_times(api: httpx.Client, world: World) -> None:
    world.fault(ME, status=503, times=2)
    assert [api.get("/api/v2/users/me").status_code for _ in range(3)] == [503, 503, 200]


def test_a_queue_of_statuses_in_which_0_lets_one_through(api: httpx.Client, world: World) -> None:
    world.fault(ME, status=[502, 0, 429], retry_after=7)
    answers = [api.get("/api/v2/users/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [502, 200, 429, 200]
    assert answers[2].headers["retry-after"] == "7"


def test_a_fault_matches_by_pattern_and_method_and_the_newest_wins(api: httpx.Client, world: World) -> None:
    world.fault("GET /api/v2/workspaces*", status=500)
    world.fault("* /api/v2/workspaces", status=501)
    assert api.get("/api/v2/workspaces").status_code == 501
    assert api.get("/api/v2/workspaces/x").status_code == 500
    assert create(api).status_code == 201
    world.mend()
    assert api.get("/api/v2/workspaces").status_code == 200


def test_a_fault_on_an_unknown_route_is_asked_for_and_so_expected(api: httpx.Client, world: World) -> None:
    world.fault("GET /sso", status=200, body="html")
    answer = api.get("/sso")
    assert answer.headers["content-type"].startswith("text/html")
    assert b"company" in answer.content


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("empty", b""),
        (b"raw", b"raw"),
        ("words", b"words"),
        ({"a": [1, "<"]}, b'{"a":[1,"\\u003c"]}\n'),
        ("deep", b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_a_body_is_sent_as_wanted(api: httpx.Client, world: World, body: Any, content: bytes) -> None:
    world.fault(ME, body=body)
    answer = api.get("/api/v2/users/me")
    assert (answer.status_code, answer.content) == (200, content)


def test_a_status_without_a_body_is_coders_error(api: httpx.Client, world: World) -> None:
    world.fault(ME, status=500)
    assert set(api.get("/api/v2/users/me").json()) == {"message"}


def test_a_truncated_answer_is_the_real_one_cut_off(api: httpx.Client, world: World) -> None:
    world.fault(ME, body="truncated", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        api.get("/api/v2/users/me")
    assert api.get("/api/v2/users/me").status_code == 200


def test_a_drop_after_so_many_bytes(api: httpx.Client, world: World) -> None:
    world.fault(ME, drop_after=10)
    with api.stream("GET", "/api/v2/users/me") as answer, pytest.raises(httpx.RemoteProtocolError):
        assert len(answer.read()) == 10


def test_a_bomb_is_small_on_the_wire(api: httpx.Client, world: World) -> None:
    world.fault(ME, body="bomb")
    with api.stream("GET", "/api/v2/users/me") as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 2**20
    assert len(bomb()) * 500 < 2**29
    with gzip.open(io.BytesIO(bomb())) as file:
        assert file.read(1) == b"["


def test_a_huge_answer_comes_without_a_length_and_may_be_left(api: httpx.Client, world: World) -> None:
    world.fault(ME, body="huge")
    with api.stream("GET", "/api/v2/users/me") as answer:
        assert "content-length" not in answer.headers
        assert next(answer.iter_raw(1000)).startswith(b"[ ")
    world.mend()
    assert api.get("/api/v2/users/me").status_code == 200


def test_a_redirect_goes_where_it_is_told(api: httpx.Client, world: World) -> None:
    world.fault(ME, redirect="https://elsewhere.example/", status=307)
    answer = api.get("/api/v2/users/me")
    assert (answer.status_code, answer.headers["location"]) == (307, "https://elsewhere.example/")


def test_headers_are_changed_in_the_real_answer(api: httpx.Client, world: World) -> None:
    world.fault(ME, headers={"Content-Type": "text/html"})
    answer = api.get("/api/v2/users/me")
    assert (answer.headers["content-type"], answer.json()["username"]) == ("text/html", "dev1")


def test_a_delay_and_a_drip_take_their_time(api: httpx.Client, world: World) -> None:
    world.fault(ME, delay=0.1, times=1)
    began = time.monotonic()
    api.get("/api/v2/users/me")
    assert time.monotonic() - began >= 0.1
    world.fault(ME, body=b"0123456789", drip=0.01)
    began = time.monotonic()
    assert api.get("/api/v2/users/me").content == b"0123456789"
    assert time.monotonic() - began >= 0.1


def test_a_dial_is_refused(world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    world.fault("WS /api/v2/workspaces/*/watch-ws", status=503, body="html", times=1)
    with pytest.raises(InvalidStatus) as refused, dial(f"/api/v2/workspaces/{arranged.id}/watch-ws"):
        pass
    assert refused.value.response.status_code == 503


def test_a_socket_is_dropped_after_so_many_frames(world: World, dial: Dial) -> None:
    build = world.workspace("demo").latest.id
    world.fault("WS /api/v2/workspacebuilds/*/logs", drop_after=3)
    with dial(f"/api/v2/workspacebuilds/{build}/logs?follow") as log:
        for _ in range(3):
            assert json.loads(log.recv(timeout=5))["id"]
        with pytest.raises(ConnectionClosed) as closed:
            log.recv(timeout=5)
    assert closed.value.rcvd is None


def test_a_socket_is_closed_with_a_code(world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    path = f"/api/v2/workspaces/{arranged.id}/watch-ws"
    for knobs, before in (({"close": 1012}, 0), ({"close": 1001, "drop_after": 1}, 1)):
        world.mend()
        world.fault("WS /api/v2/workspaces/*/watch-ws", **knobs)
        with dial(path) as watch:
            for _ in range(before):
                watch.recv(timeout=5)
            with pytest.raises(ConnectionClosed) as closed:
                watch.recv(timeout=5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == knobs["close"]


def test_frames_are_doubled(world: World, dial: Dial) -> None:
    build = world.workspace("demo").latest.id
    world.fault("WS /api/v2/workspacebuilds/*/logs", duplicate=True)
    with dial(f"/api/v2/workspacebuilds/{build}/logs?follow") as log:
        assert log.recv(timeout=5) == log.recv(timeout=5)


def test_something_happens_before_the_answer(api: httpx.Client, world: World) -> None:
    world.fault(ME, before=world.revoke, times=1)
    assert api.get("/api/v2/users/me").status_code == 200
    assert api.get("/api/v2/users/me").status_code == 401


def test_a_spoiled_request_is_recorded_too(api: httpx.Client, world: World) -> None:
    world.fault(ME, status=500)
    api.get("/api/v2/users/me")
    assert [one.path for one in world.requests] == ["/api/v2/users/me"]


def test_a_route_without_method_or_an_unknown_knob_is_a_mistake(world: World) -> None:
    with pytest.raises(ValueError, match="users/me"):
        world.fault("/api/v2/users/me", status=500)
    with pytest.raises(TypeError):
        Faults().add(ME, statsu=500)


@pytest.mark.parametrize("body", ["htm", "HTML", "jsn", "truncate", "bombs", "deeep"])
def test_a_class_of_bodies_that_is_misspelt_is_a_mistake(world: World, body: str) -> None:
    with pytest.raises(ValueError, match=f"not '{body}'"):
        world.fault(ME, body=body)
