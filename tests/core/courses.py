"""A course run to its end: what was seen happening, what was asked, and what came of it."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, TypeVar

import pytest

from ameide_ws.events import Asked, Course, Event, Finished, Line, Noticed, Progress, Started
from ameide_ws.problems import Problem

R = TypeVar("R")
P = TypeVar("P", bound=Problem)


class Ran:
    """The events of a course, its result or its problem."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.result: Any = None
        self.problem: Problem | None = None

    @property
    def noticed(self) -> list[Problem]:
        return [event.problem for event in self.events if isinstance(event, Noticed)]

    @property
    def asked(self) -> list[Asked]:
        return [event for event in self.events if isinstance(event, Asked)]

    @property
    def lines(self) -> list[Line]:
        return [event for event in self.events if isinstance(event, Line)]

    @property
    def headers(self) -> list[str]:
        """What `up` said it was about to do, one move after the other."""
        return [
            event.subject.partition(" · ")[0] for event in self.events if isinstance(event, Started) and event.subject
        ]

    @property
    def began(self) -> list[str]:
        return [event.step for event in self.events if isinstance(event, Started)]

    @property
    def ended(self) -> list[tuple[str, bool]]:
        return [(event.step, event.ok) for event in self.events if isinstance(event, Finished)]

    @property
    def notes(self) -> list[str]:
        return [event.note for event in self.events if isinstance(event, Progress)]

    @property
    def resume(self) -> str:
        """What would be said if the person left at the end."""
        return [event.resume for event in self.events if isinstance(event, Started) and event.resume][-1]


def run(
    course: Course[Any],
    answers: Mapping[str, str] | None = None,
    *,
    seen: Callable[[Event], None] | None = None,
) -> Ran:
    """Go through a course to its result; `answers` by flag, `seen` is told each event before the course goes on."""
    ran, answer = Ran(), None
    with closing(course):
        try:
            while True:
                event = course.send(answer)
                ran.events.append(event)
                if seen is not None:
                    seen(event)
                answer = (answers or {}).get(event.flag) if isinstance(event, Asked) else None
        except StopIteration as end:
            ran.result = end.value
        except Problem as problem:
            ran.problem = problem
    return ran


def well(course: Course[Any], answers: Mapping[str, str] | None = None, **more: Any) -> Ran:
    """A course that has to end well."""
    ran = run(course, answers, **more)
    if ran.problem is not None:
        raise ran.problem
    return ran


def failing(kind: type[P], course: Course[Any], answers: Mapping[str, str] | None = None, **more: Any) -> tuple[P, Ran]:
    """A course that has to end with that kind of problem."""
    ran = run(course, answers, **more)
    if not isinstance(ran.problem, kind):
        pytest.fail(f"ended with {ran.problem!r}, {ran.result!r}")
    assert ran.problem.message
    assert ran.problem.cause
    assert ran.problem.tries
    return ran.problem, ran
