"""The page without arguments: who is signed in, which workspaces there are, and what to type next."""

from collections.abc import Callable

from ameide_ws.coder.client import Coder
from ameide_ws.events import Course
from ameide_ws.problems import Problem, SignedOut
from ameide_ws.results import Home, Row
from ameide_ws.settings import TOKEN
from ameide_ws.side_by_side import together
from ameide_ws.text import safe
from ameide_ws.workspaces.listing import question, row

SHOWN = 5


def home(make_coder: Callable[[], Coder], url: str) -> Course[Home]:
    """Never fails: what could not be found out is said in `trouble`."""
    try:
        coder = make_coder()
        found = together({"user": coder.me, "page": lambda: next(coder.workspaces(question()))})
    except SignedOut as problem:
        way = f"export {TOKEN}=…   # copy it from {url}/cli-auth"
        return Home(url, "", f"{problem.message}: {problem.cause}", (), way)
    except Problem as problem:
        return Home(url, "", f"{problem.message}: {problem.cause}", (), problem.tries[0])
    rows = tuple(row(workspace) for workspace in found["page"].workspaces[:SHOWN])
    user = found["user"]
    name = f"{safe(user.username)} ({safe(user.name)})" if user.name else safe(user.username)
    return Home(coder.url, name, "", rows, _next(rows), coder.date)
    yield  # a course, although nothing is seen happening


def _next(rows: tuple[Row, ...]) -> str:
    return f"ameide-ws up {safe(rows[0].name)}" if len(rows) == 1 else "ameide-ws up"
