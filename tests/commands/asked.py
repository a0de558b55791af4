"""What the sandbox was asked, and whether anything in an outcome is as promised everywhere."""

import json
import urllib.request
from typing import Any

from ameide_ws.sandbox.world import Request, World
from tests.cli.outcome import Outcome as Seen
from tests.cli.shapes import valid
from tests.commands.machine import Outcome


def changes(world: World) -> list[Request]:
    """The requests that may change something; evaluating parameters does not."""
    return [
        one
        for one in world.requests
        if one.method not in ("GET", "WS") and not one.path.endswith("/dynamic-parameters/evaluate")
    ]


def builds(world: World) -> list[tuple[str, str]]:
    """What was asked to be built: ("create", name) or ("build", transition)."""
    return [
        ("create", one.json["name"]) if one.path.endswith("/workspaces") else ("build", one.json["transition"])
        for one in changes(world)
    ]


def made(world: World, name: str) -> Any:
    """A new workspace as Coder tells it, for a test to tell it otherwise; that it was asked for leaves no trace."""
    world.workspace(name)
    headers = {"Coder-Session-Token": world.token, "User-Agent": "test"}
    asked = urllib.request.Request(f"{world.url}/api/v2/users/dev1/workspace/{name}", headers=headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=10) as answer:
        read = json.load(answer)
    world.requests.clear()
    return read


def paths(world: World, method: str = "GET") -> list[str]:
    """The paths asked for with a method."""
    return [one.path for one in world.requests if one.method == method]


def is_valid(outcome: Outcome, name: str, form: str = "json") -> None:
    """Raises when a JSON outcome breaks its schema, is not ASCII, or lies about the exit code."""
    valid(name, form, Seen(*outcome))


def is_an_error(outcome: Outcome, code: int) -> None:
    """Raises when an outcome is not one error in the anatomy that all errors have, with nothing on stdout."""
    assert (outcome.exit, outcome.out) == (code, ""), outcome
    assert outcome.err.count("error: ") == 1, outcome.err
    lines = outcome.anatomy
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("  cause: ")
    assert lines[2].startswith("  try:   ")
    assert len(lines) <= 6
