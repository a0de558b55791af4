"""The last frame: how a course of any kind becomes two streams and an exit code."""

import json
from pathlib import Path

import pytest

from ameide_ws.app import App, Options
from ameide_ws.cli.deliver import deliver
from ameide_ws.cli.signals import Ended
from ameide_ws.events import Asked, Course
from ameide_ws.problems import Problem
from ameide_ws.results import Result
from ameide_ws.settings import TOKEN as TOKEN_NAME
from tests.cli.courses import FAILED, NONE, RESULTS, RESUME, asking, morning, raising, returning
from tests.cli.outcome import as_stored, run_course
from tests.cli.shapes import valid
from tests.fakes import TOKEN, FakeHost, FullStream, Stream

FORMS = ("table", "wide", "json", "jsonl", "name", None)
REGION = Asked("Which region?", "--param region=…", choices=(("eu", "Europe"), ("us", "America")), default="eu")
NICK = Asked("A nickname?", "--param nick=…")


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RESULTS)
def test_every_result_in_every_format(name: str, form: str | None, terminal: bool) -> None:
    host = FakeHost(terminal=terminal)
    outcome = run_course(returning(RESULTS[name]), host, options=Options(form=form), command=(name,))
    valid(name, form, outcome)
    as_stored(f"results/{name}-{form or 'default'}-{'terminal' if terminal else 'pipe'}.txt", outcome.spelt())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", [None, FAILED], ids=["ready", "failed"])
def test_a_whole_up_in_a_pipe(form: str | None, end: Problem | None) -> None:
    host = FakeHost()
    outcome = run_course(morning(host, end=end), host, options=Options(form=form))
    valid("up", form, outcome)
    as_stored(f"up-{'failed' if end else 'ready'}-{form or 'default'}.txt", outcome.spelt())


@pytest.mark.parametrize("options", [Options(quiet=True), Options(verbose=True)], ids=["quiet", "verbose"])
def test_quiet_keeps_warnings_and_verbose_shows_logs(options: Options) -> None:
    host = FakeHost()
    outcome = run_course(morning(host), host, options=options)
    as_stored(f"up-{'quiet' if options.quiet else 'verbose'}.txt", outcome.spelt())


def test_an_empty_list_says_so_on_stderr_and_exits_0() -> None:
    assert run_course(returning(NONE)) == (0, "", "No workspaces you own.\n")
    assert run_course(returning(NONE), options=Options(quiet=True)) == (0, "", "")


# Questions.


def test_F42_questions_are_asked_on_a_terminal() -> None:
    host = FakeHost(terminal=True, answers=["", "5", "us", "  ", "Hannes"])
    outcome = run_course(asking(REGION, REGION, NICK), host, options=Options(form="name"))
    assert (outcome.exit, outcome.out) == (0, "eu,us,Hannes\n")
    as_stored("questions.txt", outcome.err)


@pytest.mark.parametrize(
    ("terminal", "env", "options"),
    [
        (False, {}, Options()),
        (True, {"CI": "true"}, Options()),
        (True, {"AMEIDE_WS_NO_INPUT": "1"}, Options()),
        (True, {}, Options(no_input=True)),
    ],
    ids=["pipe", "CI", "variable", "option"],
)
def test_F42_without_a_person_the_missing_answers_are_one_error(
    terminal: bool, env: dict[str, str], options: Options
) -> None:
    host = FakeHost(terminal=terminal, env=env, answers=["eu", "x"])
    outcome = run_course(asking(REGION, NICK), host, options=options)
    assert (outcome.exit, outcome.out, host.asked) == (2, "", [])
    assert "ameide-ws up --param region=… --param nick=…" in outcome.err


@pytest.mark.parametrize("deaf", ["stdin", "err"])
def test_F42_a_prompt_needs_both_ends(deaf: str) -> None:
    host = FakeHost(terminal=True, **{deaf: Stream(terminal=False)})  # type: ignore[arg-type]
    assert run_course(asking(NICK), host).exit == 2
    assert host.asked == []


def test_F42_the_end_of_input_counts_as_no_answer() -> None:
    outcome = run_course(asking(REGION), FakeHost(terminal=True))
    assert outcome.exit == 2
    assert "--param region=" in outcome.err


# Endings.


@pytest.mark.parametrize("form", [None, "json", "jsonl"])
@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (Ended(2), 130), (Ended(15), 143), (Ended(1), 129)]
)
def test_F37_F38_an_interrupted_course_says_what_goes_on(error: BaseException, code: int, form: str | None) -> None:
    outcome = run_course(raising(error, resume=RESUME), options=Options(form=form, quiet=True))
    assert outcome.exit == code
    assert outcome.err == f"Interrupted. {RESUME}\n"
    valid("up", form, outcome)
    if form == "json":
        assert json.loads(outcome.out)["errors"][0]["hint"] == RESUME


def test_F37_the_core_tidies_up_before_the_sentence_is_printed() -> None:
    order: list[str] = []
    host = FakeHost()

    def course() -> Course[Result]:
        try:
            yield from raising(KeyboardInterrupt(), resume=RESUME)()
        finally:
            order.append(host.err.text)
        raise AssertionError

    assert run_course(course, host).exit == 130
    assert order == ["dev  ameide-dev (v2)  creating\n"]


@pytest.mark.parametrize("form", FORMS)
def test_F39_a_data_command_whose_reader_has_gone_ends_with_141_and_says_nothing(form: str | None) -> None:
    host = FakeHost(out=FullStream(BrokenPipeError(32, "Broken pipe")))
    outcome = run_course(returning(RESULTS["list"]), host, options=Options(form=form), command=("list",))
    assert (outcome.exit, outcome.err) == (141, "")


@pytest.mark.parametrize("form", FORMS)
def test_F39_a_command_with_effects_goes_on_and_keeps_its_code(form: str | None) -> None:
    for end, code in ((None, 0), (FAILED, 10)):
        host = FakeHost(out=FullStream(BrokenPipeError(32, "Broken pipe")))
        outcome = run_course(morning(host, end=end), host, options=Options(form=form), effects=True)
        assert outcome.exit == code


@pytest.mark.parametrize("effects", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_F40_a_full_disk_is_one_error_with_code_1(form: str | None, effects: bool) -> None:
    host = FakeHost(out=FullStream(OSError(28, "No space left on device")))
    outcome = run_course(returning(RESULTS["list"]), host, options=Options(form=form), effects=effects)
    assert outcome.exit == 1
    assert outcome.err.splitlines()[0] == "error: cannot write output: No space left on device"


def test_a_lost_stderr_changes_nothing() -> None:
    host = FakeHost(err=FullStream(OSError(28, "No space left on device")))
    assert run_course(morning(host), host)[:2] == (0, RESULTS["up"].url + "\n")  # type: ignore[union-attr]


# Mistakes of ours.


def test_a_mistake_of_ours_is_two_lines_and_an_owner_only_file_without_tokens() -> None:
    host = FakeHost(env={TOKEN_NAME: TOKEN})
    outcome = run_course(raising(KeyError(f"Coder-Session-Token: {TOKEN}")), host)
    path = host.state_dir / "mistake-20261124-140000.txt"
    assert outcome.exit == 1
    assert outcome.out == ""
    assert outcome.err.splitlines() == [
        "error: ameide-ws up made a mistake: KeyError: 'Coder-Session-Token: ***'",
        f"  try:   send {path} to whoever looks after ameide-ws; tokens have been taken out",
    ]
    story = host.files[path]
    assert "Traceback" in story
    assert TOKEN not in story
    assert "aaaaaaaaaaaaaaaaaaaaaa" not in story


def test_a_mistake_on_a_read_only_disk_still_is_two_lines() -> None:
    host = FakeHost()
    host.read_only = True
    outcome = run_course(raising(ValueError("x")), host)
    assert outcome.exit == 1
    assert len(outcome.err.splitlines()) == 2
    assert "--debug" in outcome.err


@pytest.mark.parametrize("how", [{"env": {"AMEIDE_WS_DEBUG": "1"}}, {}])
def test_debug_shows_the_traceback_on_stderr_alone(how: dict[str, dict[str, str]]) -> None:
    host = FakeHost(env=how.get("env"))
    outcome = run_course(raising(ValueError("x")), host, options=Options(debug=not how))
    assert "Traceback" in outcome.err
    assert outcome.out == ""


def test_F47_too_many_open_files_is_one_plain_error() -> None:
    outcome = run_course(raising(OSError(24, "Too many open files")))
    assert (outcome.exit, outcome.err.splitlines()[0]) == (1, "error: too many files are open")
    assert run_course(raising(MemoryError())).err.startswith("error: the machine is out of memory")


def test_T08_a_token_is_masked_wherever_it_is_printed() -> None:
    for form in FORMS:
        host = FakeHost(env={TOKEN_NAME: TOKEN})
        app = App(host, Options(form=form, verbose=True))

        def course() -> Course[Result]:
            app.voice.say(f"trying again with Coder-Session-Token: {TOKEN}")  # noqa: B023
            app.voice.tell(f"GET /x?token={TOKEN}")  # noqa: B023
            yield from raising(type(FAILED)(f"failed {TOKEN}", cause=TOKEN, tries=(TOKEN,), lines=(TOKEN,)))()
            raise AssertionError

        deliver(app, course)
        assert "aaaaaaaaaaaaaaaaaaaaaa" not in host.out.text + host.err.text
        assert "CANARY0000-" not in host.out.text + host.err.text


def test_deliver_puts_signal_handlers_back() -> None:
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    run_course(returning(NONE))
    assert before == {number: signal.getsignal(number) for number in before}


def test_stored_outcomes_have_a_test(request: pytest.FixtureRequest) -> None:
    folder = Path(__file__).parent / "expected" / "results"
    known = {f"{n}-{f or 'default'}-{t}.txt" for n in RESULTS for f in FORMS for t in ("terminal", "pipe")}
    assert {path.name for path in folder.iterdir()} <= known
