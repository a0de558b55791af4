"""The stored texts are what the program would write now, and promise nothing that is not there."""

import re

import pytest

from ameide_ws.cli import manual
from ameide_ws.cli.completion import words
from ameide_ws.cli.quick import stored
from ameide_ws.cli.table import COMMANDS
from ameide_ws.cli.words import TOPICS
from ameide_ws.problems import Exit
from ameide_ws.settings import VARIABLES
from tests.cli.outcome import UPDATES, as_stored, run
from tests.fakes import FakeHost

HOUSE = __import__("pathlib").Path(manual.__file__).parent


def test_the_root_help_is_the_stored_one() -> None:
    as_stored("help.txt", manual.root_help(), HOUSE)


def test_C01_the_exit_codes_are_those_of_the_enum() -> None:
    as_stored("exit-codes.txt", manual.exit_codes(), HOUSE / "topics")
    text = stored("topics/exit-codes.txt") if not UPDATES else manual.exit_codes()
    assert [int(number) for number in re.findall(r"^ +(\d+)  ", text, re.MULTILINE)] == [code.value for code in Exit]


def test_the_sandbox_topic_names_every_story() -> None:
    assert stored("topics/sandbox.txt").endswith(manual.stories())


def test_the_environment_topic_names_every_variable_and_key() -> None:
    text = stored("topics/environment.txt")
    for key, variable in VARIABLES.items():
        assert variable in text
        assert key in text


def commands_in(text: str) -> set[str]:
    return set(re.findall(r"(?:^ +|: |run )ameide-ws ([a-z]+)", text, re.MULTILINE))


def texts() -> list[str]:
    helps = [run(name, "--help").out for name in COMMANDS]
    return [stored("help.txt"), *(stored(f"topics/{topic}.txt") for topic in TOPICS), *helps]


def test_no_text_names_a_command_that_is_not_there() -> None:
    for text in texts():
        assert commands_in(text) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_C19_a_command_s_help_has_summary_use_examples_and_exit_codes(name: str) -> None:
    text = run(name, "--help").out
    summary = text.splitlines()[2].strip()
    assert len(summary) <= 60
    assert len(COMMANDS[name].summary) <= 60
    assert summary.rstrip(".").lower() == COMMANDS[name].summary.lower()
    assert 2 <= text.partition("Examples:")[2].partition("\n\n")[0].count("ameide-ws ") <= 3
    assert "Exit codes: 0" in text


def examples() -> list[str]:
    found = []
    for text in texts():
        found += re.findall(r"^ +(ameide-ws [^\n|>]*)", text, re.MULTILINE)
    return sorted({re.split(r"  +| > | \| ", line)[0].strip() for line in found})


@pytest.mark.parametrize("line", examples())
def test_C19_every_example_is_understood(line: str) -> None:
    """Signed out, an example gets as far as the sign-in: its words were right."""
    if line.startswith("ameide-ws sandbox"):
        # Its words are read before its address is known to be one too many.
        outcome = run(*line.split()[1:], "--port", "none", host=FakeHost())
        assert "--port: “none” is no port" in outcome.err
        return
    outcome = run(*line.replace(" --sandbox", "").split()[1:], host=FakeHost())
    assert outcome.exit in (0, 4), outcome.err


def test_every_shared_option_has_a_word_of_help() -> None:
    assert all(option.help for option in words().shared)
