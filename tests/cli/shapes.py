"""JSON output against the schemas that come with the package."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.cli.outcome import Outcome


@cache
def _schemas() -> dict[str, Any]:
    folder = files("ameide_ws") / "schemas"
    return {each.name: json.loads(each.read_text()) for each in folder.iterdir() if each.name.endswith(".json")}


def fits(name: str, value: object) -> None:
    """Raises when a value is not what the schema promises."""
    registry: Registry[Any] = Registry().with_resources(
        (key, Resource.from_contents(schema)) for key, schema in _schemas().items()
    )
    Draft202012Validator(_schemas()[f"{name}.json"], registry=registry).validate(value)


def valid(name: str, form: str | None, outcome: Outcome) -> None:
    """Raises when a JSON outcome is not one envelope, ASCII, and true about its exit code."""
    if form not in ("json", "jsonl"):
        return
    assert outcome.out.isascii()
    lines = outcome.out.splitlines() if form == "jsonl" else [outcome.out]
    for line in lines if form == "jsonl" else ():
        fits("event", json.loads(line))
    last = json.loads(lines[-1])
    fits("envelope", last)
    assert last["exit_code"] == outcome.exit
    if last["data"] is not None:
        fits(name, last["data"])
