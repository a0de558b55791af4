"""What a real Coder answered, and what the sandbox answers to the same: held together, or named as waiting.

A recording is compared by presence and JSON type of every field that `model` decodes, by its status and content type,
and by how its socket ended. The values belong to another day and another template.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Match

from ameide_ws.coder import model
from ameide_ws.coder.decode import decode
from ameide_ws.sandbox.editor import Proxy
from ameide_ws.sandbox.routes import application
from tests.contract.held import HELD
from tests.contract.kinds import differences
from tests.contract.replays import Refusal
from tests.contract.target import Json, Reply, Target

HERE = Path(__file__).parent
WAITING: dict[str, dict[str, str]] = tomllib.loads((HERE / "waiting.toml").read_text(encoding="utf-8"))
NAMES = sorted(path.stem for path in (HERE / "recordings").glob("*.json"))
# Null until a template was built often enough: a matter of its past, not of its form.
OF_THE_PAST = ("build_time_stats",)


@cache
def recording(name: str) -> Json:
    found: Json = json.loads((HERE / "recordings" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def brought(frames: list[Any]) -> list[Any]:
    """The messages of a socket; where some were left out, a row says how many."""
    messages = (message for _, message in frames)
    return [one for one in messages if not (isinstance(one, dict) and one.keys() == {"_omitted"})]


def whole(body: Any) -> Any:
    """A list without the row that says how much of it was left out."""
    is_list = isinstance(body, list)
    return [one for one in body if not (isinstance(one, dict) and one.keys() == {"_omitted"})] if is_list else body


def route_of(request: Json) -> str | None:
    """The sandbox's route for a recorded request."""
    is_socket = request.get("upgrade") == "websocket"
    scope = {"type": "websocket" if is_socket else "http", "path": request["path"].partition("?")[0], "headers": []}
    scope |= {"root_path": ""} if is_socket else {"root_path": "", "method": request["method"]}
    for route in application(Proxy()).routes:
        if route.matches(scope)[0] is Match.FULL:
            return f"{request['method']} {getattr(route, 'path', '')}"
    return None


def waiting() -> dict[str, str]:
    return {name: brings for rows in WAITING.values() for name, brings in rows.items()}


def differing(shape: Any, recorded: Any, told: Any) -> list[str]:
    """The differences, after both have been decoded as the client does it."""
    decode(shape, recorded)
    decode(shape, told)
    return [one for one in differences(shape, recorded, told) if not any(word in one for word in OF_THE_PAST)]


@pytest.mark.parametrize("name", HELD)
def test_the_sandbox_answers_as_it_was_recorded(stand_in: Target, name: str) -> None:
    replay, recorded = HELD[name], recording(name)["response"]
    told = replay.ask(stand_in)
    if not isinstance(told, Reply):
        assert recorded["status"] == 101
        wanted = recorded["close"]
        assert ("still open when we left" if told.close is None else " ".join(map(str, told.close))) == wanted
        assert differing(replay.shape, brought(recorded["frames"]), told.messages) == []
        return
    assert told.status == recorded["status"]
    # A dial that was refused was recorded without its headers.
    if "headers" in recorded:
        kind = dict(recorded["headers"]).get("content-type", "")
        assert told.kind.partition(";")[0] == kind.partition(";")[0]
    shape = Refusal if told.status >= 400 and told.kind.startswith("application/json") else replay.shape
    if "body" not in recorded or not told.kind.startswith("application/json"):
        return
    was, now = whole(recorded["body"]), told.json
    if shape is not None:
        assert differing(shape, was, now) == []
    elif isinstance(was, dict):
        # Nothing of it is decoded yet; whoever comes to decode it finds these.
        assert now.keys() == was.keys()


def test_every_recording_is_held_or_waits_for_something_and_none_is_both() -> None:
    assert sorted([*HELD, *waiting()]) == NAMES
    assert all(brings.strip() for brings in waiting().values())


def test_no_route_is_built_without_its_recordings_being_held() -> None:
    """A state that the sandbox cannot be in stands in waiting.toml as one, and says what would bring it."""
    built = {name: route for name in WAITING["route"] if (route := route_of(recording(name)["request"]))}
    assert built == {}, "hold these in held.py, or name the state that is missing in waiting.toml"


def test_what_waits_for_a_state_has_its_route() -> None:
    missing = [name for name in WAITING["state"] if route_of(recording(name)["request"]) is None]
    assert missing == []


def test_every_type_we_decode_is_held_by_a_recording() -> None:
    held = {shape for replay in HELD.values() for shape in types(replay.shape)}
    every = {one for one in vars(model).values() if isinstance(one, type) and hasattr(one, "_field_defaults")}
    within = {inner for one in every for part in one.__annotations__.values() for inner in types(part)}
    answers = {one for one in every if one not in within}
    assert answers | within <= held


def types(shape: Any) -> set[Any]:
    """A type and all within it."""
    if hasattr(shape, "_field_defaults"):
        return {shape} | {inner for one in shape.__annotations__.values() for inner in types(one)}
    return {inner for one in getattr(shape, "__args__", ()) for inner in types(one)}


def test_no_recording_names_a_person_or_a_machine_or_holds_a_token() -> None:
    import re

    wrong = re.compile(
        r"/(?:work|root|tmp|var)/|(?:192\.168|10\.\d+|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+"
        r"|(?<![A-Za-z0-9_-])[A-Za-z0-9]{10}-[A-Za-z0-9]{22}(?![A-Za-z0-9_-])"
    )
    found = {name: wrong.findall((HERE / "recordings" / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    ("recorded", "told", "found"),
    [
        ({"id": "1", "username": "a"}, {"id": "1", "username": "a"}, []),
        ({"id": "1", "username": "a", "name": "x"}, {"id": "1", "username": "a"}, [".name: nothing, recorded string"]),
        ({"id": "1", "username": "a"}, {"id": "1", "username": 7}, [".username: number, recorded string"]),
        ({"id": "1", "username": "a"}, {"id": "1", "username": None}, [".username: null, recorded string"]),
    ],
)
def test_a_difference_is_seen(recorded: Json, told: Json, found: list[str]) -> None:
    assert differences(model.User, recorded, told) == found


def test_an_empty_list_is_no_comparison() -> None:
    assert "[].id: nothing to compare" in differences(tuple[model.User, ...], [{"id": "1", "username": "a"}], [])
