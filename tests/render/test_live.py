"""The live region, as a terminal would show it: fed to pyte, read from its screen."""

from pathlib import Path

import pyte
import pytest

from ameide_ws.app import Options
from ameide_ws.events import Asked, Course, Finished, Line, Progress, Started
from ameide_ws.problems import Problem
from ameide_ws.render.live import Layer, Live, drawn_layer
from ameide_ws.render.look import Look, look_at
from ameide_ws.render.pen import Pen
from ameide_ws.render.redact import Redactor
from ameide_ws.results import Result
from tests.cli.courses import FAILED, RESUME, UP, morning, raising
from tests.cli.outcome import as_stored, run_course
from tests.fakes import FakeHost

EXPECTED = Path(__file__).parent / "expected"
COLUMNS, ROWS = 80, 30


def screen_of(text: str, columns: int = COLUMNS) -> pyte.Screen:
    screen = pyte.Screen(columns, ROWS)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return screen


def lines_of(text: str, columns: int = COLUMNS) -> str:
    return "\n".join(line.rstrip() for line in screen_of(text, columns).display).rstrip() + "\n"


@pytest.mark.parametrize("end", [None, FAILED], ids=["ready", "failed"])
def test_the_whole_morning_on_a_screen(end: Problem | None) -> None:
    host = FakeHost(terminal=True)
    outcome = run_course(morning(host, end=end), host)
    as_stored(f"live-{'failed' if end else 'ready'}.txt", lines_of(outcome.err + outcome.out), EXPECTED)
    assert not screen_of(outcome.err).cursor.hidden


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("x")])
def test_F37_the_cursor_comes_back_however_it_ends(error: BaseException) -> None:
    def course() -> Course[Result]:
        yield Started("terraform")
        yield from raising(error, resume=RESUME)()
        raise AssertionError

    outcome = run_course(course, FakeHost(terminal=True))
    assert "\x1b[?25l" in outcome.err
    assert not screen_of(outcome.err).cursor.hidden
    assert "· terraform" in lines_of(outcome.err)


def test_log_lines_stand_above_the_region_and_are_never_markup() -> None:
    def course() -> Course[Result]:
        yield Started("terraform")
        for number in range(3):
            yield Line("build", f"[red]{number}[/nope] :smile: [link=file:///etc/passwd]x", "info")
        yield Finished("terraform", True, 1.0)
        return UP

    outcome = run_course(course, FakeHost(terminal=True), options=Options(verbose=True))
    shown = lines_of(outcome.err).splitlines()
    assert shown[:3] == [f"  build | [red]{n}[/nope] :smile: [link=file:///etc/passwd]x" for n in range(3)]
    assert shown[3].startswith("  ✓ terraform")


def test_T32_a_log_cannot_clear_the_screen_or_reach_the_clipboard() -> None:
    hostile = "\x1b[2J\x1b[H\x1b]52;c;aGk=\x07\x1b]0;title\x07\x1bP+q544e\x1b\\\x9b2Jboo\x1b[31mred"

    def course() -> Course[Result]:
        yield Progress("people", "Signed in")
        yield Started("agent", hostile)
        yield Line("agent", hostile)
        yield Progress("agent", hostile)
        return UP

    outcome = run_course(course, FakeHost(terminal=True), options=Options(verbose=True))
    assert lines_of(outcome.err).startswith("Signed in\n")
    assert not any(bad in outcome.err for bad in ("\x1b[2J\x1b[H", "\x1b]", "\x1bP", "\x9b"))


def test_T38_a_huge_line_is_cut_on_a_terminal_and_whole_in_a_pipe() -> None:
    def course() -> Course[Result]:
        yield Started("terraform")
        yield Line("build", "x" * 1_000_000)
        return UP

    cut = run_course(course, FakeHost(terminal=True), options=Options(verbose=True)).err
    assert cut.count("x") < 17_000
    assert "bytes)" in cut
    whole = run_course(course, FakeHost(), options=Options(verbose=True)).err
    assert whole.count("x") == 1_000_000


def test_a_question_pauses_the_region_and_it_comes_back() -> None:
    def course() -> Course[Result]:
        yield Started("queue")
        answer = yield Asked("Which region?", "--param region=…")
        yield Progress("queue", f"for {answer}")
        yield Finished("queue", True, 0.1, f"for {answer}")
        return UP

    outcome = run_course(course, FakeHost(terminal=True, answers=["eu"]))
    assert "Which region?: eu" in lines_of(outcome.err)
    assert "✓ queue      for eu" in lines_of(outcome.err)


@pytest.mark.parametrize("columns", [40, 41, 60, 80, 200])
@pytest.mark.parametrize("note", ["", "short", "n" * 300, "名" * 60])
@pytest.mark.parametrize("took", [None, 0.04, 86_000.0])
def test_F44_a_layer_never_takes_more_than_its_line(columns: int, note: str, took: float | None) -> None:
    from ameide_ws.text import cells

    for state in ("moving", "ok", "failed", "waiting"):
        sign, rest = drawn_layer(Layer("terraform", 0.0, state, note, took), Look(signs=True), 90.0, columns)
        assert cells(f"  {sign} {rest}") <= columns


def test_a_resized_terminal_is_noticed_at_the_next_picture() -> None:
    host = FakeHost(terminal=True)
    pen = Pen(host.err, Redactor(), terminal=True, forgiving=True)
    live = Live(host, pen, look_at(host, host.err))
    live.see(Started("terraform"))
    live.see(Progress("terraform", "n" * 100))
    live.close()
    assert max(map(len, lines_of(host.err.text).splitlines())) <= COLUMNS


def test_a_layer_begun_again_starts_from_nothing() -> None:
    host = FakeHost(terminal=True)

    def course() -> Course[Result]:
        yield Started("agent")
        yield Finished("agent", False, 2.0, "went away")
        yield Started("agent")
        host.pass_time(5)
        yield Finished("agent", True, 5.0, "connected")
        return UP

    assert "✓ agent      connected" in lines_of(run_course(course, host).err)
