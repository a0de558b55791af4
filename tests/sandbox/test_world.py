"""The world itself: quick to renew, safe from any thread, and gone with everything that it started."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from ameide_ws.sandbox.arranging import STATES
from ameide_ws.sandbox.background import is_alive
from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import PATH, Dial, built, client, create, first_agent, has_status, until


def test_a_fresh_world_takes_no_5_ms(sandbox: Sandbox) -> None:
    def renewing() -> float:
        began = time.perf_counter()
        sandbox.fresh()
        return time.perf_counter() - began

    assert min(renewing() for _ in range(10)) < 0.005


def test_a_fresh_world_knows_nothing_of_the_old_one(sandbox: Sandbox, world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    with dial(f"/api/v2/workspaces/{arranged.id}/watch-ws") as watch:
        watch.recv(timeout=5)
        new = sandbox.fresh()
        watch.recv(timeout=5)
        with pytest.raises(ConnectionClosed):
            watch.recv(timeout=5)
    assert new.token != world.token
    with client(new.url, new.token) as api:
        assert api.get("/api/v2/workspaces").json()["count"] == 0
    assert httpx.get(new.url + "/api/v2/users/me", headers={"Coder-Session-Token": world.token}).status_code == 401


def test_the_editor_named_is_run_and_ended_with_its_world(tmp_path: Path) -> None:
    editor = tmp_path / "code-server"
    # Python serves the folder it is in, which is editor enough for a proxy.
    editor.write_text(
        f'#!/bin/sh\necho $$ > {tmp_path}/pid\nport=${{4##*:}}\n'
        'exec python3 -m http.server --bind 127.0.0.1 "$port"\n'
    )  # fmt: skip
    editor.chmod(0o755)
    with Sandbox(path=f"{tmp_path}:{PATH}", folder=tmp_path / "w", editor="") as sandbox:
        assert sandbox.editor == str(editor)
        world = sandbox.world
        with client(world.url, world.token) as api:
            create(api)
            headers = {"Cookie": f"coder_session_token={world.token}"}
            page = "/@dev1/demo.main/apps/code-server/?folder=x"
            waiting = threading.Event()
            for _ in range(200):
                answer = httpx.get(world.url + page, headers=headers, trust_env=False)
                if answer.status_code == 200:
                    break
                waiting.wait(0.05)
            assert "Directory listing" in answer.text
            assert ".code-server.log" in answer.text
        pid = int((tmp_path / "pid").read_text())
        assert is_alive(pid)
        sandbox.fresh()
        assert any(not is_alive(pid) or waiting.wait(0.05) for _ in range(100))
        assert not is_alive(pid)


def test_scripts_see_only_what_an_agent_gives_them(
    api: httpx.Client, world: World, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "1")
    agent = first_agent(built(api, dial))
    assert [script["status"] for script in agent["scripts"]] == ["ok"] * 3
    workspace = world.find("demo")
    assert workspace.agent is not None
    said: list[str] = []

    async def run() -> None:
        from ameide_ws.sandbox.scripts import Processes, environment

        variables = environment(PATH, workspace.folder, "demo", "dev1", "main", {})
        await Processes().run("env; pwd", workspace.folder, variables, lambda line, _: said.append(line))

    import asyncio

    asyncio.run(run())
    assert f"PWD={workspace.folder}" in said
    assert [line for line in said if "SECRET" in line] == []


@pytest.mark.parametrize("status", STATES)
def test_every_state_can_be_arranged(api: httpx.Client, world: World, status: str) -> None:
    arranged = world.workspace("demo", status=status)
    told = api.get(f"/api/v2/workspaces/{arranged.id}?include_deleted=true").json()
    word = {"dormant": "stopped"}.get(status, status.partition("-")[0])
    assert told["latest_build"]["status"] == word
    if status.startswith("failed-"):
        assert told["latest_build"]["transition"] == status.removeprefix("failed-")
    assert (told["dormant_at"] is not None) == (status == "dormant")


def test_a_state_that_is_none_is_a_mistake(world: World) -> None:
    with pytest.raises(ValueError, match="no workspace is 'asleep'"):
        world.workspace("demo", status="asleep")
    with pytest.raises(ValueError, match="no agent is"):
        world.workspace("demo", agent="gone")


def test_many_threads_may_arrange_at_once(api: httpx.Client, world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: world.workspace(f"w{number}"), range(40)))
    assert api.get("/api/v2/workspaces").json()["count"] == 40


def test_three_builds_run_at_a_time(api: httpx.Client, world: World, dial: Dial) -> None:
    holds = [world.hold("terraform") for _ in range(4)]
    made = [create(api, f"w{number}").json() for number in range(4)]
    assert all(hold.reached() for hold in holds[:3])
    last = made[3]
    job = api.get(f"/api/v2/workspacebuilds/{last['latest_build']['id']}").json()["job"]
    assert (job["status"], job["queue_position"], job["queue_size"]) == ("pending", 1, 1)
    for hold in holds:
        hold.release()
    with dial(f"/api/v2/workspaces/{last['id']}/watch-ws") as watch:
        until(watch, has_status("running"))
