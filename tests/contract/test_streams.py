"""Logs and watches: by GET and by socket, from the start and from an id on, and how each of them ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from ameide_ws.coder.follow import AgentLog, BuildLog, follow, watch
from ameide_ws.problems import NotFound
from ameide_ws.web import Refused
from tests.contract.target import SECONDS, Json, Target, agent_of

UNKNOWN = "a" * 10 + "-" + "b" * 22
STRANGE = "11111111-1111-4111-8111-111111111111"


def build_log(workspace: Json) -> str:
    return f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/logs"


def agent_log(workspace: Json) -> str:
    return f"/api/v2/workspaceagents/{agent_of(workspace)['id']}/logs"


def messages(socket: ClientConnection) -> Iterator[str]:
    """What comes until the other side closes."""
    while True:
        try:
            yield str(socket.recv(timeout=SECONDS))
        except ConnectionClosed:
            return


def quiet(socket: ClientConnection) -> Iterator[str]:
    """The states that a watch still tells, until it falls silent. Raises ConnectionClosed when it ends."""
    while True:
        try:
            event = json.loads(socket.recv(timeout=0.3))
        except TimeoutError:
            return
        if event["type"] == "data":
            yield event["data"]["latest_build"]["status"]


# The log of a build.


def test_a_build_log_has_entries_in_the_order_of_their_ids(coder: Target) -> None:
    rows = coder.get(build_log(coder.shared()))
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
    for row in rows:
        assert row.keys() == {"id", "created_at", "log_source", "log_level", "stage", "output"}
        assert row["log_source"] in ("provisioner_daemon", "provisioner")
        assert row["log_level"] in ("trace", "debug", "info", "warn", "error")
    assert rows[0]["stage"] == "Setting up"
    assert {row["stage"] for row in rows} >= {"Setting up", "Planning Infrastructure", "Cleaning Up"}


def test_by_get_and_by_socket_a_log_has_the_same_entries(coder: Target) -> None:
    path = build_log(coder.shared())
    rows = coder.get(path)
    with coder.socket(f"{path}?follow") as socket:
        told = [json.loads(message) for message in messages(socket)]
        assert (socket.close_code, socket.close_reason) == (1000, "done")
    assert told == rows


def test_after_means_strictly_after(coder: Target) -> None:
    path = build_log(coder.shared())
    ids = [row["id"] for row in coder.get(path)]
    middle = ids[len(ids) // 2]
    later = [number for number in ids if number > middle]
    assert [row["id"] for row in coder.get(f"{path}?after={middle}")] == later
    with coder.socket(f"{path}?follow&after={middle}") as socket:
        assert [json.loads(message)["id"] for message in messages(socket)] == later
    assert [row.id for row in coder.client.build_logs(path.split("/")[4], middle)] == later


def test_after_the_last_id_there_is_an_empty_list_and_a_socket_that_closes_at_once(coder: Target) -> None:
    path = build_log(coder.shared())
    last = coder.get(path)[-1]["id"]
    assert coder.get(f"{path}?after={last}") == []
    with coder.socket(f"{path}?follow&after={last}") as socket:
        assert list(messages(socket)) == []
        assert (socket.close_code, socket.close_reason) == (1000, "done")


def test_each_entry_is_one_message_in_two_frames(coder: Target) -> None:
    with coder.socket(f"{build_log(coder.shared())}?follow") as socket:
        frames = list(socket.recv_streaming())
        list(messages(socket))
    assert len(frames) == 2
    assert isinstance(json.loads(frames[0])["id"], int)
    assert frames[1] == ""


def test_follow_follows_whatever_its_value_is(coder: Target) -> None:
    with coder.socket(f"{build_log(coder.shared())}?follow=false") as socket:
        assert list(messages(socket))


def test_a_log_can_be_had_as_text_but_not_followed_so(coder: Target) -> None:
    path = build_log(coder.shared())
    reply = coder.raw("GET", f"{path}?format=text")
    assert (reply.status, reply.kind) == (200, "text/plain; charset=utf-8")
    # An entry may have several lines.
    assert len(reply.body.decode().splitlines()) >= len(coder.get(path))
    wrong = coder.refused_socket(f"{path}?follow&format=text")
    assert (wrong.status, wrong.message) == (400, "Text format is not supported with follow mode.")


def test_our_follower_tells_each_entry_of_a_build_log_once(coder: Target) -> None:
    said: list[str] = []
    workspace = coder.create().json
    log = BuildLog(coder.client, workspace["latest_build"]["id"])
    told = list(follow(log, coder.host, Event(), said.append))
    rows = coder.get(build_log(workspace))
    assert [entry.id for entry in told] == [row["id"] for row in rows]
    assert [(entry.text, entry.source, entry.level) for entry in told] == [
        (row["output"], row["stage"], row["log_level"]) for row in rows
    ]
    assert said == []
    again = list(follow(BuildLog(coder.client, workspace["latest_build"]["id"]), coder.host, Event(), said.append))
    assert again == told


def test_a_follower_goes_on_where_a_broken_connection_ended(coder: Target) -> None:
    world = coder.only_in_the_sandbox("it needs a connection that breaks")
    workspace = coder.make()
    world.fault("WS /api/v2/workspacebuilds/*/logs", times=2, drop_after=3)
    log = BuildLog(coder.client, workspace["latest_build"]["id"])
    told = [entry.id for entry in follow(log, coder.host, Event(), lambda _: None)]
    assert told == [row["id"] for row in coder.get(build_log(workspace))]


# The log of an agent.


def test_an_agent_log_has_entries_of_its_sources(coder: Target) -> None:
    workspace = coder.shared()
    rows = coder.get(agent_log(workspace))
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows})
    sources = {one["id"] for one in agent_of(workspace)["log_sources"]}
    for row in rows:
        assert row.keys() == {"id", "created_at", "output", "level", "source_id"}
        assert row["source_id"] in sources


def test_an_agent_log_comes_in_arrays_and_does_not_end_by_itself(coder: Target) -> None:
    path = agent_log(coder.shared())
    rows = coder.get(path)
    told: list[Json] = []
    with coder.socket(f"{path}?follow&no_compression") as socket:
        while len(told) < len(rows):
            part = json.loads(socket.recv(timeout=SECONDS))
            assert isinstance(part, list)
            told += part
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.3)
    assert told == rows


def test_the_first_array_of_an_agent_log_may_be_empty(coder: Target) -> None:
    path = agent_log(coder.shared())
    last = coder.get(path)[-1]["id"]
    assert coder.get(f"{path}?after={last}") == []
    with coder.socket(f"{path}?follow&after={last}&no_compression") as socket:
        assert json.loads(socket.recv(timeout=SECONDS)) == []


def test_an_after_below_nought_is_400_for_an_agent(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("GET", f"{agent_log(coder.shared())}?after=-1")
    assert (reply.status, reply.fields) == (400, ["after"])


def test_our_follower_tells_each_entry_of_an_agent_log_once_until_it_is_no_longer_wanted(coder: Target) -> None:
    workspace = coder.shared()
    rows = coder.get(agent_log(workspace))
    closed = Event()
    told = []
    for entry in follow(AgentLog(coder.client, agent_of(workspace)["id"], lambda: True), coder.host, closed, print):
        told.append(entry.id)
        if len(told) == len(rows):
            closed.set()
    assert told == [row["id"] for row in rows]


def test_the_log_of_an_agent_that_is_gone_is_not_found(coder: Target) -> None:
    with pytest.raises(NotFound):
        list(coder.client.agent_logs(STRANGE, 0))
    assert list(AgentLog(coder.client, STRANGE, lambda: False).backlog(0)) == []


# The watch of a workspace.


def test_a_watch_begins_with_the_whole_workspace(coder: Target) -> None:
    workspace = coder.shared()
    with coder.socket(f"/api/v2/workspaces/{workspace['id']}/watch-ws") as socket:
        events = [json.loads(socket.recv(timeout=SECONDS))]
        while events[-1]["type"] != "data":
            events.append(json.loads(socket.recv(timeout=SECONDS)))
    assert {event["type"] for event in events[:-1]} <= {"ping"}
    told = events[-1]["data"]
    assert told.keys() == workspace.keys()
    assert agent_of(told).keys() == agent_of(workspace).keys()


def test_a_watch_tells_each_change_of_a_build_and_stays_open_after_a_delete(coder: Target) -> None:
    workspace = coder.make()
    words: list[str] = []
    with coder.socket(f"/api/v2/workspaces/{workspace['id']}/watch-ws") as socket:
        coder.build(workspace, "delete")
        while not words or words[-1] != "deleted":
            event = json.loads(socket.recv(timeout=SECONDS))
            words += [event["data"]["latest_build"]["status"]] if event["type"] == "data" else []
        assert set(quiet(socket)) <= {"deleted"}
    assert words[0] in ("running", "pending", "deleting")


def test_whoever_speaks_on_a_watch_is_shown_the_door(coder: Target) -> None:
    coder.nonsense_is_meant = True
    with coder.socket(f"/api/v2/workspaces/{coder.shared()['id']}/watch-ws") as socket:
        socket.send("hello")
        list(messages(socket))
        assert socket.close_code == 1002


@pytest.mark.parametrize("stream", ["watch-ws", "logs", "agent"])
def test_a_plain_get_on_a_socket_is_426_and_not_json(coder: Target, stream: str) -> None:
    workspace = coder.shared()
    path = {
        "watch-ws": f"/api/v2/workspaces/{workspace['id']}/watch-ws",
        "logs": f"{build_log(workspace)}?follow",
        "agent": f"/api/v2/workspaceagents/{agent_of(workspace)['id']}/watch-metadata-ws",
    }[stream]
    reply = coder.raw("GET", path)
    assert (reply.status, reply.kind.partition(";")[0]) == (426, "text/plain")
    first, _, second = reply.body.decode().partition("\n")
    assert first.startswith("WebSocket protocol violation: Connection header")
    assert {"message", "detail"} <= json.loads(second).keys()


def test_a_bad_token_is_401_json_on_a_dial(coder: Target) -> None:
    workspace = coder.shared()
    coder.nonsense_is_meant = True
    for path in (f"/api/v2/workspaces/{workspace['id']}/watch-ws", f"{build_log(workspace)}?follow"):
        reply = coder.refused_socket(path, token=UNKNOWN)
        assert reply.status == 401
        assert reply.message.startswith("You are signed out")


def test_a_dial_of_what_is_not_there_is_404_json(coder: Target) -> None:
    reply = coder.refused_socket(f"/api/v2/workspaces/{STRANGE}/watch-ws")
    assert reply.status == 404
    assert reply.message == "Resource not found or you do not have access to this resource"
    with pytest.raises(Refused) as refused:
        coder.client.dial_build_logs(STRANGE, 0)
    assert refused.value.answer.status == 404


def test_a_dial_says_what_is_left_of_the_rate(coder: Target) -> None:
    with coder.socket(f"/api/v2/workspaces/{coder.shared()['id']}/watch-ws") as socket:
        assert socket.response is not None
        assert int(socket.response.headers["X-RateLimit-Remaining"]) >= 0
        assert socket.response.headers["X-Coder-Build-Version"].startswith("v2.")


def test_our_watch_tells_the_workspace_until_it_is_deleted_and_then_none(coder: Target) -> None:
    workspace = coder.make()
    coder.built(workspace, "delete")
    said: list[str] = []
    closed = Event()
    told = []
    for now in watch(coder.client, workspace["id"], coder.host, closed, said.append):
        told.append(now)
        if now is not None and now.latest_build.status == "deleted":
            closed.set()
    assert told
    assert said == []


def test_our_watch_of_a_running_workspace_begins_with_it(coder: Target) -> None:
    workspace = coder.shared()
    closed = Event()
    for now in watch(coder.client, workspace["id"], coder.host, closed, print):
        assert now is not None
        assert (now.id, now.latest_build.status) == (workspace["id"], "running")
        closed.set()


def test_metadata_comes_at_once_as_a_list_of_values_with_their_age(coder: Target) -> None:
    workspace = coder.shared()
    path = f"/api/v2/workspaceagents/{agent_of(workspace)['id']}/watch-metadata-ws"
    with coder.socket(path) as socket:
        event = json.loads(socket.recv(timeout=SECONDS))
        while event["type"] != "data":
            event = json.loads(socket.recv(timeout=SECONDS))
    for item in event["data"]:
        assert item["result"].keys() == {"collected_at", "age", "value", "error"}
        assert item["description"].keys() == {"display_name", "key", "script", "interval", "timeout"}
