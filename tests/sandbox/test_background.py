"""One sandbox in the background: two starters meet, the idle end, what is left behind, and real processes ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from websockets.sync.client import connect

from ameide_ws.sandbox import background, home
from ameide_ws.sandbox.background import CannotStart, Running
from tests.sandbox.speaking import PATH, client, create

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    background.stop(folder)


def soon(claim: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it becomes true in time."""
    waiting = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if claim():
            return True
        waiting.wait(0.02)
    return claim()


def start(state: Path, **more: object) -> tuple[Running, bool]:
    return background.start(state, path=PATH, **more)  # type: ignore[arg-type]


def can_connect(url: str) -> bool:
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as line:
        return line.connect_ex((host, int(port))) == 0


def test_asking_for_one_loads_no_web_framework() -> None:
    code = "import sys, ameide_ws.sandbox.background, ameide_ws.sandbox.stories; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"starlette", "uvicorn", "httpx", "websockets", "asyncio"} & set(loaded.split()) == set()


def test_start_status_and_stop(state: Path) -> None:
    assert background.status(state) is None
    assert background.stop(state) is False
    running, ours = start(state, story="script-fails")
    assert ours
    assert background.status(state) == running
    assert (running.story, running.editor, running.url[:17]) == ("script-fails", None, "http://127.0.0.1:")
    with client(running.url, running.token) as api:
        assert api.get("/api/v2/users/me").json()["username"] == "dev1"
    assert background.stop(state)
    assert not can_connect(running.url)
    assert background.status(state) is None
    assert background.stop(state) is False


def test_the_second_starter_uses_the_firsts(state: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: start(state), range(4)))
    assert len({running.pid for running, _ in started}) == 1
    assert sorted(ours for _, ours in started) == [False, False, False, True]


def test_what_it_keeps_is_for_its_owner_alone(state: Path) -> None:
    running, _ = start(state)
    kept = {path: path.stat().st_mode & 0o777 for path in (state, *state.iterdir())}
    assert {mode for path, mode in kept.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in kept.items() if path.is_file()} == {0o600}
    environment = Path(f"/proc/{running.pid}/environ").read_bytes().split(b"\0")
    assert {pair.split(b"=")[0] for pair in environment if pair} <= {b"PATH", b"PYTHONPATH", b"LANG", b"LC_CTYPE"}
    assert os.getsid(running.pid) == running.pid


@pytest.mark.parametrize("end", ["stop", "killed"])
def test_its_workspaces_processes_end_with_it(state: Path, tmp_path: Path, end: str) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    editor = tools / "code-server"
    editor.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    editor.chmod(0o755)
    running, _ = background.start(state, path=f"{tools}:{PATH}", pace=0)
    assert running.editor == str(editor)
    with client(running.url, running.token) as api:
        create(api)
    pid = tmp_path / "pid"
    assert soon(lambda: pid.exists() and pid.read_text().strip() != "")
    assert background.is_alive(int(pid.read_text()))
    if end == "stop":
        background.stop(state)
    else:
        os.kill(running.pid, signal.SIGKILL)
        assert soon(lambda: background.status(state) is None)
    assert soon(lambda: not background.is_alive(int(pid.read_text())))
    assert (state / home.WORKSPACES).exists() == (end == "killed")


def test_a_folder_may_be_named_relatively(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    running, _ = start(Path("here"))
    assert background.status(tmp_path / "here") == running
    assert background.stop(Path("here"))


def test_it_ends_itself_when_nobody_asks(state: Path) -> None:
    running, _ = start(state, idle_seconds=0.3)
    assert soon(lambda: not background.is_alive(running.pid))
    assert not (state / home.STATE).exists()


def test_an_open_socket_keeps_it_awake_and_a_status_does_not(state: Path) -> None:
    running, _ = start(state, idle_seconds=0.5, pace=0)
    with client(running.url, running.token) as api:
        made = create(api).json()
    address = f"{running.url.replace('http', 'ws')}/api/v2/workspaces/{made['id']}/watch-ws"
    with connect(address, additional_headers={"Coder-Session-Token": running.token}, proxy=None, compression=None):
        assert not soon(lambda: not background.is_alive(running.pid), 1.5)
    assert soon(lambda: background.status(state) is None)


def test_a_state_left_behind_is_cleared_away(state: Path) -> None:
    running, _ = start(state)
    os.kill(running.pid, signal.SIGKILL)
    assert soon(lambda: not background.is_alive(running.pid))
    assert background.status(state) is None
    assert not (state / home.STATE).exists()
    again, ours = start(state)
    assert ours
    assert again.pid != running.pid


def test_one_that_is_silent_is_alive_and_nothing_of_it_is_touched(state: Path, tmp_path: Path) -> None:
    running, _ = start(state)
    workspaces = state / home.WORKSPACES / "world-1"
    with subprocess.Popen(["/bin/sleep", "600"], env={"HOME": f"{workspaces}/"}) as workspace:
        os.kill(running.pid, signal.SIGSTOP)
        try:
            assert background.status(state) == running
            with pytest.raises(CannotStart, match=rf"\(process {running.pid}\) runs and does not answer"):
                start(state, seconds=0.1)
            assert home.read_state(state) is not None
            assert workspace.poll() is None
        finally:
            os.kill(running.pid, signal.SIGCONT)
        assert soon(lambda: start(state) == (running, False))
        os.kill(running.pid, signal.SIGSTOP)
        assert background.stop(state, seconds=0.2), "who says stop means it"
        assert workspace.wait(5) == -signal.SIGKILL
    assert not background.is_alive(running.pid)
    assert background.status(state) is None


def test_the_process_id_of_another_is_not_believed(state: Path) -> None:
    running, _ = start(state)
    told = home.read_state(state)
    assert told is not None
    os.kill(running.pid, signal.SIGKILL)
    assert soon(lambda: not background.is_alive(running.pid))
    home.write_state(state, Running(running.url, "x", os.getpid(), "good-morning", running.started_at, None), "k")
    assert background.status(state) is None
    assert not (state / home.STATE).exists()
    assert background.stop(state) is False


def test_a_start_waits_for_the_one_that_is_ending(state: Path) -> None:
    first, _ = start(state)
    (state / home.STATE).unlink()
    with pytest.raises(CannotStart, match="A sandbox runs and does not answer"):
        start(state, seconds=0.2)
    assert background.stop(state)
    assert not background.is_alive(first.pid)
    second, ours = start(state)
    assert (ours, second.pid != first.pid) == (True, True)


def test_a_child_that_may_not_live_here_says_so_in_its_own_words(state: Path) -> None:
    state.mkdir(mode=0o700)
    (state / home.LOG).write_text("Traceback\nameide_ws.sandbox.home.CannotStart: Another sandbox lives here.\n")
    assert background.why_not(state, died=True) == "Another sandbox lives here."


def test_looking_leaves_everything_as_it_was(state: Path) -> None:
    start(state)
    before = {path.name: path.stat().st_mtime_ns for path in state.iterdir()}
    (state / home.STATE).write_text("{")
    assert background.status(state) is None
    assert (state / home.STATE).read_text() == "{"
    assert {path.name for path in state.iterdir()} == set(before)


def test_another_kind_of_system_is_told_so(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert background.status(state) is None
    assert background.stop(state) is False
    with pytest.raises(CannotStart, match="needs a Unix-like system"):
        start(state)
    with pytest.raises(CannotStart, match="needs a Unix-like system"):
        background.run_here(state, path=PATH)
    assert not state.exists()


def test_a_stranger_on_the_port_is_not_believed(state: Path) -> None:
    running, _ = start(state)
    forged = Running(running.url, "x", os.getpid(), "good-morning", running.started_at, None)
    key = home.read_state(state)
    assert key is not None
    home.write_state(state, forged, "another key")
    assert background.status(state) is None
    home.write_state(state, running, key[1])
    assert background.status(state) == running


@pytest.mark.parametrize("text", ["", "{", "[]", '{"running": {}, "key": 1}', '{"running": {"url": 1}}'])
def test_a_state_that_is_none_is_cleared_away(state: Path, text: str) -> None:
    state.mkdir()
    (state / home.STATE).write_text(text)
    assert background.status(state) is None


def test_a_taken_port_is_a_plain_sentence(state: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} of 127.0.0.1 cannot be used: Address already in use"):
            start(state, port=port)
    running, _ = start(state, port=port)
    assert running.url.endswith(f":{port}")


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"story": "a-bad-evening"}, "No story is called"),
        ({"editor": "/no/such/editor"}, "is not a program"),
        ({"port": 70000}, "There is no port 70000"),
        ({"python": "/bin/false"}, "The sandbox ended at once"),
        ({"python": "/no/such/python"}, "cannot be started"),
    ],
)
def test_what_cannot_start_says_why(state: Path, wish: dict[str, object], sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        start(state, **wish)
    assert background.status(state) is None


def test_one_without_its_packages_says_so(state: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {Path(sys.executable).resolve()} -S "$@"\n')
    python.chmod(0o755)
    with pytest.raises(CannotStart, match="needs its extra packages"):
        start(state, python=str(python))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_in_the_foreground_ends_on_a_signal(state: Path, number: signal.Signals) -> None:
    code = (
        "import pathlib, sys; from ameide_ws.sandbox.background import run_here\n"
        f"run_here(pathlib.Path(sys.argv[1]), path={PATH!r}, ready=lambda at: print(at.url, flush=True))\n"
        "print('over')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        running, ours = start(state)
        assert (running.url, ours) == (url, False)
        with pytest.raises(CannotStart, match="A sandbox runs already"):
            background.run_here(state, path=PATH)
        process.send_signal(number)
        assert process.stdout.read() == "over\n"
        assert process.wait(10) == 0
    assert not can_connect(url)
    assert background.status(state) is None
