"""The last frame: runs a command's course, shows what happens and what came of it, and says the exit code.

Everything ends here, and nothing is raised beyond: results, problems, signals, closed pipes and our own mistakes.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

from ameide_ws.app import App
from ameide_ws.cli.mistakes import mistake
from ameide_ws.cli.signals import Ended, Signals
from ameide_ws.events import Answer, Asked, Course, Event, Noticed, Started
from ameide_ws.problems import Exit, Problem
from ameide_ws.render.answer import answered, remark
from ameide_ws.render.data import envelope, items, spell, told
from ameide_ws.render.facts import sentence
from ameide_ws.render.pen import Gone
from ameide_ws.render.trouble import drawn
from ameide_ws.results import Result
from ameide_ws.text import SafeText

R = TypeVar("R", bound=Result)


def deliver(
    app: App,
    make_course: Callable[[], Course[R]],
    *,
    effects: bool = False,
    then: Callable[[R], None] | None = None,
) -> int:
    """Run a course to its end and show it; the exit code.

    effects: the command changes something, so a reader of stdout that goes away does not end it.
    then: what to do once the result has been shown.
    """
    app.out.mutes = effects
    with Signals(app.host):
        ending = _Ending(app)
        try:
            return ending.run(make_course, then)
        except Ended as ended:
            return ending.interrupted(ended.code)
        except KeyboardInterrupt:
            return ending.interrupted(Exit.INTERRUPTED)
        except Gone:
            return Exit.PIPE


class _Ending:
    """What is known about a course once it is over, however it came to that."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.resume = ""
        self.warnings: list[Problem] = []

    def run(self, make_course: Callable[[], Course[R]], then: Callable[[R], None] | None) -> int:
        """The result or the problem, shown."""
        try:
            try:
                result = self._watch(make_course)
            finally:
                self.app.watcher.close()
            self._show(result)
            if then is not None:
                then(result)
            return Exit.OK
        except Gone:
            raise
        except Problem as problem:
            return self._fail(problem)
        except Exception as error:  # noqa: BLE001  what is no Problem is a mistake of ours, and is told as one
            return self._fail(mistake(error, self.app))

    def _watch(self, make_course: Callable[[], Course[R]]) -> R:
        with closing(make_course()) as course:
            for warning in self.app.notices():
                self._see(Noticed(warning))
            answer: Answer | None = None
            while True:
                try:
                    event = course.send(answer)
                except StopIteration as end:
                    result: R = end.value
                    return result
                answer = None
                if isinstance(event, Asked):
                    answer = self._ask(event)
                else:
                    self._see(event)

    def _see(self, event: Event) -> None:
        if isinstance(event, Started) and event.resume:
            self.resume = event.resume
        if isinstance(event, Noticed):
            self.warnings.append(event.problem)
        self.app.watcher.see(event)

    def _ask(self, asked: Asked) -> Answer | None:
        """The person's answer; None where nobody may be asked, and the core then names what is missing."""
        if not self.app.may_ask:
            return None
        try:
            return self.app.watcher.ask(asked)
        except EOFError:
            return None

    def _show(self, result: Result) -> None:
        app = self.app
        if app.form == "jsonl":
            for item in items(result):
                app.out.write(f"{spell(item)}\n")
        if app.form in ("json", "jsonl"):
            self._envelope(Exit.OK, result)
            return
        text = answered(result, app.form, app.look_out, app.host, table=app.draws)
        if text:
            app.out.line(text)
        beside = remark(result, table=app.draws)
        if beside and not app.options.quiet:
            app.err.line(beside)

    def _fail(self, problem: Problem) -> int:
        app = self.app
        if app.debugs and problem.__cause__ is not None:
            from traceback import format_exception

            app.tell("".join(format_exception(problem)).rstrip())
        app.err.line(SafeText(app.redact.thoroughly(drawn(problem, app.look_err))))
        return self._envelope(problem.exit, errors=(problem,))

    def interrupted(self, code: int) -> int:
        """The sentence that says what goes on without us."""
        app = self.app
        app.watcher.close()
        sentence_left = sentence(self.resume)
        app.err.line(SafeText(f"Interrupted. {sentence_left}".rstrip()))
        if app.form not in ("json", "jsonl"):
            return code
        told_here: dict[str, object] = {"code": "interrupted", "message": "interrupted", "cause": "", "hint": sentence_left,
                     "request_id": None, "ref": "", "lines": []}  # fmt: skip
        whole = envelope(app.command, code, None, (told_here,), [told(each) for each in self.warnings])
        return self._write(whole, code)

    def _envelope(self, code: int, result: Result | None = None, errors: Sequence[Problem] = ()) -> int:
        if self.app.form not in ("json", "jsonl"):
            return code
        tell = [told(each) for each in errors]
        return self._write(envelope(self.app.command, code, result, tell, [told(each) for each in self.warnings]), code)

    def _write(self, whole: dict[str, object], code: int) -> int:
        """One envelope; on a terminal spread over lines, in jsonl on the last one."""
        app = self.app
        if app.form == "jsonl":
            app.out.line(spell({"event": "result", **whole}))
        else:
            app.out.line(spell(whole, indent=2 if app.look_out.terminal else None))
        return code
