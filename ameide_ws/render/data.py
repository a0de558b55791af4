"""Results and problems for programs: the envelope of every JSON answer, and the one-line events of jsonl."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ameide_ws.events import Asked, Event, Finished, Line, Noticed, Progress, Started
from ameide_ws.problems import Problem
from ameide_ws.results import Listing, Result, Row, Up
from ameide_ws.text import SafeText, safe
from ameide_ws.when import rfc3339

SCHEMA = "ameide-ws/v1"
_REQUEST = re.compile(r"\brequest (\S+)")
# What only decides how a result is shown.
_UNTOLD = {"Up": ("status", "openable", "called"), "Page": ("now",), "Home": ("now",)}


def as_data(value: object) -> Any:
    """A result as plain JSON values: times RFC 3339, lists lists, results objects with their fields' names."""
    if isinstance(value, Listing):
        return [as_data(row) for row in value.rows]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        untold = _UNTOLD.get(type(value).__name__, ())
        return {name: as_data(item) for name, item in zip(value._fields, value, strict=True) if name not in untold}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple | list):
        return [as_data(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def told(problem: Problem) -> dict[str, Any]:
    """A problem as an object. Its texts are safe to show, as a program may well show them."""
    request = _REQUEST.search(problem.ref)
    return {
        "code": problem.code,
        "message": safe(problem.message, multiline=True),
        "cause": safe(problem.cause, multiline=True),
        "hint": "\n".join(safe(way, multiline=True) for way in problem.tries),
        "request_id": safe(request[1]) if request else None,
        "ref": safe(problem.ref),
        "lines": [safe(line, multiline=True) for line in problem.lines],
    }


def interruption(resume: str) -> dict[str, Any]:
    """What stands in place of a problem when a signal ended us: nothing failed, and this goes on."""
    return {"code": "interrupted", "message": "interrupted", "cause": "", "hint": resume, "request_id": None, "ref": "",
            "lines": []}  # fmt: skip


def envelope(
    command: Sequence[str],
    exit: int,
    result: Result | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The one object that answers a command."""
    status = "error" if errors else result.status if isinstance(result, Up) else "ok"
    return {
        "schema": SCHEMA,
        "command": list(command),
        "status": status,
        "exit_code": int(exit),
        "data": None if result is None else as_data(result),
        "errors": list(errors),
        "warnings": list(warnings),
    }


def spell(value: Mapping[str, Any], *, indent: int | None = None) -> SafeText:
    """JSON in ASCII alone, which no terminal obeys."""
    return SafeText(json.dumps(value, ensure_ascii=True, indent=indent))


def stage(event: Event, elapsed: float) -> dict[str, Any] | None:
    """An event as a line of jsonl; None for a question, which programs are not asked."""
    at = round(elapsed, 3)
    match event:
        case Started():
            return {"event": "stage", "step": event.step, "state": "started", "note": event.subject, "elapsed": at}
        case Progress():
            return {"event": "stage", "step": event.step, "state": "progress", "note": event.note, "elapsed": at}
        case Finished():
            took = None if event.took is None else round(event.took, 3)
            state = "ok" if event.ok else "failed"
            return {"event": "stage", "step": event.step, "state": state, "note": event.note, "elapsed": at,
                    "seconds": took}  # fmt: skip
        case Line():
            return {"event": "log", "source": event.source, "level": event.level, "text": event.text,
                    "at": rfc3339(event.at)}  # fmt: skip
        case Noticed():
            return {"event": "warning", **told(event.problem)}
        case Asked():
            return None


def items(result: Result) -> list[dict[str, Any]]:
    """The rows of a list, one line of jsonl each."""
    rows: Sequence[Row] = result.rows if isinstance(result, Listing) else ()
    return [{"event": "item", **as_data(row)} for row in rows]
