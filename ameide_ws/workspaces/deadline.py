"""How long a whole command may take."""

from contextlib import closing
from typing import TypeVar

from ameide_ws.events import Answer, Asked, Course
from ameide_ws.host import Host

R = TypeVar("R")


class Deadline:
    """An end on the monotonic clock, or none. That clock stands still while the machine sleeps: sleep costs nothing."""

    def __init__(self, host: Host, seconds: float | None) -> None:
        self._host = host
        self._slept = host.slept()
        self.seconds = seconds
        self._end = None if not seconds else host.monotonic() + seconds

    @property
    def rest(self) -> float | None:
        """Seconds left, never below 0; None without an end."""
        return None if self._end is None else max(0.0, self._end - self._host.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return self.rest == 0.0

    def extend(self, seconds: float) -> None:
        """Give back time that was not ours."""
        if self._end is not None:
            self._end += seconds

    def not_counting_questions(self, course: Course[R]) -> Course[R]:
        """The same course; the time that a person takes to answer is given back."""
        answer: Answer | None = None
        with closing(course):
            while True:
                try:
                    event = course.send(answer)
                except StopIteration as end:
                    result: R = end.value
                    return result
                told = self._host.monotonic()
                answer = yield event
                if isinstance(event, Asked):
                    self.extend(self._host.monotonic() - told)

    def woke(self) -> float:
        """Seconds the machine has slept since the last call; 0 for less than ten."""
        slept = self._host.slept() - self._slept
        if slept <= 10:
            return 0.0
        self._slept += slept
        return slept
