"""The last frame: runs a command's course, has it shown, and says the exit code.

Everything ends here, and nothing is raised beyond: results, problems, signals, closed pipes and our own mistakes.
"""

from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from ameide_ws.app import App, Gone
from ameide_ws.cli.mistakes import mistake
from ameide_ws.cli.signals import Ended, Signals
from ameide_ws.events import Answer, Asked, Course, Event, Noticed, Started
from ameide_ws.problems import Exit, Problem
from ameide_ws.results import Result

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
    app.voice.out.mutes = effects
    delivery = _Delivery(app)
    try:
        with Signals(app.host):
            try:
                return delivery.run(make_course, then)
            except Ended as ended:
                return delivery.interrupted(ended.code)
            except KeyboardInterrupt:
                return delivery.interrupted(Exit.INTERRUPTED)
            except Gone:
                return Exit.PIPE
    except Ended as ended:  # while the handlers were being set or taken back
        return ended.code


class _Delivery:
    """One course on its way to the person."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.resume = ""
        self._warned = False

    def run(self, make_course: Callable[[], Course[R]], then: Callable[[R], None] | None) -> int:
        """The result or the problem, shown."""
        voice = self.app.voice
        try:
            try:
                result = self._watch(make_course)
            finally:
                voice.close()
            self._warn()
            voice.show(result)
            if then is not None:
                self._afterwards(lambda: then(result))
            return Exit.OK
        except Gone:
            raise
        except Problem as problem:
            return self._fail(problem)
        except Exception as error:  # noqa: BLE001  what is no Problem is a mistake of ours, and is told as one
            return self._fail(mistake(error, self.app))

    def _afterwards(self, then: Callable[[], None]) -> None:
        """What follows a result that has been shown: the command has succeeded, whatever becomes of it."""
        try:
            then()
        except Problem as problem:
            self.app.voice.warn(problem)
        except (KeyboardInterrupt, Ended):
            return

    def _watch(self, make_course: Callable[[], Course[R]]) -> R:
        with closing(make_course()) as course:
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

    def _warn(self) -> None:
        """What is odd about the settings, once they have been read at all."""
        notices = () if self._warned else self.app.notices()
        self._warned = self._warned or bool(notices)
        for notice in notices:
            self.app.voice.see(Noticed(notice))

    def _see(self, event: Event) -> None:
        self._warn()
        if isinstance(event, Started) and event.resume:
            self.resume = event.resume
        self.app.voice.see(event)

    def _ask(self, asked: Asked) -> Answer | None:
        """The person's answer; None where nobody may be asked, and the core then names what is missing."""
        if not self.app.may_ask:
            return None
        told = self.app.host.monotonic()
        try:
            return self.app.voice.ask(asked)
        except EOFError:
            return None
        finally:
            self.app.give_back(self.app.host.monotonic() - told)

    def _fail(self, problem: Problem) -> int:
        self._warn()
        if self.app.debugs and problem.__cause__ is not None:
            from traceback import format_exception

            self.app.voice.tell("".join(format_exception(problem)).rstrip())
        self.app.voice.complain(problem)
        return problem.exit

    def interrupted(self, code: int) -> int:
        """Say what goes on without us."""
        self.app.voice.close()
        try:
            self.app.voice.interrupted(code, self.resume)
        except (Gone, Problem):
            return code  # it has been told on stderr, and stdout takes no more
        return code
