"""JSON to the types of `model`; every complaint names the path.

Three rules at the edge of an API written in Go: unknown fields are ignored, null for a list is an empty list, and null
or nothing for a field with a default is that default.
"""

from collections.abc import Callable
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin

from ameide_ws.when import parse_time

T = TypeVar("T")
Reader = Callable[[Any, str], Any]


class Mismatch(ValueError):
    """The answer has another form than we know; says where, what was due and what came, never the value."""

    def __init__(self, path: str, expected: str, got: object) -> None:
        super().__init__(f"{path or '.'}: expected {expected}, got {_kind(got)}")


_MISSING = object()
_KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
_readers: dict[Any, Reader] = {}


def decode(shape: type[T], value: Any, path: str = "") -> T:
    """A value of JSON as that type of `model` (or a tuple of one). Raises Mismatch."""
    return _reader(shape)(value, path)  # type: ignore[no-any-return]


def _reader(shape: Any) -> Reader:
    reader = _readers.get(shape)
    if reader is None:
        reader = _readers[shape] = _make(shape)
    return reader


def _make(shape: Any) -> Reader:
    if get_origin(shape) is tuple:
        return _list_of(_reader(get_args(shape)[0]))
    if isinstance(shape, UnionType):
        (inner,) = (part for part in get_args(shape) if part is not NoneType)
        return _maybe(_time if inner is datetime else _reader(inner))
    if hasattr(shape, "_field_defaults"):
        return _object(shape)
    return _plain(shape)


def _plain(shape: type) -> Reader:
    expected = _KINDS[shape]

    def read(value: Any, path: str) -> Any:
        if type(value) is not shape:
            raise Mismatch(path, expected, value)
        return value

    return read


def _time(value: Any, path: str) -> datetime | None:
    try:
        return parse_time(value)
    except ValueError:
        raise Mismatch(path, "a time", value) from None


def _maybe(inner: Reader) -> Reader:
    def read(value: Any, path: str) -> Any:
        return None if value is None else inner(value, path)

    return read


def _list_of(inner: Reader) -> Reader:
    def read(value: Any, path: str) -> Any:
        if value is None:
            return ()
        if type(value) is not list:
            raise Mismatch(path, "array", value)
        return tuple([inner(item, f"{path}[{index}]") for index, item in enumerate(value)])

    return read


def _object(shape: Any) -> Reader:
    fields: list[tuple[str, Reader, Any]] = []

    def read(value: Any, path: str) -> Any:
        if type(value) is not dict:
            raise Mismatch(path, "object", value)
        if not fields:  # on first use; in one step, because several threads may come here at once
            kinds, defaults = shape.__annotations__.items(), shape._field_defaults
            fields[:] = [(name, _reader(kind), defaults.get(name, _MISSING)) for name, kind in kinds]
        found = []
        for name, inner, default in fields:
            item = value.get(name)
            if item is None and default is not _MISSING:
                found.append(default)
            elif item is None and name not in value:
                raise Mismatch(f"{path}.{name}", "a value", _MISSING)
            else:
                found.append(inner(item, f"{path}.{name}"))
        return shape(*found)

    return read


def _kind(value: object) -> str:
    if value is _MISSING:
        return "nothing"
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)
