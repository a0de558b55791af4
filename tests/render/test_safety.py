"""Hostile text through everything that shows it: nothing a terminal obeys, no line forged, no token."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ameide_ws.app import Options
from ameide_ws.events import Asked, Course, Finished, Line, Noticed, Progress, Started
from ameide_ws.problems import Problem
from ameide_ws.render.redact import Redactor
from ameide_ws.results import Listing, Result
from tests.cli.courses import HOME, PAGE, PLAN, ROW, SANDBOX, UP, VERSION, returning
from tests.cli.outcome import run_course
from tests.fakes import TOKEN, FakeHost

# Everything a terminal obeys, and what makes a text look other than it is.
ALPHABET = "ab[]\\;0mHJ?\x1b\x07\x9b\x9d\x90\x9c\x00\r\n\t\x7f\u202e\u200b\ufeff\u2066\ud800名é"
HOSTILE = st.text(ALPHABET, max_size=60)
# What our own output may hold beside printable characters: line breaks, tabs in a pipe, and colours of ours.
SGR = re.compile(r"\x1b\[[0-9;]*m")
CURSOR = re.compile(r"\x1b\[(\?25[lh]|[0-9]*[AK]|2K)|\r")
FORBIDDEN = re.compile(
    r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str) -> bool:
    return FORBIDDEN.search(CURSOR.sub("", SGR.sub("", text))) is None


def poisoned(value: Any, text: str) -> Any:
    """A result with every string in it replaced."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        changed = {name: poisoned(getattr(value, name), text) for name in value._fields}
        for fixed in ("whose", "wait", "step") if not isinstance(value, Listing) else ("whose",):
            if fixed in changed:
                changed[fixed] = getattr(value, fixed)
        if isinstance(value, type(UP)):
            changed["status"] = value.status
        return type(value)(**changed)
    if isinstance(value, tuple):
        return tuple(poisoned(item, text) for item in value)
    return text if isinstance(value, str) else value


RESULTS: list[Result] = [UP, Listing((ROW,), 1), PLAN, PAGE, HOME, SANDBOX, VERSION]


@settings(deadline=None)  # a busy machine is no failure
@given(HOSTILE, st.sampled_from(["table", "wide", "json", "jsonl", "name"]), st.booleans())
def test_T32_T33_T34_no_result_carries_an_order_to_a_terminal(text: str, form: str, terminal: bool) -> None:
    for result in RESULTS:
        outcome = run_course(returning(poisoned(result, text)), FakeHost(terminal=terminal), options=Options(form=form))
        assert outcome.exit == 0
        assert clean(outcome.out)
        assert clean(outcome.err)
        if form in ("json", "jsonl"):
            assert outcome.out.isascii()


@settings(deadline=None)  # a busy machine is no failure
@given(HOSTILE, st.booleans())
def test_T32_no_event_or_problem_carries_an_order_to_a_terminal(text: str, terminal: bool) -> None:
    problem = Problem(text, cause=text, tries=(text,), ref=text, lines=(text,))

    def course() -> Course[Result]:
        yield Started("up", text, text)
        yield Started("terraform", text)
        yield Progress("terraform", text)
        yield Line(text, text, text)
        yield Noticed(problem)
        yield Finished("terraform", False, None, text)
        yield Progress("people", text)
        yield Asked(text, text, choices=((text, text), ("x", "y")), default="x")
        raise problem

    for form in (None, "jsonl"):
        host = FakeHost(terminal=terminal, answers=["2"])
        outcome = run_course(course, host, options=Options(form=form, verbose=True))
        assert outcome.exit == 1
        assert clean(outcome.out)
        assert clean(outcome.err)


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=80))
def test_no_text_forges_a_line_of_the_anatomy(text: str) -> None:
    def course() -> Course[Result]:
        yield from ()
        raise Problem(text, cause=text, tries=(text,), ref=text)

    lines = run_course(course).err.splitlines()
    assert [line.split(maxsplit=1)[0] for line in lines if not line.startswith("         ")][:1] == ["error:"]
    assert len([line for line in lines if line.startswith("error:")]) == 1
    assert len(lines) <= 4


def test_T33_markup_stands_as_it_is() -> None:
    name = "[/x][link=file:///etc/passwd]y"
    for result in (UP._replace(workspace=name), Listing((ROW._replace(name=name),), 1), PAGE._replace(name=name)):
        assert name in run_course(returning(result), FakeHost(terminal=True), options=Options(form="name")).out
        if not isinstance(result, type(UP)):
            assert name in run_course(returning(result), FakeHost(terminal=True, columns=200)).out


def test_T36_no_link_is_written_that_could_lie() -> None:
    for result in RESULTS:
        assert "\x1b]8" not in run_course(returning(result), FakeHost(terminal=True)).out


# The redactor.


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"Illegal header value b'{TOKEN}'",
        f"Coder-Session-Token: {TOKEN}",
        f"coder_session_token={TOKEN}; Path=/",
        f"Authorization: Bearer {TOKEN}",
        f"https://x.example/?token={TOKEN}&a=b",
        TOKEN.partition("-")[2],
        TOKEN.partition("-")[0] + "-",
        json.dumps({"a": TOKEN}),
    ],
)
def test_T08_a_known_token_is_masked_in_every_dress(text: str) -> None:
    redact = Redactor()
    redact.learn(TOKEN)
    assert "aaaaaaaaaaaaaaaaaaaaaa" not in redact(text)
    assert "CANARY0000-" not in redact(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("Coder-Session-Token: abc", "Coder-Session-Token: ***"),
        ("{'coder-session-token': 'abc'}", "{'coder-session-token': '***'}"),
        ("cookie coder_session_token=abc; x", "cookie coder_session_token=***; x"),
        ("https://x/?access_token=abc&b=c", "https://x/?access_token=***&b=c"),
        ("GET https://me:pw@proxy.example:8080/x", "GET https://***@proxy.example:8080/x"),
        ("a token is needed", "a token is needed"),
    ],
)
def test_T08_what_carries_a_token_is_masked_even_when_it_is_not_known(text: str, shown: str) -> None:
    assert Redactor().thoroughly(text) == shown
