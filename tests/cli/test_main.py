"""Words in, exit code out: help, version, usage errors, and options on either side of the command."""

import json
from pathlib import Path

import pytest

from ameide_ws import __version__
from ameide_ws.cli.table import COMMANDS
from ameide_ws.cli.words import TOPICS
from ameide_ws.settings import TOKEN as TOKEN_NAME
from tests.cli.outcome import as_stored, run
from tests.cli.shapes import valid
from tests.fakes import TOKEN, FakeHost, FullStream, Stream

CONFIG = Path("/home/dev/.config/ameide-ws/config.toml")


# Help and version.


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_at_three_widths(name: str, columns: int) -> None:
    outcome = run(name, "--help", host=FakeHost(columns=columns))
    assert (outcome.exit, outcome.err) == (0, "")
    as_stored(f"help/{name}-{columns}.txt", outcome.out)
    assert run("help", name, host=FakeHost(columns=columns)).out == outcome.out or name in TOPICS


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"], ["--url", "https://x.example", "--help"]])
def test_the_root_help_is_half_a_screen_and_names_only_what_exists(words: list[str]) -> None:
    outcome = run(*words)
    assert (outcome.exit, outcome.err) == (0, "")
    assert len(outcome.out.splitlines()) <= 24
    assert max(map(len, outcome.out.splitlines())) <= 80
    as_stored("help/root.txt", outcome.out)


@pytest.mark.parametrize("words", [["--version"], ["--version", "-q"], ["--color", "never", "--version"]])
def test_version_is_one_line(words: list[str]) -> None:
    assert run(*words) == (0, f"ameide-ws {__version__}\n", "")


@pytest.mark.parametrize("topic", TOPICS)
def test_help_topics(topic: str) -> None:
    outcome = run("help", topic)
    assert (outcome.exit, outcome.err) == (0, "")
    as_stored(f"help/topic-{topic}.txt", outcome.out)


@pytest.mark.parametrize("columns", ["0", "1", "5", "39", "abc", "", "-3", "99999999999"])
@pytest.mark.parametrize("words", [["--help"], ["up", "--help"], ["lst"]])
def test_F43_an_odd_width_never_empties_a_text(columns: str, words: list[str]) -> None:
    outcome = run(*words, host=FakeHost(env={"COLUMNS": columns}, terminal=True))
    assert len(outcome.out + outcome.err) > 100
    assert max(map(len, outcome.out.splitlines()), default=0) <= 110


# Usage errors.

WRONG = {
    "command": ["lst"],
    "command-far": ["frobnicate"],
    "option": ["up", "--pram", "region=eu"],
    "option-of-root": ["--jsn", "list"],
    "option-elsewhere": ["list", "--param", "a=b"],
    "value-missing": ["up", "--template"],
    "argument-missing": ["completion"],
    "argument-too-many": ["list", "extra"],
    "format": ["list", "-o", "jsn"],
    "format-xml": ["list", "-o", "xml"],
    "color": ["list", "--color", "alway"],
    "timeout": ["list", "--timeout", "5 parsecs"],
    "timeout-negative": ["up", "--timeout", "-5s"],
    "wait": ["up", "--wait", "edtor"],
    "param": ["up", "--param", "region"],
    "param-no-name": ["up", "--param", "=eu"],
    "params-file": ["up", "--params-file", "no-such.toml"],
    "params-stdin": ["up", "--params-file", "-"],
    "shell": ["completion", "bsh"],
    "topic": ["help", "jsn"],
    "action": ["sandbox", "strat"],
    "story": ["sandbox", "--story", "god-morning"],
    "story-far": ["sandbox", "start", "--story", "xyz"],
    "port": ["sandbox", "--port", "http"],
    "port-large": ["sandbox", "--port", "65536"],
    "editor": ["sandbox", "--editor", "no-such-program"],
    "url": ["list", "--url", "ftp://coder.example"],
    "url-http": ["list", "--url", "http://coder.example"],
    "url-and-sandbox": ["list", "--sandbox", "--url", "https://coder.example"],
    "signed-out": ["list"],
    "name": ["up", "no_such name"],
    "status": ["list", "--status", "runing"],
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_one_error_and_changes_nothing(name: str) -> None:
    host = FakeHost(env={} if name == "signed-out" else {TOKEN_NAME: TOKEN}, stdin=Stream(terminal=True))
    outcome = run(*WRONG[name], host=host)
    assert outcome.out == ""
    assert host.files == {}
    assert outcome.exit == (4 if name == "signed-out" else 2)
    as_stored(f"wrong/{name}.txt", outcome.spelt())
    lines = outcome.err.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("  cause: ")
    assert lines[2].startswith("  try:   ")
    assert len(lines) <= 6


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_an_envelope_when_json_stands_anywhere(name: str) -> None:
    for words in (["--json", *WRONG[name]], [WRONG[name][0], "-o", "jsonl", *WRONG[name][1:]]):
        if "-o" in WRONG[name] or WRONG[name][-1] == "--template":
            continue
        host = FakeHost(env={} if name == "signed-out" else {TOKEN_NAME: TOKEN}, stdin=Stream(terminal=True))
        outcome = run(*words, host=host)
        assert outcome.exit == (4 if name == "signed-out" else 2)
        valid("text", "json" if words[0] == "--json" else "jsonl", outcome)
        assert json.loads(outcome.out.splitlines()[-1])["errors"][0]["message"] in outcome.err


def test_a_broken_config_file_is_named_with_line_and_column() -> None:
    host = FakeHost(files={CONFIG: 'url = "https://x.example"\ntemplate = \n'}, env={TOKEN_NAME: TOKEN})
    outcome = run("list", host=host)
    assert outcome.exit == 2
    assert outcome.err.startswith(f"error: {CONFIG}:2:12 is not valid TOML")


def test_help_and_version_work_with_a_broken_config_file() -> None:
    for words in (["--help"], ["up", "--help"], ["--version"], ["help", "json"], ["completion", "bash"]):
        assert run(*words, host=FakeHost(files={CONFIG: "= ="})).exit == 0
    outcome = run("version", "--json", host=FakeHost(files={CONFIG: "= ="}))
    valid("version", "json", outcome)
    assert outcome.exit == 0
    assert json.loads(outcome.out)["warnings"][0]["code"] == "config.bad"


@pytest.mark.parametrize(("words", "code"), [(["list"], 4), ([], 0), (["version"], 0), (["up", "--json"], 4)])
def test_an_unknown_setting_is_a_warning_once_the_settings_are_read(words: list[str], code: int) -> None:
    host = FakeHost(files={CONFIG: 'templat = "x"\nurl = "https://127.0.0.1:1"\n'})
    outcome = run(*words, host=host)
    assert outcome.exit == code
    assert outcome.err.count(f"warning: {CONFIG}:1: unknown setting “templat”, left alone") == 1
    assert run("help", host=FakeHost(files={CONFIG: 'templat = "x"\n'})).err == ""


# Options on either side.


@pytest.mark.parametrize(
    "words",
    [
        ["--json", "list"],
        ["list", "--json"],
        ["-o", "json", "list"],
        ["list", "-ojson"],
        ["-o", "wide", "list", "--json"],
    ],
)
def test_options_stand_before_and_after_the_command(words: list[str]) -> None:
    outcome = run(*words)
    assert outcome.exit == 4
    assert json.loads(outcome.out)["command"] == ["list"]


def test_what_stands_behind_the_command_wins() -> None:
    assert run("-o", "json", "list", "-o", "name").out == ""
    assert "b.example" in run("--url", "https://a.example", "list", "--url", "https://b.example").err


@pytest.mark.parametrize("words", [["list", "--", "--json"], ["list", "--", "--help", "-o", "json", "x"]])
def test_words_after_two_dashes_are_nobodys_options(words: list[str]) -> None:
    outcome = run(*words)
    assert (outcome.exit, outcome.out) == (2, "")
    assert "stands behind --" in outcome.err


def test_T07_no_option_takes_a_token() -> None:
    for name in COMMANDS:
        text = run(name, "--help").out
        assert not [word for word in text.split() if word.startswith("--") and "token" in word]


def test_T08_a_token_typed_by_mistake_is_masked() -> None:
    for words in ([f"{TOKEN}"], ["up", f"--token={TOKEN}"], ["list", "--timeout", TOKEN], ["up", "--param", TOKEN]):
        for form in ([], ["--json"]):
            outcome = run(*form, *words, host=FakeHost(env={TOKEN_NAME: TOKEN}))
            assert outcome.exit == 2
            assert "aaaaaaaaaaaaaaaaaaaaaa" not in outcome.out + outcome.err


# Streams in a bad way.


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["up", "-h"], ["help", "json"], ["completion", "zsh"]])
def test_F39_F40_texts_end_well_on_a_lost_stdout(words: list[str]) -> None:
    gone = run(*words, host=FakeHost(out=FullStream(BrokenPipeError(32, "Broken pipe"))))
    assert gone == (141, "", "")
    full = run(*words, host=FakeHost(out=FullStream(OSError(28, "No space left on device"))))
    assert full.exit == 1
    assert full.err.startswith("error: cannot write output: No space left on device\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("words", [["--help"], ["up", "-h"], ["lst"], ["list"], ["help", "json"], ["list", "--json"]])
def test_F45_every_encoding_is_served(words: list[str], encoding: str) -> None:
    host = FakeHost(encoding=encoding)
    outcome = run(*words, host=host)
    assert outcome.exit in (0, 2, 4)
    assert "\\u" not in outcome.err
    assert encoding == "utf-8" or (outcome.out + outcome.err).isascii() or encoding != "ascii"
