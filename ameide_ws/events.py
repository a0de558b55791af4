"""What can be seen happening, as a core function goes along.

A core function is a generator: it yields these, is sent the Answer to an Asked, and returns a result (`results`).
An event does not know who listens; a sentence is not an event.
"""

from collections.abc import Generator
from datetime import datetime
from typing import NamedTuple, TypeVar

from ameide_ws.problems import Problem

R = TypeVar("R")


class Started(NamedTuple):
    """A step begins. `resume` is the sentence to print if the person leaves now; empty keeps the one before."""

    step: str
    subject: str = ""
    resume: str = ""


class Progress(NamedTuple):
    """Something worth knowing about a step that goes on; the latest note replaces the one before."""

    step: str
    note: str


class Line(NamedTuple):
    """One entry of a log, as the server has it: untrusted, perhaps of several lines."""

    source: str
    text: str
    level: str = "info"
    at: datetime | None = None


class Finished(NamedTuple):
    """A step is over. `took` is in seconds, and None where nobody could measure it."""

    step: str
    ok: bool
    took: float | None
    note: str = ""


class Noticed(NamedTuple):
    """A problem that does not stop us: a warning."""

    problem: Problem


class Asked(NamedTuple):
    """A question only a person can answer; `flag` answers it without one.

    choices: (value, label) pairs to pick from, or empty for free text. A default is taken on an empty answer.
    """

    question: str
    flag: str
    secret: bool = False
    default: str | None = None
    choices: tuple[tuple[str, str], ...] = ()


Event = Started | Progress | Line | Finished | Noticed | Asked
Answer = str
Course = Generator[Event, Answer | None, R]
