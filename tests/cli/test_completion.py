"""Completion: the stored scripts are the program's, a real bash uses them, and names come without Typer or network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ameide_ws.cli.completion import STORED, script, words
from ameide_ws.cli.names import remember, remembered
from ameide_ws.cli.table import COMMANDS
from tests.cli.outcome import as_stored, run
from tests.fakes import FakeHost

HOUSE = Path(__file__).parents[2]


@pytest.mark.parametrize("shell", STORED)
def test_the_stored_scripts_are_those_the_program_prints(shell: str) -> None:
    outcome = run("completion", shell)
    assert outcome.exit == 0
    assert len(outcome.err.splitlines()) == 1
    as_stored(STORED[shell], outcome.out, HOUSE / "completions")
    assert outcome.out == script(shell)


@pytest.mark.parametrize("shell", STORED)
def test_a_script_knows_every_command_and_option(shell: str) -> None:
    text = script(shell)
    for verb in words().verbs:
        assert verb.name in text
        for option in verb.options:
            for spelling in option.spellings:
                assert spelling.lstrip("-") in text


def test_there_is_no_option_in_help_that_completion_does_not_know() -> None:
    for verb in words().verbs:
        known = {each for option in (*verb.options, *words().shared) for each in option.spellings}
        said = {word.strip(",.;") for word in run(verb.name, "--help").out.split() if word.startswith("--")}
        assert {word for word in said if word.strip("-")} <= known | {"--version"}


def complete(line: str, folder: Path, names: str = "") -> list[str]:
    """What bash would offer at the end of a line."""
    program = folder / "ameide-ws"
    program.write_text(f"#!/bin/sh\n[ \"$1 $2\" = '__complete names' ] && printf '{names}'\n")
    program.chmod(0o755)
    typed = line.split(" ")
    code = (
        f"source {HOUSE}/completions/ameide-ws.bash; COMP_WORDS=({' '.join(repr(word) for word in typed)});"
        f' COMP_CWORD={len(typed) - 1}; _ameide_ws; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", code], capture_output=True, text=True, cwd=folder,
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("ameide-ws ", list(COMMANDS)),
        ("ameide-ws s", ["show", "sandbox"]),
        ("ameide-ws -o ", ["table", "wide", "json", "jsonl", "name"]),
        ("ameide-ws -o json l", ["list"]),
        ("ameide-ws --url https://x u", ["up"]),
        ("ameide-ws up --wa", ["--wait"]),
        ("ameide-ws up --wait ", ["build", "agent", "scripts", "editor"]),
        ("ameide-ws list --pl", []),
        ("ameide-ws completion ", ["bash", "zsh", "fish", "powershell"]),
        ("ameide-ws sandbox st", ["start", "stop", "status"]),
        ("ameide-ws sandbox --story good", ["good-morning"]),
        ("ameide-ws up d", ["dev", "demo"]),
        ("ameide-ws up --template t d", ["dev", "demo"]),
        ("ameide-ws up dev ", []),
        ("ameide-ws up --template ", []),
        ("ameide-ws run -- l", []),
    ],
)
def test_bash_offers_the_right_words(line: str, offers: list[str], tmp_path: Path) -> None:
    assert complete(line, tmp_path, r"dev\ndemo\n") == offers


def test_bash_completes_files(tmp_path: Path) -> None:
    (tmp_path / "params.toml").touch()
    assert complete("ameide-ws up --params-file par", tmp_path) == ["params.toml"]


# Names.


def test_C29_only_plain_words_become_names() -> None:
    host = FakeHost()
    remember(host, ["dev", "$(touch x)", "a b", "-rf", "x;y", "ok.1_2-3", "", "n" * 200, "`id`", "é"])
    assert remembered(host) == ["dev", "ok.1_2-3"]


def test_C29_a_hostile_file_gives_nothing_but_plain_words() -> None:
    host = FakeHost()
    host.files[host.cache_dir / "names"] = "dev\n$(id)\n\x1b[2J\n" + "x" * 10_000 + "\n"
    assert remembered(host) == ["dev"]


def test_a_name_is_added_once_and_a_list_replaces_all() -> None:
    host = FakeHost()
    remember(host, ["a", "b"])
    remember(host, ["b"], more=True)
    remember(host, ["c"], more=True)
    assert remembered(host) == ["a", "b", "c"]
    remember(host, ["z"])
    assert remembered(host) == ["z"]


def test_a_folder_nobody_can_write_to_is_no_problem() -> None:
    host = FakeHost()
    host.read_only = True
    remember(host, ["dev"])
    assert remembered(host) == []


def ask_for_names(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ameide_ws", "__complete", "names"], capture_output=True, text=True, cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HOUSE), "AMEIDE_WS_CONFIG_DIR": str(folder)},
    )  # fmt: skip


def test_C29_the_program_answers_with_the_names_that_are_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "names").write_text("dev\n$(id)\n")
    done = ask_for_names(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "dev\n", "")


def test_C29_whatever_is_wrong_the_program_answers_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    done = ask_for_names(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
