"""Courses that are over before they begin: a text to show, a problem to report."""

from ameide_ws.app import App
from ameide_ws.cli.deliver import deliver
from ameide_ws.events import Course
from ameide_ws.problems import Problem
from ameide_ws.results import Text


def say(app: App, text: str, *, name: str = "help", hint: str = "") -> int:
    """Show a text."""
    return deliver(app, lambda: text_of(name, text, hint))


def text_of(name: str, text: str, hint: str = "") -> Course[Text]:
    """A course that returns a text."""
    yield from ()
    return Text(name, text, hint)


def fail(app: App, problem: Problem) -> int:
    """Report a problem."""
    return deliver(app, lambda: failing(problem))


def failing(problem: Problem) -> Course[Text]:
    """A course that ends in a problem."""
    yield from ()
    raise problem
