"""Template parameters from words and files: what is taken, and where the mistake stands."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ameide_ws.cli.parameters import gathered
from ameide_ws.problems import BadParameter, Problem, Usage
from tests.fakes import FakeHost, Stream


def host_with(name: str, text: str) -> FakeHost:
    return FakeHost(files={Path(name): text}, stdin=Stream(text=text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.toml", 'region = "eu"\nsize = 4\nquick = true\nratio = 0.5\nzones = ["a", "b"]\n'),
        ("p.json", '{"region": "eu", "size": 4, "quick": true, "ratio": 0.5, "zones": ["a", "b"]}'),
        ("p", '  {"region": "eu", "size": 4, "quick": true, "ratio": 0.5, "zones": ["a", "b"]}'),
        ("-", 'region = "eu"\nsize = 4\nquick = true\nratio = 0.5\nzones = ["a", "b"]\n'),
    ],
)
def test_toml_and_json_say_the_same(name: str, text: str) -> None:
    assert gathered(host_with(name, text), [], name) == {
        "region": "eu", "size": "4", "quick": "true", "ratio": "0.5", "zones": '["a", "b"]'
    }  # fmt: skip


def test_words_win_over_the_file_and_the_last_word_over_the_first() -> None:
    host = host_with("p.toml", 'region = "eu"\nsize = "4"\n')
    assert gathered(host, ["region=us", "region=asia", "note=a=b", "empty="], "p.toml") == {
        "region": "asia", "size": "4", "note": "a=b", "empty": ""
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("p.toml", "region = eu\n", "p.toml:1:10"),
        ("p.toml", 'a = "1"\n\nb = \n', "p.toml:3:5"),
        ("p.toml", 'a = "1"\na = "2"\n', "p.toml:2:"),
        ("p.json", '{"a": 1,\n "b": }', "p.json:2:7"),
        ("p.json", "[1]", "p.json:1:1"),
        ("p.json", '{"a": 1,\n  "b": null}', "p.json:2:3"),
        ("p.toml", 'a = "1"\n[deep]\nb = 1\n', "p.toml:2:"),
        ("p.toml", "a = 2026-11-24\n", "p.toml:1:1"),
        ("p.json", '{"a": {"b": 1}}', "p.json:1:2"),
        ("p.json", '{"a": [{"b": 1}]}', "p.json:1:2"),
        ("-", "a = \n", "stdin:1:5"),
        ("p.json", "[" * 100_000, "p.json:1:1"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_column(name: str, text: str, place: str) -> None:
    with pytest.raises(BadParameter) as raised:
        gathered(host_with(name, text), [], name)
    assert place in raised.value.message
    assert raised.value.exit == 2


def test_a_file_that_cannot_be_read_is_named() -> None:
    class Locked(FakeHost):
        def read(self, path: Path) -> str | None:
            raise PermissionError(13, "Permission denied")

    with pytest.raises(BadParameter) as raised:
        gathered(Locked(), [], "secret.toml")
    assert raised.value.cause == "Permission denied"


def test_C14_stdin_that_is_a_terminal_is_not_waited_for() -> None:
    with pytest.raises(Usage, match="nothing is sent there"):
        gathered(FakeHost(terminal=True), [], "-")


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=200), st.sampled_from(["p.toml", "p.json", "p", "-"]))
def test_no_text_does_more_than_raise_a_problem(text: str, name: str) -> None:
    host = FakeHost(files={Path(name): text}, stdin=Stream(text=text.encode("utf-8", "ignore").decode()))
    try:
        values = gathered(host, [], name)
    except Problem:
        return
    assert all(isinstance(value, str) for value in values.values())


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=50))
def test_a_word_is_a_name_and_a_value_or_a_usage_error(word: str) -> None:
    try:
        values = gathered(FakeHost(), [word], None)
    except Usage:
        assert "=" not in word or not word.partition("=")[0].strip()
        return
    assert list(values.values()) == [word.partition("=")[2]]
