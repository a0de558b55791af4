"""Real processes: signals at every stage, pipes that close, a full disk, closed streams, terminals."""

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.cli.courses import RESUME
from tests.cli.scene import WAITING
from tests.fakes import TOKEN

HERE = Path(__file__).parents[2]
PROMPT = 1.0  # a second from Ctrl-C to the prompt
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def env(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(HERE), "LANG": "C.UTF-8", **more}


def scene(name: str, *form: str) -> list[str]:
    return [sys.executable, "-m", "tests.cli.scene", name, *form]


def program(*words: str) -> list[str]:
    return [sys.executable, "-m", "ameide_ws", *words]


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    line = line.replace("PROGRAM", f"{sys.executable} -m ameide_ws")
    line = line.replace("SCENE", f"{sys.executable} -m tests.cli.scene")
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env=env(folder), cwd=folder, capture_output=True, text=True, timeout=30,
    )  # fmt: skip


@contextmanager
def waiting(argv: Sequence[str], folder: Path, *, until: str = WAITING) -> Iterator[subprocess.Popen[str]]:
    """A child that has said on stderr that it waits."""
    child = subprocess.Popen(argv, env=env(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    try:
        for line in child.stderr:
            if until in line:
                break
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("name", ["sleeping", "queue", "queue-timeout", "socket", "program"])
def test_F37_F38_a_signal_ends_any_wait_within_a_second(name: str, number: signal.Signals, tmp_path: Path) -> None:
    with waiting(scene(name), tmp_path) as child:
        sent = time.monotonic()
        child.send_signal(number)
        out, err = child.communicate(timeout=10)
        assert time.monotonic() - sent < PROMPT
    assert child.returncode == SIGNALS[number]
    assert err.splitlines() == ["the core has tidied up", f"Interrupted. {RESUME}"]
    assert out == ""


def test_F37_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    with waiting(scene("stubborn"), tmp_path) as child:
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        while "does not want" not in child.stderr.readline():
            continue
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
        assert time.monotonic() - sent < PROMPT


def test_F37_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    done = shell("trap '' HUP INT; SCENE up 2>&1 >/dev/null & wait $!", tmp_path)
    assert done.returncode == 0


@pytest.mark.parametrize("delay", range(0, 100, 7))
def test_F37_an_early_ctrl_c_leaves_no_traceback(delay: int, tmp_path: Path) -> None:
    child = subprocess.Popen(
        program("list"), env=env(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        child.communicate(timeout=delay / 1000)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=10)
    # Before our first line runs, a Ctrl-C is the interpreter's own; from then on it is ours.
    assert "ameide_ws/" not in err
    assert child.returncode in ((130, 4) if "Traceback" not in err else (1, -2)) or child.returncode == -2


# Pipes and disks.


@pytest.mark.parametrize("form", ["table", "wide", "jsonl", "name"])
def test_F39_head_ends_a_data_command_silently(form: str, tmp_path: Path) -> None:
    done = shell(f"SCENE many {form} | head -1", tmp_path)
    assert (done.returncode, done.stderr) == (141, "")
    assert len(done.stdout.splitlines()) == 1


def test_F39_a_command_with_effects_keeps_its_true_code(tmp_path: Path) -> None:
    for form in ("table", "json", "jsonl"):
        done = shell(f"SCENE up {form} | true", tmp_path)
        assert done.returncode == 0
        assert "Exception" not in done.stderr


@pytest.mark.parametrize(
    "line", ["SCENE many", "SCENE up", "SCENE many json", "SCENE up jsonl", "PROGRAM --help", "PROGRAM --version",
             "PROGRAM up --help", "PROGRAM completion bash", "PROGRAM help json"],
)  # fmt: skip
def test_F40_dev_full_is_one_error(line: str, tmp_path: Path) -> None:
    done = shell(f"{line} > /dev/full", tmp_path)
    assert done.returncode == 1
    assert "error: cannot write output: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("line", "code"), [("SCENE many", 0), ("SCENE up json", 0), ("PROGRAM --help", 0), ("PROGRAM list", 4)]
)
def test_F41_closed_streams_at_the_start(line: str, code: int, closed: str, tmp_path: Path) -> None:
    done = shell(f"{line} {closed}", tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr + done.stdout


def test_F46_no_home_and_a_read_only_one_do_no_harm(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE)}
    for more in ({}, {"HOME": "/nonexistent"}, {"HOME": "/proc", "XDG_CACHE_HOME": "relative"}):
        done = subprocess.run(program("list"), env={**bare, **more}, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 4
        assert done.stderr.startswith("error: you are signed out")


def test_F47_too_few_files_is_one_line(tmp_path: Path) -> None:
    done = shell("ulimit -n 4; PROGRAM list --url https://127.0.0.1:1", tmp_path)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) < 40


def test_F45_the_C_locale_is_served(tmp_path: Path) -> None:
    for name, value in (("LC_ALL", "C"), ("PYTHONIOENCODING", "ascii"), ("PYTHONIOENCODING", "cp1252")):
        done = subprocess.run(
            scene("up"), env=env(tmp_path, **{name: value, "PYTHONUTF8": "0"}), capture_output=True, cwd=tmp_path
        )
        assert done.returncode == 0


def test_T07_children_get_no_token_in_words_or_environment(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from ameide_ws.host import Host; h = Host(); print(h.run(['env'], 5).out)"],
        env=env(tmp_path, AMEIDE_WS_TOKEN=TOKEN), capture_output=True, text=True,
    )  # fmt: skip
    assert "PATH=" in done.stdout
    assert TOKEN not in done.stdout


def test_a_stranger_s_module_in_the_folder_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise SystemExit('imported')")
    (tmp_path / "gc.py").write_text("raise SystemExit('imported')")
    done = subprocess.run(program("up", "--help"), env=env(tmp_path), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0
    assert "imported" not in done.stderr


def test_a_folder_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = shell(f"cd {tmp_path}/gone && rmdir {tmp_path}/gone && PROGRAM up --help", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


# Terminals.


@contextmanager
def terminal(argv: Sequence[str], folder: Path, columns: int = 80) -> "Iterator[pexpect.spawn[str]]":
    """A child on a pseudo-terminal of its own."""
    child = pexpect.spawn(
        argv[0], list(argv[1:]), env=env(folder, TERM="xterm"), dimensions=(24, columns), timeout=10, encoding="utf-8"
    )
    try:
        yield child
    finally:
        child.close(force=True)


def ended(child: "pexpect.spawn[str]") -> int | None:
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus


@pytest.mark.parametrize("name", ["asks", "asks-secret"])
def test_F37_ctrl_c_at_a_prompt_gives_the_terminal_back(name: str, tmp_path: Path) -> None:
    with terminal(scene(name), tmp_path) as child:
        before = termios.tcgetattr(child.child_fd)
        child.expect_exact("Which region?")
        sent = time.monotonic()
        child.sendintr()
        assert ended(child) == 130
        assert time.monotonic() - sent < PROMPT
        assert "Interrupted. Nothing was started." in (child.before or "")
        assert termios.tcgetattr(child.child_fd) == before


def test_a_secret_is_not_echoed_and_an_answer_is_taken(tmp_path: Path) -> None:
    with terminal(scene("asks-secret"), tmp_path) as child:
        child.expect_exact("Which region?")
        child.waitnoecho(5)
        child.sendline("hush")
        child.expect_exact("Ready in 21 s")
        before = child.before or ""
        assert ended(child) == 0
        assert "hush" not in before


def test_F37_ctrl_c_during_the_live_region_shows_the_cursor_again(tmp_path: Path) -> None:
    with terminal(scene("live"), tmp_path) as child:
        child.expect_exact(WAITING)
        child.sendintr()
        assert ended(child) == 130
        rest = child.before or ""
        assert "\x1b[?25h" in rest
        assert rest.rstrip().endswith(RESUME)


def test_F37_a_second_ctrl_c_in_the_live_region_shows_the_cursor_too(tmp_path: Path) -> None:
    with terminal(scene("stubborn"), tmp_path) as child:
        child.expect_exact(WAITING)
        child.sendintr()
        child.expect_exact("does not want to end")
        child.sendintr()
        assert ended(child) == 130
        assert "\x1b[?25h" in (child.before or "")


def test_F37_a_terminal_that_goes_away_ends_us(tmp_path: Path) -> None:
    with terminal(scene("live"), tmp_path) as child:
        child.expect_exact(WAITING)
        child.kill(signal.SIGHUP)
        assert ended(child) == 129


def test_T34_json_on_a_terminal_is_ascii(tmp_path: Path) -> None:
    with terminal(scene("up", "json"), tmp_path) as child:
        assert ended(child) == 0
        shown = (child.before or "").partition("{")[2]
        assert shown.isascii()


def test_a_long_log_on_a_terminal_takes_seconds_not_minutes(tmp_path: Path) -> None:
    began = time.monotonic()
    done = shell("SCENE log 2>&1 | wc -l", tmp_path)
    assert int(done.stdout) >= 200_000
    assert time.monotonic() - began < 20


def test_a_list_on_a_terminal_loads_no_rich(tmp_path: Path) -> None:
    code = (
        "import sys; from tests.cli.courses import *; from tests.cli.outcome import run_course;"
        "from tests.fakes import FakeHost; from dataclasses import replace;"
        "run_course(returning(LISTING), FakeHost(terminal=True)); print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env(tmp_path), capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
