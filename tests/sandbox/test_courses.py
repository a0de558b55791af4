"""The course of builds: every state is seen on the watch, logs in Coder's framing, stories as they are named."""

from __future__ import annotations

import contextlib
import json
import socket as plain_socket
import struct
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from ameide_ws.sandbox.stories import names
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import Dial, built, create, first_agent, frames, has_status, is_ready, template_of, until


def statuses(told: list[dict[str, Any]]) -> list[str]:
    """The statuses in their order, each once."""
    seen: list[str] = []
    for workspace in told:
        word = workspace["latest_build"]["status"]
        if seen[-1:] != [word]:
            seen.append(word)
    return seen


def agents(told: list[dict[str, Any]]) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    for workspace in told:
        for resource in workspace["latest_build"]["resources"]:
            agent = resource["agents"][0]
            state = (agent["status"], agent["lifecycle_state"])
            if state not in seen:
                seen.append(state)
    return seen


def follow(dial: Dial, build: str, after: int = 0) -> tuple[list[dict[str, Any]], int | None, str | None]:
    with dial(f"/api/v2/workspacebuilds/{build}/logs?follow&after={after}") as log:
        rows = [json.loads(line) for line in log]
        return rows, log.close_code, log.close_reason


def build_of(api: httpx.Client, build: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/v2/workspacebuilds/{build}").json()
    return found


def test_a_good_morning_shows_every_state(api: httpx.Client, world: World, dial: Dial) -> None:
    hold = world.hold("queue")
    made = create(api).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        assert json.loads(watch.recv(timeout=5)) == {"type": "ping", "data": None}
        hold.release()
        told = until(watch, lambda one: is_ready(one) and first_agent(one)["apps"][0]["health"] == "healthy")
    assert statuses(told) == ["pending", "starting", "running"]
    assert agents(told) == [
        ("connecting", "created"),
        ("connected", "created"),
        ("connected", "starting"),
        ("connected", "ready"),
    ]
    assert [script["exit_code"] for script in first_agent(told[-1])["scripts"]] == [0, 0, 0]


def test_scripts_are_real_and_their_lines_are_told_by_source(api: httpx.Client, world: World, dial: Dial) -> None:
    agent = first_agent(built(api, dial))
    sources = {source["id"]: source["display_name"] for source in agent["log_sources"]}
    rows = api.get(f"/api/v2/workspaceagents/{agent['id']}/logs").json()
    lines = [(sources[row["source_id"]], row["output"]) for row in rows]
    assert ("post-create", "post-create step 3 of 5") in lines
    assert lines[0][0] == "External"
    assert agent["logs_length"] == sum(len(row["output"].encode()) for row in rows)


def test_the_build_log_ends_with_1000_done_and_goes_on_after_an_id(api: httpx.Client, dial: Dial) -> None:
    build = built(api, dial)["latest_build"]["id"]
    rows, code, reason = follow(dial, build)
    assert (code, reason) == (1000, "done")
    assert rows == api.get(f"/api/v2/workspacebuilds/{build}/logs").json()
    assert len(rows) >= 30
    middle = rows[10]["id"]
    assert follow(dial, build, middle)[0] == rows[11:]
    assert api.get(f"/api/v2/workspacebuilds/{build}/logs?after={middle}").json() == rows[11:]


def test_a_log_line_is_two_frames_and_an_agents_lines_are_arrays(api: httpx.Client, world: World, dial: Dial) -> None:
    workspace = built(api, dial)
    opcodes = raw_frames(world, f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/logs?follow", 4)
    text, rest = 0x01, 0x80
    assert opcodes == [text, rest, text, rest]
    with dial(f"/api/v2/workspaceagents/{first_agent(workspace)['id']}/logs?follow&no_compression") as log:
        rows = json.loads(log.recv(timeout=5))
    assert isinstance(rows, list)
    assert rows[0]["id"] == 1
    with dial(f"/api/v2/workspaceagents/{first_agent(workspace)['id']}/logs?follow&after={rows[-1]['id']}") as log:
        assert json.loads(log.recv(timeout=5)) == []


def raw_frames(world: World, path: str, count: int) -> list[int]:
    """The first bytes of the first frames, which no library shows."""
    host, port = world.url.removeprefix("http://").split(":")
    with plain_socket.create_connection((host, int(port)), timeout=5) as line:
        lines = [
            f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", "User-Agent: test",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            f"Coder-Session-Token: {world.token}",
        ]  # fmt: skip
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        file = line.makefile("rb")
        while file.readline() not in (b"\r\n", b""):
            pass
        found = []
        for _ in range(count):
            first, length = file.read(2)
            size = length & 0x7F
            if size == 126:
                size = struct.unpack("!H", file.read(2))[0]
            file.read(size)
            found.append(first)
        return found


def test_a_second_build_while_one_runs_is_409(api: httpx.Client, world: World) -> None:
    hold = world.hold("terraform")
    made = create(api).json()
    assert hold.reached()
    answer = api.post(f"/api/v2/workspaces/{made['id']}/builds", json={"transition": "stop"})
    assert answer.status_code == 409
    assert answer.json()["message"] == "A workspace build is already active."
    hold.release()


def test_stop_start_and_delete_take_their_course(api: httpx.Client, world: World, dial: Dial) -> None:
    made = built(api, dial)
    folder = world.find("demo").folder
    assert folder.is_dir()
    path = f"/api/v2/workspaces/{made['id']}"
    with dial(f"{path}/watch-ws") as watch:
        for transition, end in (("stop", "stopped"), ("start", "running"), ("delete", "deleted")):
            answer = api.post(f"{path}/builds", json={"transition": transition, "reason": "cli"})
            assert answer.status_code == 201
            assert answer.json()["matched_provisioners"]["count"] == 3
            assert answer.json()["reason"] == ("initiator" if transition == "delete" else "cli")
            until(watch, has_status(end))
    assert api.get(path).status_code == 410
    assert api.get(f"{path}?include_deleted=true").json()["latest_build"]["status"] == "deleted"
    assert api.get("/api/v2/users/me/workspace/demo").status_code == 404
    assert not folder.exists()
    again = api.post(f"{path}/builds", json={"transition": "start"})
    assert (again.status_code, again.json()["message"]) == (409, "Cannot start a deleted workspace!")
    assert [one["build_number"] for one in api.get(f"{path}/builds").json()] == [4, 3, 2, 1]
    assert [one["build_number"] for one in api.get(f"{path}/builds?limit=2&offset=1").json()] == [3, 2]


def test_an_agent_is_gone_after_a_stop_and_its_log_socket_ends(api: httpx.Client, world: World, dial: Dial) -> None:
    made = built(api, dial)
    agent = f"/api/v2/workspaceagents/{first_agent(made)['id']}"
    with dial(f"{agent}/logs?follow") as log:
        log.recv(timeout=5)
        world.stop_by_somebody("demo")
        with pytest.raises(ConnectionClosed) as closed:
            log.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1000, "")
    gone = api.get(f"{agent}/logs")
    assert gone.status_code == 404
    assert gone.json()["message"].startswith("Agent doesn't exist with that id")


def test_restart_is_two_builds_of_which_the_second_is_on_the_active_version(
    api: httpx.Client, world: World, dial: Dial
) -> None:
    arranged = world.workspace("demo", outdated=True)
    path = f"/api/v2/workspaces/{arranged.id}"
    with dial(f"{path}/watch-ws") as watch:
        wish = {"transition": "start", "rich_parameter_values": []}
        api.post(f"{path}/builds", json={"transition": "stop", "reason": "cli", "on_success": wish})
        told = until(watch, lambda one: is_ready(one) and one["latest_build"]["build_number"] == 3)
    assert statuses(told)[1:] == ["pending", "stopping", "stopped", "pending", "starting", "running"]
    assert told[0]["outdated"]
    assert not told[-1]["outdated"]


def test_a_plain_start_keeps_the_version_and_the_parameters(api: httpx.Client, world: World, dial: Dial) -> None:
    arranged = world.workspace("demo", status="stopped", outdated=True, parameters={"cpu": "2"})
    path = f"/api/v2/workspaces/{arranged.id}"
    with dial(f"{path}/watch-ws") as watch:
        made = api.post(
            f"{path}/builds", json={"transition": "start", "rich_parameter_values": [{"name": "memory", "value": "32"}]}
        ).json()
        assert until(watch, is_ready)[-1]["outdated"]
    values = api.get(f"/api/v2/workspacebuilds/{made['id']}/parameters").json()
    assert {one["name"]: one["value"] for one in values} == {
        "cpu": "2", "memory": "32", "build_cache": "true", "repo_branch": "main",
    }  # fmt: skip


def test_a_pending_build_is_canceled_at_once(api: httpx.Client, world: World) -> None:
    world.hold("queue")
    build = create(api).json()["latest_build"]["id"]
    wrong = api.patch(f"/api/v2/workspacebuilds/{build}/cancel?expect_status=running")
    assert (wrong.status_code, wrong.json()["message"]) == (412, "Job is not in the expected state.")
    answer = api.patch(f"/api/v2/workspacebuilds/{build}/cancel?expect_status=pending")
    assert (answer.status_code, answer.json()) == (200, {"message": "Job has been marked as canceled..."})
    job = build_of(api, build)["job"]
    assert job["status"] == "canceled"
    assert "started_at" not in job
    assert "worker_id" not in job
    again = api.patch(f"/api/v2/workspacebuilds/{build}/cancel")
    assert (again.status_code, again.json()["message"]) == (400, "Job has already completed!")


def test_a_running_build_that_is_canceled_ends_as_failed(api: httpx.Client, world: World, dial: Dial) -> None:
    hold, end = world.hold("terraform"), world.hold("cancel")
    made = create(api).json()
    build = made["latest_build"]["id"]
    assert hold.reached()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        api.patch(f"/api/v2/workspacebuilds/{build}/cancel")
        until(watch, has_status("canceling"))
        again = api.patch(f"/api/v2/workspacebuilds/{build}/cancel")
        assert (again.status_code, again.json()["message"]) == (400, "Job has already been marked as canceled!")
        end.release()
        job = until(watch, has_status("failed"))[-1]["latest_build"]["job"]
    assert job["error"] == "terraform apply: exit status 1"
    assert "canceled_at" in job


def test_watching_goes_on_in_silence_after_a_delete(api: httpx.Client, world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    with dial(f"/api/v2/workspaces/{arranged.id}/watch-ws") as watch:
        world.delete_by_somebody("demo")
        until(watch, has_status("deleted"))
        with pytest.raises(TimeoutError):
            watch.recv(timeout=0.1)


def test_who_speaks_on_a_one_way_socket_is_shown_out(world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    for path, code in (
        (f"/api/v2/workspaces/{arranged.id}/watch-ws", 1002),
        (f"/api/v2/workspaceagents/{arranged.agent and arranged.agent.id}/logs?follow", 1008),
    ):
        with dial(path) as socket:
            socket.send("hello")
            with contextlib.suppress(ConnectionClosed):
                while socket.recv(timeout=5):
                    pass
            assert socket.close_code == code


def test_a_hold_stops_each_beat(api: httpx.Client, world: World, dial: Dial) -> None:
    holds = {beat: world.hold(beat) for beat in ("queue", "terraform", "agent", "scripts", "editor")}
    expected = {
        "queue": ("pending", None),
        "terraform": ("starting", None),
        "agent": ("running", ("connecting", "created")),
        "scripts": ("running", ("connected", "starting")),
    }
    made = create(api).json()
    for beat, (status, agent) in expected.items():
        assert holds[beat].reached()
        told = api.get(f"/api/v2/workspaces/{made['id']}").json()
        assert told["latest_build"]["status"] == status
        assert agents([told]) == ([agent] if agent else [])
        holds[beat].release()
    assert holds["editor"].reached()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        until(watch, is_ready)
        holds["editor"].release()
        until(watch, lambda one: first_agent(one)["apps"][0]["health"] == "healthy")


# -- stories -----------------------------------------------------------------------------------------------------------


def test_every_story_has_a_name_and_a_line() -> None:
    assert [name for name, summary in names() if not summary or "\n" in summary] == []
    assert names()[0][0] == "good-morning"


@pytest.mark.parametrize("story", ["long-queue"])
def test_a_long_queue_moves_up_one_by_one(api: httpx.Client, world: World, dial: Dial) -> None:
    steps = [world.hold("others") for _ in range(3)]
    made = create(api).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        for step, place in zip(steps, (3, 2, 1), strict=True):
            assert step.reached()
            job = build_of(api, made["latest_build"]["id"])["job"]
            assert (job["queue_position"], job["queue_size"]) == (place, place)
            step.release()
        told = until(watch, has_status("running"))
    # As in Coder, a mere move in the queue is no event: the watch tells of the place only with something else.
    assert [
        one["latest_build"]["job"]["queue_position"] for one in told if one["latest_build"]["status"] == "pending"
    ] == [3]


@pytest.mark.parametrize("story", ["no-provisioner"])
def test_without_a_provisioner_it_stays_pending(api: httpx.Client, world: World) -> None:
    made = create(api).json()["latest_build"]
    assert made["matched_provisioners"] == {"count": 0, "available": 0, "most_recently_seen": None}
    job = build_of(api, made["id"])["job"]
    assert (job["status"], job["queue_position"], job["queue_size"]) == ("pending", 0, 0)
    assert not world.is_building


@pytest.mark.parametrize(
    ("story", "error", "code"),
    [
        ("build-fails", "terraform apply: exit status 1", None),
        ("no-quota", "insufficient quota", "INSUFFICIENT_QUOTA"),
        (
            "missing-variable",
            "update job: required template variables need values: namespace",
            "REQUIRED_TEMPLATE_VARIABLES",
        ),
    ],
)
def test_a_build_that_fails_says_why(api: httpx.Client, world: World, dial: Dial, error: str, code: str | None) -> None:
    made = create(api).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        job = until(watch, has_status("failed"))[-1]["latest_build"]["job"]
    assert (job["error"], job.get("error_code")) == (error, code)
    rows, close, _ = follow(dial, made["latest_build"]["id"])
    assert close == 1000
    assert {row["log_level"] for row in rows} & {"error", "warn"}
    assert (rows[-1]["log_source"], rows[-1]["stage"]) == ("provisioner_daemon", "Cleaning Up")


@pytest.mark.parametrize("story", ["agent-never-connects"])
def test_an_agent_that_stays_away_times_out(api: httpx.Client, dial: Dial, browser: httpx.Client) -> None:
    made = create(api).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        told = until(watch, lambda one: agents([one]) == [("timeout", "created")])[-1]
    assert not told["health"]["healthy"]
    assert browser.get("/@dev1/demo.main/apps/code-server/?folder=x").status_code == 404


@pytest.mark.parametrize("story", ["script-fails"])
def test_a_script_that_exits_4_leaves_the_others_running(api: httpx.Client, dial: Dial) -> None:
    agent = first_agent(built(api, dial))
    assert agent["lifecycle_state"] == "start_error"
    assert [(one["exit_code"], one["status"]) for one in agent["scripts"]] == [
        (4, "exit_failure"),
        (0, "ok"),
        (0, "ok"),
    ]
    rows = api.get(f"/api/v2/workspaceagents/{agent['id']}/logs").json()
    assert [row["output"] for row in rows if row["level"] == "error"] == ["dotfiles: nothing to install"]


@pytest.mark.parametrize("story", ["editor-never-listens"])
def test_an_editor_that_never_listens_is_502(api: httpx.Client, dial: Dial, browser: httpx.Client) -> None:
    assert first_agent(built(api, dial))["lifecycle_state"] == "ready"
    answer = browser.get("/@dev1/demo.main/apps/code-server/?folder=x")
    assert answer.status_code == 502
    assert "<title>502 - Bad Gateway</title>" in answer.text


@pytest.mark.parametrize(("story", "end"), [("stopped-meanwhile", "stopped"), ("deleted-meanwhile", "deleted")])
def test_somebody_ends_it_meanwhile(api: httpx.Client, world: World, dial: Dial, end: str) -> None:
    hold = world.hold("queue")
    made = create(api).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        hold.release()
        told = until(watch, has_status(end))
    assert told[-1]["latest_build"]["initiator_name"] == "admin"
    assert ("connected", "starting") in agents(told)


@pytest.mark.parametrize("story", ["canceled-meanwhile"])
def test_somebody_cancels_it_meanwhile(api: httpx.Client, world: World, dial: Dial) -> None:
    made = create(api).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as watch:
        job = until(watch, has_status("failed"))[-1]["latest_build"]["job"]
    assert "canceled_at" in job


@pytest.mark.parametrize("story", ["github-not-linked"])
def test_without_github_create_is_refused_until_it_is_linked(api: httpx.Client, world: World) -> None:
    refused = create(api)
    assert refused.status_code == 403
    assert refused.json()["validations"] == [{"field": "external_auth", "detail": "github"}]
    path = f"/api/v2/templateversions/{template_of(api)['active_version_id']}/external-auth"
    assert [one["authenticated"] for one in api.get(path).json()] == [False]
    world.link()
    assert [one["authenticated"] for one in api.get(path).json()] == [True]
    assert create(api).status_code == 201


def test_somebody_may_start_stop_cancel_and_delete(api: httpx.Client, world: World, dial: Dial) -> None:
    arranged = world.workspace("demo", status="stopped")
    with dial(f"/api/v2/workspaces/{arranged.id}/watch-ws") as watch:
        hold = world.hold("terraform")
        world.start_by_somebody("demo")
        assert hold.reached()
        world.cancel_by_somebody("demo")
        until(watch, has_status("failed"))
        world.stop_by_somebody("demo")
        until(watch, has_status("stopped"))
        world.delete_by_somebody("demo")
        until(watch, has_status("deleted"))
    assert next(frames_of(api, arranged.id))["latest_build"]["build_number"] == 5


def frames_of(api: httpx.Client, workspace: str) -> Any:
    yield api.get(f"/api/v2/workspaces/{workspace}?include_deleted=true").json()


def test_an_arranged_build_goes_on_when_it_is_told_to(world: World, dial: Dial) -> None:
    arranged = world.workspace("demo", status="starting")
    with dial(f"/api/v2/workspaces/{arranged.id}/watch-ws") as watch:
        assert next(frames(watch))["latest_build"]["status"] == "starting"
        world.go_on("demo")
        until(watch, is_ready)
