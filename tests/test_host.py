"""The machine: what we take from it, what we leave on it, and what never leaves us."""

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ameide_ws.host import SECRETS, Host, Ran, take_environment


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def host(**env: str) -> Host:
    return Host(env={"PATH": "/usr/local/bin:/usr/bin:/bin", **env})


# Files.


def test_t23_a_new_file_and_its_folders_are_the_owners_alone(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "names.json"
    host().write(path, "x")
    assert mode(path) == 0o600
    assert [mode(folder) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert host().read(path) == "x"


def test_t23_an_open_file_that_was_there_becomes_the_owners_alone(umask: int, tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text("old")
    path.chmod(0o644)
    host().write(path, "new")
    assert mode(path) == 0o600
    assert path.read_text() == "new"


def test_t23_a_link_in_the_way_is_replaced_and_not_followed(umask: int, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "names.json"
    victim.write_text("mine")
    victim.chmod(0o644)
    path.symlink_to(victim)
    host().write(path, "new")
    assert victim.read_text() == "mine"
    assert not path.is_symlink()
    assert mode(path) == 0o600


def test_t29_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        host().write(path, "half\ud800")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["names.json"]


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert host().read(tmp_path / "none") is None
    assert host().read(tmp_path / "file" / "below") is None


def test_c16_one_variable_moves_every_folder(tmp_path: Path) -> None:
    moved = host(AMEIDE_WS_CONFIG_DIR=str(tmp_path))
    assert moved.config_dir == tmp_path
    assert len({moved.config_dir, moved.state_dir, moved.cache_dir}) == 3
    assert all(tmp_path in (folder, folder.parent) for folder in (moved.state_dir, moved.cache_dir))


@pytest.mark.skipif(sys.platform != "linux", reason="the names of the folders are Linux's")
def test_c16_the_folders_are_the_desktops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert host().config_dir == tmp_path / ".config" / "ameide-ws"
    assert host().state_dir == tmp_path / ".local" / "state" / "ameide-ws"
    assert host().cache_dir == tmp_path / "c" / "ameide-ws"


# Programs and secrets.


def test_t07_tokens_and_gits_variables_leave_the_environment_when_it_is_taken() -> None:
    environ = {**dict.fromkeys(SECRETS, "secret"), "GIT_DIR": "x", "GIT_CONFIG_COUNT": "1", "HOME": "/h", "GITHUB": "y"}
    taken = take_environment(environ)
    assert environ == {"HOME": "/h", "GITHUB": "y"}
    assert taken["AMEIDE_WS_TOKEN"] == "secret"


def test_t07_a_child_sees_no_token_whoever_starts_it() -> None:
    env = {"PATH": os.environ["PATH"], "AMEIDE_WS_TOKEN": "CANARY", "CODER_AGENT_TOKEN": "CANARY", "GIT_DIR": "/x"}
    program = (
        "import subprocess, sys\n"
        "from ameide_ws.host import Host\n"
        "host = Host()\n"
        "assert host.value('AMEIDE_WS_TOKEN') == 'CANARY'\n"
        "print(host.run(['/usr/bin/env'], 10).out)\n"
        "print(subprocess.run(['/usr/bin/env'], capture_output=True, text=True).stdout)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "PATH=" in done.stdout
    assert "CANARY" not in done.stdout
    assert "GIT_DIR" not in done.stdout


def test_a_program_says_its_code_and_both_its_streams() -> None:
    assert host().run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], 10) == Ran(3, "out\n", "err\n")
    assert host().run(["/bin/cat"], 10, input="typed").out == "typed"
    assert host().run(["/bin/cat"], 10).out == ""
    assert host().run(["/usr/bin/env"], 10, env={"ONLY": "1"}).out == "ONLY=1\n"
    assert host().run(["/bin/sh", "-c", r"printf '\377'"], 10).out == "\ufffd"


def test_words_for_a_program_never_meet_a_shell(tmp_path: Path) -> None:
    assert host().run(["/bin/echo", f"$(touch {tmp_path}/x); touch {tmp_path}/y"], 10).code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_takes_too_long_is_ended() -> None:
    assert host().run(["/bin/sh", "-c", "echo begun; exec sleep 60"], 0.5) == Ran(None, "begun\n", "")


def test_t44_relative_entries_of_the_path_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert host(PATH=".::bin").which("tool") is None
    assert host(PATH="").which("tool") is None
    assert host(PATH=f".:{tmp_path}").which("tool") == f"{tmp_path}/tool"


# The terminal.


@pytest.mark.parametrize(
    ("said", "columns"),
    [("0", 80), ("1", 40), ("5", 40), ("39", 40), ("120", 120), ("abc", 80), ("", 80), ("-5", 80), ("9" * 50, 80),
     ("٣٠٠", 80), ("80.5", 80), (" 99", 80)],
)  # fmt: skip
def test_f43_a_width_that_makes_no_sense_is_80_and_none_is_below_40(said: str, columns: int) -> None:
    assert Host(env={"COLUMNS": said}, err=io.StringIO()).columns == columns


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_f41_streams_closed_at_the_start_are_no_trouble(closed: str, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from ameide_ws.host import Host\n"
        "host = Host()\n"
        "host.out.write('x'); host.out.flush(); host.err.write('x'); host.err.flush()\n"
        "for stream in (host.out, host.err, host.stdin): host.is_terminal(stream)\n"
        "assert host.columns == 80\n"
        "try: host.ask('?')\n"
        "except EOFError: pass\n"
        f"open({str(tmp_path / 'fine')!r}, 'w')\n"
    )
    subprocess.run(
        ["/bin/sh", "-c", f'exec "$1" -c "$2" {closed}', "sh", sys.executable, program],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (tmp_path / "fine").exists()


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "utf-8"])
def test_f45_any_encoding_carries_any_text(encoding: str) -> None:
    raw = io.BytesIO()
    said = Host(env={}, out=io.TextIOWrapper(raw, encoding=encoding))
    said.out.write("✓ é 漢 \ud800\n")
    said.out.flush()
    written = raw.getvalue().decode(encoding)
    assert "\\ud800" in written
    assert ("✓" if encoding == "utf-8" else "\\u2713") in written


def test_f45_the_c_locale_carries_any_text() -> None:
    program = "from ameide_ws.host import Host; host = Host()\n"
    program += "host.out.write('\\u2713 \\u6f22\\n'); host.err.write('\\u2713\\n')"
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"\\u2713 \\u6f22\n", b"\\u2713\n")


def test_a_question_goes_to_stderr_and_its_answer_is_one_line() -> None:
    out, err = io.StringIO(), io.StringIO()
    asked = Host(env={}, out=out, err=err, stdin=io.StringIO("yes\r\nno\n"))
    assert (asked.ask("sure? "), asked.ask("really? ")) == ("yes", "no")
    assert (out.getvalue(), err.getvalue()) == ("", "sure? really? ")
    with pytest.raises(EOFError):
        asked.ask("still? ")


@pytest.mark.parametrize(("ci", "is_ci"), [("", False), ("false", False), ("0", False), ("true", True), ("1", True)])
def test_a_build_server_says_so(ci: str, is_ci: bool) -> None:
    assert host(CI=ci).in_ci is is_ci


@pytest.mark.parametrize("reason", ["AMEIDE_WS_NO_BROWSER", "SSH_CONNECTION", "CI"])
def test_t21_no_browser_is_opened_where_nobody_would_see_it(reason: str) -> None:
    assert host(DISPLAY=":0", **{reason: "1"}).open("https://coder.example") is False
    assert host().open("https://coder.example") is (sys.platform in ("darwin", "win32"))


# The clock.


def test_the_clock_is_aware_and_the_other_never_goes_back() -> None:
    assert host().now().tzinfo is UTC
    first = host().monotonic()
    host().sleep(0)
    assert host().monotonic() >= first
    assert 0 <= host().random() < 1


def test_t57_a_time_at_the_calendars_edge_is_left_as_it_is() -> None:
    for edge in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert host().local(edge).year in (1, 9999)


def test_a_pipe_or_a_device_in_place_of_a_file_does_not_hold_us(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(OSError, match="regular file"):
            Host(env={}).read(tmp_path / name)
    assert Host(env={}).read(tmp_path / "none") is None
