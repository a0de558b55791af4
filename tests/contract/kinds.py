"""The JSON that a type of `model` is decoded from: which fields are there, and of which JSON type; not their values."""

from __future__ import annotations

from collections import defaultdict
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

KINDS = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    NoneType: "null",
}
ABSENT = "nothing"
Kinds = dict[str, set[str]]


def kinds(shape: Any, value: Any) -> Kinds:
    """For each field that `shape` has: what stands there. Items of a list are one field, whichever they are."""
    found: Kinds = defaultdict(set)
    _look(shape, value, "", found)
    return found


def _look(shape: Any, value: Any, path: str, found: Kinds) -> None:
    found[path].add(KINDS[type(value)])
    if isinstance(shape, UnionType):
        (shape,) = (part for part in get_args(shape) if part is not NoneType)
    if get_origin(shape) is tuple and isinstance(value, list):
        for item in value:
            _look(get_args(shape)[0], item, f"{path}[]", found)
    elif hasattr(shape, "_field_defaults") and isinstance(value, dict):
        for name, inner in shape.__annotations__.items():
            if name in value:
                _look(inner, value[name], f"{path}.{name}", found)
            else:
                found[f"{path}.{name}"].add(ABSENT)


def differences(shape: Any, recorded: Any, told: Any) -> list[str]:
    """Where what is told has a form that was not recorded, or has nothing to compare with what was."""
    was, now = kinds(shape, recorded), kinds(shape, told)
    found = [
        f"{path or '.'}: {' or '.join(sorted(now[path]))}, recorded {' or '.join(sorted(was[path]))}"
        for path in now.keys() & was.keys()
        if not now[path] <= was[path]
    ]
    return sorted(found + [f"{path}: nothing to compare" for path in was.keys() - now.keys()])
