"""Real processes and pseudo-terminals: interrupts at every stage, lost streams, odd terminals, two at once.

The sandbox serves in this process, so a test stops a build at a beat and waits for what the other process says.
"""

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pyte
import pytest

from ameide_ws.sandbox.world import World
from ameide_ws.settings import TOKEN
from tests.commands.asked import builds, made

PROGRAM = [sys.executable, "-m", "ameide_ws"]
ROOT = Path(__file__).parent.parent
WAIT = 20
SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"


@pytest.fixture
def env(world: World, tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has nothing but a token."""
    (tmp_path / "home").mkdir()
    return {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8", "TERM": "xterm-256color",
        "AMEIDE_WS_URL": world.url, TOKEN: world.token, "PYTHONPATH": str(ROOT), "AMEIDE_WS_NO_BROWSER": "1",
    }  # fmt: skip


Start = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def start(env: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts a command on a pseudo-terminal; what is left of it is ended."""
    children: list[pexpect.spawn[str]] = []

    def spawn(*words: str, size: tuple[int, int] = (24, 80), **more: str | None) -> "pexpect.spawn[str]":
        merged = {name: value for name, value in {**env, **more}.items() if value is not None}
        child = pexpect.spawn(
            PROGRAM[0], [*PROGRAM[1:], *words], env=merged, cwd=str(tmp_path), encoding="utf-8", timeout=WAIT,
            dimensions=size,
        )  # fmt: skip
        child.logfile_read = Record()
        child.delayafterterminate = child.delayafterclose = 0.01
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.close(force=True)


class Record:
    """Everything a child wrote."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is held back."""


def said(child: "pexpect.spawn[str]") -> str:
    """Everything a child wrote, so far."""
    record = child.logfile_read
    assert isinstance(record, Record)
    return record.text


def ended(child: "pexpect.spawn[str]") -> int:
    """Read a child to its end; its exit code, 128 + n for a signal that ended it."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0)


def is_restored(child: "pexpect.spawn[str]") -> None:
    """Cursor shown, and the terminal echoes again; asked while the child's terminal is still there."""
    text = said(child)
    assert text.rfind(SHOWN) >= text.rfind(HIDDEN)


def run(env: dict[str, str], *words: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    """A command with pipes all around."""
    given = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": WAIT, **more}
    return subprocess.run([*PROGRAM, *words], env=env, **given)


def shell(env: dict[str, str], line: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    """A line for bash; `ws` is the program."""
    function = f'ws() {{ "{PROGRAM[0]}" -m ameide_ws "$@"; }}; set -o pipefail; {line}'
    return subprocess.run(["/bin/bash", "-c", function], env=env, capture_output=True, text=True, timeout=WAIT, **more)


# F-37: Ctrl-C at every stage.

STAGES = {
    "queue": "queue +position",
    "terraform": "terraform +",
    "agent": "agent +#3",
    "scripts": "scripts +0 of 3",
    "editor": "scripts +3 of 3",
}


@pytest.mark.parametrize("beat", STAGES)
def test_F37_ctrl_c_leaves_the_build_running_and_says_how_to_look_again(start: Start, world: World, beat: str) -> None:
    hold = world.hold(beat)
    child = start("up")
    assert hold.reached(WAIT)
    child.expect(STAGES[beat])
    echo = termios.tcgetattr(child.child_fd)[3]
    began = os.times().elapsed
    child.sendintr()
    child.expect(r"Interrupted\. The build goes on without you\. Look again with: ameide-ws up dev\r\n")
    assert ended(child) == 130
    assert os.times().elapsed - began < 1.5
    assert echo & termios.ECHO
    is_restored(child)
    assert "Traceback" not in said(child)
    hold.release()
    again = start("up", "-o", "name")
    assert ended(again) == 0
    assert world.find("dev").latest.number == 1
    assert builds(world) == [("create", "dev")]


def test_F37_ctrl_c_while_people_are_asked_started_nothing(start: Start, world: World) -> None:
    world.fault("GET /api/v2/users/me", delay=30)
    child = start("up", "-v")
    wait_for(lambda: any(one.path.endswith("/users/me") for one in world.requests))
    child.sendintr()
    child.expect(r"Interrupted\. Nothing was started\.\r\n")
    assert ended(child) == 130
    assert builds(world) == []


def test_F37_ctrl_c_at_a_prompt_started_nothing(start: Start, world: World) -> None:
    child = start("up", "--template", "ameide-gitops")
    child.expect(r"Cluster\?")
    child.sendintr()
    child.expect(r"Interrupted\. Nothing was started\.\r\n")
    assert ended(child) == 130
    is_restored(child)
    assert builds(world) == []


def test_F37_a_second_ctrl_c_ends_at_once(start: Start, world: World) -> None:
    hold = world.hold("terraform")
    child = start("up")
    assert hold.reached(WAIT)
    child.expect("terraform")
    for _ in range(3):
        child.sendintr()
    assert ended(child) == 130
    is_restored(child)
    hold.release()


def test_F37_an_early_ctrl_c_is_quiet(env: dict[str, str]) -> None:
    for count in (1, 3, 6):
        child = subprocess.Popen(
            [*PROGRAM, "up", "--plan"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda pid=child.pid, many=count: handles_sigint(pid, many))  # type: ignore[misc]
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=WAIT)
        # 1 is the interpreter's own word, before it has come to us.
        assert child.returncode in (130, 0) or (child.returncode in (1, -signal.SIGINT) and "ameide_ws" not in err)
        assert child.returncode == 0 or out == ""
        assert "ameide_ws/" not in err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_F38_signals_end_up_with_their_code_and_the_build_goes_on(
    env: dict[str, str], world: World, number: signal.Signals, code: int
) -> None:
    hold = world.hold("terraform")
    child = subprocess.Popen(
        [*PROGRAM, "up", "--json"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert hold.reached(WAIT)
    assert child.stderr is not None
    while "terraform  started" not in child.stderr.readline():
        continue
    child.send_signal(number)
    out, err = child.communicate(timeout=WAIT)
    assert child.returncode == code
    assert "Look again with: ameide-ws up dev" in err
    assert f'"exit_code": {code}' in out
    hold.release()
    assert run(env, "up", "-q").returncode == 0
    assert world.find("dev").latest.number == 1


def wait_for(is_so: Callable[[], bool]) -> None:
    """Look again and again, without a rest, until it is so."""
    end = os.times().elapsed + WAIT
    while not is_so():
        assert os.times().elapsed < end
        os.sched_yield()


def handles_sigint(pid: int, many: int) -> bool:
    """Whether a process has its own answer to Ctrl-C, and so many files or libraries loaded."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        loaded = Path(f"/proc/{pid}/maps").read_text().count(".so")
    except OSError:
        return True
    caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status)
    return caught is not None and int(caught[1], 16) & (1 << (signal.SIGINT - 1)) != 0 and loaded > many


# F-39 to F-41: streams that are lost, full or closed.


@pytest.fixture
def many(world: World) -> World:
    """More than fits into a pipe that nobody reads."""
    one = made(world, "dev")
    rows = [
        {**one, "name": f"w{number}", "latest_build": {**one["latest_build"], "resources": []}} for number in range(400)
    ]
    world.fault("GET /api/v2/workspaces", body={"workspaces": rows, "count": 400})
    return world


@pytest.mark.usefixtures("many")
def test_F39_a_list_whose_reader_goes_ends_with_141_and_silently(env: dict[str, str]) -> None:
    done = shell(env, "exec 3>&1; (ws list -v --debug -o jsonl; echo $? >&3) 2>/dev/null | head -1 >/dev/null; true")
    assert done.stdout == "141\n"
    quiet = shell(env, "ws list -o jsonl | head -1 >/dev/null")
    assert (quiet.returncode, quiet.stderr) == (141, "")


def test_F39_up_goes_on_without_its_reader_and_ends_with_its_true_code(world: World, env: dict[str, str]) -> None:
    done = shell(env, "(ws up -o jsonl; echo $? >&2) | head -1")
    assert done.stderr == "0\n"
    assert world.find("dev").latest.status == "succeeded"


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["list", "up -q", "--version"])
def test_F41_closed_streams_harm_nobody(world: World, env: dict[str, str], closing: str, words: str) -> None:
    world.workspace("dev")
    done = shell(env, f"ws {words} {closing}")
    assert done.returncode == 0, done
    assert "Traceback" not in done.stderr
    assert ">&-" in closing.replace("2>&-", "") or done.stdout


@pytest.mark.parametrize("words", ["list", "--version", "up --json", "completion bash"])
def test_F40_a_full_disk_is_one_error(world: World, env: dict[str, str], words: str) -> None:
    world.workspace("dev")
    done = shell(env, f"ws {words} >/dev/full")
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert errors == ["error: cannot write output: No space left on device"]
    assert "Traceback" not in done.stderr


# F-43, F-45: odd terminals and encodings.


@pytest.mark.parametrize(
    ("columns", "term"), [("0", "xterm"), ("1", "xterm"), ("5", "dumb"), ("abc", None), ("", "dumb"), (None, None)]
)
def test_F43_an_odd_terminal_is_served(start: Start, world: World, columns: str | None, term: str | None) -> None:
    child = start("up", COLUMNS=columns, TERM=term)
    assert ended(child) == 0
    text = re.sub(r"\s+", "", said(child))
    assert f"{world.url}/@dev1/dev.main/apps/code-server/" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("size", [(5, 20), (10, 40), (24, 300)])
@pytest.mark.parametrize("words", ["up", "list"])
def test_F43_a_tiny_screen_is_served(start: Start, world: World, size: tuple[int, int], words: str) -> None:
    if words == "list":
        world.workspace("dev")
    child = start(words, size=size)
    assert ended(child) == 0
    assert len(said(child)) > 40
    is_restored(child)


ENCODINGS = {"cp1252": "cp1252", "C": ""}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_F45_a_process_speaks_the_encoding_it_is_given(world: World, env: dict[str, str], encoding: str) -> None:
    world.workspace("dev", outdated=True)
    lang = {"PYTHONIOENCODING": ENCODINGS[encoding]} if ENCODINGS[encoding] else {"LC_ALL": "C", "PYTHONUTF8": "0"}
    lang |= {} if ENCODINGS[encoding] else {"PYTHONCOERCECLOCALE": "0"}
    for words, code in ((["up", "dev"], 0), (["show", "dev", "-o", "table"], 0), (["show", "dve"], 3)):
        done = run({**env, **lang}, *words, text=False)
        assert done.returncode == code, (words, done)
        raw: bytes = done.stdout + done.stderr  # type: ignore[assignment]
        raw.decode(ENCODINGS[encoding] or "ascii")
        assert b"Traceback" not in raw
        assert b"\\u" not in raw


# F-46, F-48: nothing of one's own, and two at once.


def test_F46_without_a_home_it_still_works(world: World, env: dict[str, str]) -> None:
    world.workspace("dev")
    bare = {name: value for name, value in env.items() if name != "HOME"} | {"AMEIDE_WS_CONFIG_DIR": "/proc/none"}
    for words in (["list"], ["up"], ["show"], [], ["--help"]):
        done = run(bare, *words)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done


def test_from_an_empty_home_to_an_editor_leaves_two_small_files(
    world: World, env: dict[str, str], tmp_path: Path
) -> None:
    done = run(env, "up")
    assert done.returncode == 0
    assert done.stdout.endswith(f"?folder={world.find('dev').folder}\n")
    home = tmp_path / "home"
    files = {str(path.relative_to(home)): path for path in home.rglob("*") if path.is_file()}
    assert set(files) == {".cache/ameide-ws/names", ".local/state/ameide-ws/ups.json"}
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    assert not [path for path in files.values() if world.token[11:] in path.read_text()]


@pytest.mark.parametrize("turn", range(5))
def test_F48_two_ups_at_once_end_with_the_same_build_and_both_succeed(
    world: World, env: dict[str, str], turn: int
) -> None:
    two = [
        subprocess.Popen(
            [*PROGRAM, "up", "--json"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    outs = [one.communicate(timeout=WAIT) for one in two]
    assert [one.returncode for one in two] == [0, 0], outs
    assert all('"build_number": 1' in out for out, _ in outs)
    assert world.find("dev").latest.number == 1


# The screen.


def screen_of(text: str) -> list[str]:
    """What a person sees in the end on a screen of 80 by 24."""
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(text)
    return [line.rstrip() for line in screen.display if line.strip()]


def test_Q06_the_screen_after_up_shows_each_layer_once(start: Start, world: World) -> None:
    editor = world.hold("editor")
    child = start("up")
    child.expect("3 of 3")
    editor.release()
    assert ended(child) == 0
    lines = screen_of(said(child))
    marks = [line[2:].split()[:2] for line in lines if re.match(r"  [✓✗·⠋-⠿] [a-z]+", line)]
    assert marks == [["✓", step] for step in ("queue", "terraform", "agent", "scripts", "editor")]
    assert lines[0].startswith("Signed in to ")
    assert lines[1].startswith("dev  ameide-dev (v2)  creating")
    assert lines[7].startswith("Ready in ")
    assert lines[-1].startswith("look: ameide-ws show dev")


def test_T32_a_log_cannot_touch_the_screen(start: Start, world: World) -> None:
    evil = [{"id": 1, "created_at": "2026-01-01T00:00:00Z", "log_source": "provisioner", "log_level": "info",
             "stage": "Init", "output": "\x1b[2J\x1b]0;owned\x07\x1b[10;10Hgone\x9b5A"}]  # fmt: skip
    world.fault("GET /api/v2/workspacebuilds/*/logs", body=evil)
    world.fault("WS /api/v2/workspacebuilds/*/logs", status=404)
    child = start("up", "-v")
    assert ended(child) == 0
    text = said(child)
    assert "\x1b[2J" not in text
    assert "\x1b]0;" not in text
    assert "\x9b" not in text
    assert any(line.startswith("Ready in ") for line in screen_of(text))
