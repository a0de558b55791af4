"""What a stream can show: colour by all the variables there are, signs by the encoding, a live region by the rest."""

import pytest

from ameide_ws.app import Options
from ameide_ws.render.look import coloured, fitted, look_at
from tests.cli.courses import LISTING, morning, returning
from tests.cli.outcome import run_course
from tests.fakes import FakeHost, Stream

# C-09: the flag, then NO_COLOR, then what forces it, then what forbids it, then the terminal.
MATRIX: list[tuple[dict[str, str], bool, bool]] = [
    ({}, True, False),
    ({"NO_COLOR": "1"}, False, False),
    ({"NO_COLOR": ""}, True, False),
    ({"FORCE_COLOR": "1"}, True, True),
    ({"FORCE_COLOR": "0"}, True, False),
    ({"FORCE_COLOR": "false"}, True, False),
    ({"CLICOLOR": "0"}, False, False),
    ({"CLICOLOR_FORCE": "1"}, True, True),
    ({"CLICOLOR_FORCE": "0"}, True, False),
    ({"TERM": "dumb"}, False, False),
    ({"GITHUB_ACTIONS": "true"}, True, False),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True, True),
]


@pytest.mark.parametrize(("env", "on_terminal", "in_pipe"), MATRIX)
def test_colour_follows_the_matrix(env: dict[str, str], on_terminal: bool, in_pipe: bool) -> None:
    assert coloured(env, True, "auto") is on_terminal
    assert coloured(env, False, "auto") is in_pipe
    for terminal in (True, False):
        assert coloured(env, terminal, "always") is True
        assert coloured(env, terminal, "never") is False


@pytest.mark.parametrize(("env", "on_terminal", "in_pipe"), MATRIX)
@pytest.mark.parametrize("terminal", [True, False])
def test_no_escape_leaves_us_without_colour(
    env: dict[str, str], on_terminal: bool, in_pipe: bool, terminal: bool
) -> None:
    host = FakeHost(env=env, terminal=terminal)
    outcome = run_course(returning(LISTING), host, options=Options(form="table"))
    assert ("\x1b[" in outcome.out) is (on_terminal if terminal else in_pipe)


def test_the_option_beats_the_setting_and_the_setting_beats_the_variables() -> None:
    always = FakeHost(env={"NO_COLOR": "1", "AMEIDE_WS_COLOR": "always"})
    assert "\x1b[" in run_course(returning(LISTING), always, options=Options(form="table")).out
    host = FakeHost(env={"AMEIDE_WS_COLOR": "always"})
    assert "\x1b[" not in run_course(returning(LISTING), host, options=Options(form="table", color="never")).out


@pytest.mark.parametrize(
    ("env", "terminal", "live"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"CI": "true"}, True, False),
        ({"CI": "false"}, True, True),
        ({"NO_COLOR": "1"}, True, True),
    ],
)
def test_C10_a_live_region_needs_a_real_terminal(env: dict[str, str], terminal: bool, live: bool) -> None:
    host = FakeHost(env=env, terminal=terminal)
    assert look_at(host, host.err).live is live
    outcome = run_course(morning(host), host)
    assert ("\x1b[?25l" in outcome.err) is live


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("terminal", [True, False])
def test_F45_signs_are_ascii_where_the_encoding_has_none(encoding: str, terminal: bool) -> None:
    host = FakeHost(encoding=encoding, terminal=terminal)
    outcome = run_course(morning(host), host)
    assert outcome.exit == 0
    assert "\\u2" not in outcome.err, "a sign of ours was spelt as a number"
    assert "✓" not in outcome.err
    if terminal:
        assert "+ editor" in outcome.err.replace("\x1b[0m", "").replace("\x1b[32m", "")


def test_F45_foreign_letters_become_numbers_and_never_an_error() -> None:
    named = LISTING._replace(count=1, rows=(LISTING.rows[0]._replace(name="名é"),))
    outcome = run_course(returning(named), FakeHost(encoding="ascii"), options=Options(form="name"))
    assert outcome == (0, "\\u540d\\xe9\n", "")


def test_text_is_fitted_only_where_it_must_be() -> None:
    assert fitted("✓ “a” …", Stream()) == "✓ “a” …"
    assert fitted("✓ “a” … é", Stream(encoding="latin-1")) == '+ "a" ... é'
    assert fitted("plain", Stream(encoding="ascii")) == "plain"
