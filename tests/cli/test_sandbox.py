"""The program and the sandbox together, as real processes: from nothing to an address, and what is said on the way."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.cli.outcome import Outcome, run
from tests.cli.shapes import valid
from tests.fakes import FakeHost

pytest.importorskip("starlette")
HERE = Path(__file__).parents[2]


class Machine:
    """A home of its own, and a program that talks to the sandbox there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened = folder / "opened"
        browser = folder / "browser"
        browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {self.opened}\n')
        browser.chmod(0o755)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(HERE), "LANG": "C.UTF-8",
            "AMEIDE_WS_CONFIG_DIR": str(folder / "ours"), "BROWSER": str(browser), "DISPLAY": ":9",
        }  # fmt: skip

    def __call__(self, *words: str, **env: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "ameide_ws", *words],
            env={**self.env, **env}, capture_output=True, text=True, timeout=50, cwd=self.folder,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)

    def on_a_terminal(self, *words: str) -> tuple[int | None, str]:
        child = pexpect.spawn(
            sys.executable, ["-m", "ameide_ws", *words], env={**self.env, "TERM": "xterm"},
            dimensions=(30, 160), timeout=50, encoding="utf-8", cwd=str(self.folder),
        )  # fmt: skip
        child.expect(pexpect.EOF)
        child.wait()
        return child.exitstatus, child.before or ""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    made = Machine(tmp_path_factory.mktemp("home"))
    try:
        yield made
    finally:
        made("sandbox", "stop")


def test_the_first_morning(machine: Machine) -> None:
    """Everything in one go, since each step stands on the one before."""
    machine("sandbox", "stop")
    assert machine("sandbox", "status") == (0, "", "No sandbox runs. Start one: ameide-ws sandbox start\n")
    plan = machine("up", "--sandbox", "--plan", "--json")
    valid("plan", "json", plan)
    assert json.loads(plan.out)["data"]["move"] == "create"
    up = machine("up", "--sandbox")
    assert up.exit == 0
    assert up.out.startswith("http://127.0.0.1:")
    assert len(up.out.splitlines()) == 1
    assert not machine.opened.exists(), "stdout was no terminal"
    again = machine("up", "--sandbox", "-o", "jsonl")
    valid("up", "jsonl", again)
    assert again.exit == 0
    rows = machine("list", "--sandbox", "--json")
    valid("list", "json", rows)
    assert [row["name"] for row in json.loads(rows.out)["data"]] == ["dev"]
    show = machine("show", "--sandbox", "--json")
    valid("show", "json", show)
    home = machine("--sandbox", "--json")
    valid("home", "json", home)
    assert json.loads(home.out)["data"]["next_command"] == "ameide-ws up dev --sandbox"
    assert machine("__complete", "names").out == "", "a sandbox's names are not those of the person's own Coder"
    version = machine("version", "--sandbox", "--json")
    valid("version", "json", version)
    assert json.loads(version.out)["data"]["server"].startswith("v2.")


def test_T35_on_a_terminal_the_address_is_opened_and_only_that(machine: Machine) -> None:
    machine.opened.unlink(missing_ok=True)
    code, shown = machine.on_a_terminal("up", "dev", "--sandbox")
    assert code == 0
    assert "Ready in" in shown
    assert "\x1b[?25h" in shown
    assert "Opened in your browser." in shown
    opened = machine.opened.read_text().splitlines()
    assert len(opened) == 1
    assert opened[0].startswith("http://127.0.0.1:")
    machine.opened.unlink()
    code, shown = machine.on_a_terminal("up", "dev", "--sandbox", "--no-open")
    assert (code, machine.opened.exists()) == (0, False)


def test_the_variables_are_ignored_and_that_is_said(machine: Machine) -> None:
    outcome = machine("list", "--sandbox", "-o", "name", AMEIDE_WS_URL="https://x.example", AMEIDE_WS_TOKEN="nonsense")
    assert outcome.exit == 0
    assert outcome.err.startswith("The sandbox is used; AMEIDE_WS_URL and AMEIDE_WS_TOKEN are ignored.\n")


def test_start_says_the_address_and_status_repeats_it(machine: Machine) -> None:
    started, status = machine("sandbox", "start"), machine("sandbox", "status")
    assert (started.exit, status.exit) == (0, 0)
    assert started.out == status.out
    told = machine("sandbox", "status", "--json")
    valid("sandbox", "json", told)
    assert "token" not in told.out
    other = machine("sandbox", "start", "--story", "build-fails")
    assert (other.exit, other.out) == (0, started.out)
    assert "It runs already" in other.err


def test_a_port_in_use_is_a_plain_error(machine: Machine) -> None:
    port = machine("sandbox", "start").out.strip().rpartition(":")[2]
    assert machine("sandbox", "stop").exit == 0
    import socket

    with socket.create_server(("127.0.0.1", int(port))):
        outcome = machine("sandbox", "start", "--port", port)
    assert outcome.exit == 1
    assert outcome.err.startswith("error: the sandbox does not start\n")


@pytest.mark.parametrize("number", [2, 15])
def test_in_the_foreground_it_says_where_and_ends_with_a_signal(number: int, machine: Machine) -> None:
    machine("sandbox", "stop")
    child = subprocess.Popen(
        [sys.executable, "-m", "ameide_ws", "sandbox"], env=machine.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert child.stdout is not None
    try:
        address = child.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert machine("sandbox", "status").out.strip() == address
        child.send_signal(number)
        _, err = child.communicate(timeout=10)
    finally:
        child.kill()
        child.wait()
    assert "The sandbox has ended." in err
    assert child.returncode == 0
    assert machine("sandbox", "status").out == ""


def test_without_the_extra_one_command_installs_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules.update(starlette=None, uvicorn=None)\n"
        "from ameide_ws.cli import main\n"
        "from ameide_ws.host import Host\n"
        "sys.exit(main(sys.argv[1:], Host()))\n"
    )
    for words in (["up", "--sandbox"], ["sandbox"], ["sandbox", "start"], ["list", "--sandbox"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(HERE)},
        )  # fmt: skip
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert lines[:2] == ["error: the sandbox is not installed", "  cause: it needs starlette and uvicorn"]
        assert lines[2].endswith("-m pip install '.[sandbox]'   # in a clone of the repository")


def test_sandbox_and_url_exclude_each_other() -> None:
    assert run("list", "--sandbox", "--url", "https://x.example", host=FakeHost()).exit == 2
