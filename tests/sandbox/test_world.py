"""The world itself: quick to renew, safe from any thread, and gone with everything that it started."""

from __future__ import annotations

import cProfile
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from ameide_ws.sandbox import background
from ameide_ws.sandbox.arranging import STATES
from ameide_ws.sandbox.background import is_alive
from ameide_ws.sandbox.doors import LONGEST, Doors, can_hold_an_editor, find_program
from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import PATH, Dial, built, client, create, first_agent, has_status, until

ROOT = Path(__file__).parents[2]
# It serves the folder it is in, which is editor enough for a proxy.
EDITOR = """#!{python}
import http.server, os, socketserver, sys
assert sys.argv[1:4] == ["--auth", "none", "--socket"] and sys.argv[5:7] == ["--socket-mode", "600"], sys.argv
class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
open({pid!r}, "w").write(str(os.getpid()))
socketserver.ThreadingUnixStreamServer(sys.argv[4], Handler).serve_forever()
"""
CLOSING = """
import contextlib, gc, http.client, pathlib, sys, threading
from ameide_ws.sandbox.serve import Sandbox
from websockets.sync.client import connect

sandbox = Sandbox(path=sys.argv[1], folder=pathlib.Path(sys.argv[2]))
world = sandbox.world
arranged = world.workspace("demo")
url = world.url.replace("http", "ws")
cookie = {"Cookie": f"coder_session_token={world.token}"}
paths = [f"/api/v2/workspaces/{arranged.id}/watch-ws", "/@dev1/demo.main/apps/code-server/?x=1"]
sockets = contextlib.ExitStack()
for path in paths * 2:
    sockets.enter_context(connect(url + path, additional_headers=cookie, proxy=None, compression=None))
world.fault("GET /api/v2/users/me", delay=30)
waiting = http.client.HTTPConnection(world.url.removeprefix("http://"))
waiting.request("GET", "/api/v2/users/me", headers={"User-Agent": "x"})
script = world.hold("scripts")
world.workspace("other", status="starting")
world.go_on("other")
assert script.reached()
sandbox.close()
print("closed")
sockets.close()
waiting.close()
del sandbox, world, arranged, script
gc.collect()
"""


def test_a_fresh_world_is_little_work(world: World) -> None:
    """Every test of a command begins with one. How long it takes is measured in bench; here it is counted."""
    threads, files = threading.active_count(), set(world.place.folder.parent.iterdir())
    profile = cProfile.Profile()
    profile.runcall(World, world.place)
    assert sum(row.callcount for row in profile.getstats()) < 1000
    assert (threading.active_count(), set(world.place.folder.parent.iterdir())) == (threads, files)


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
    editor.write_text(EDITOR.format(python=sys.executable, pid=str(tmp_path / "pid")))
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
        agent = world.find("demo").agent
        assert agent is not None
        assert agent.door is not None
        assert stat.S_ISSOCK(agent.door.stat().st_mode)
        assert stat.S_IMODE(agent.door.parent.stat().st_mode) == 0o700, "others of this machine have no way in"
        assert agent.app()["url"] == f"http://localhost:13337/?folder={world.find('demo').folder}"
        sandbox.fresh()
        assert any(not is_alive(pid) or waiting.wait(0.05) for _ in range(100))
        assert not is_alive(pid)
        assert not agent.door.parent.exists()


@pytest.mark.parametrize(("folder", "is_near"), [("short", True), ("long" * 40, False)])
def test_a_door_has_a_path_short_enough_for_a_socket(tmp_path: Path, folder: str, is_near: bool) -> None:
    near = Path(tempfile.mkdtemp())
    doors = Doors(near / folder[:200])
    try:
        one, other = doors.new(), doors.new()
        assert (one.parent.parent == near) == is_near
        assert one != other
        for door in (one, other):
            assert len(os.fsencode(door)) <= LONGEST
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(door))
        assert stat.S_IMODE(one.parent.stat().st_mode) == 0o700
    finally:
        doors.end()
    assert not one.parent.exists()
    shutil.rmtree(near)


def test_without_unix_sockets_the_plain_page_is_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    assert not can_hold_an_editor()
    assert background.find_editor(None, "/bin") is None
    with pytest.raises(background.CannotStart, match="needs Unix sockets"):
        background.find_editor("/bin/sh", "/bin")


@pytest.mark.parametrize("path", [".", "", ":/nowhere", "/nowhere:", "/nowhere::/bin", "tools", "./tools:/bin"])
def test_only_absolute_folders_of_the_path_are_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    (tmp_path / "tools").mkdir()
    for hostile in (tmp_path / "code-server", tmp_path / "tools" / "code-server"):
        hostile.write_text("#!/bin/sh\n")
        hostile.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert find_program("code-server", path) is None
    assert background.find_editor(None, path) is None
    assert find_program("code-server", f"{path}:{tmp_path}") == str(tmp_path / "code-server")


def test_nothing_is_said_when_it_closes_with_everything_open(tmp_path: Path) -> None:
    """In a process of its own, where asyncio tells of every task and transport that was left behind."""
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", CLOSING, PATH, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "closed\n", "")


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
