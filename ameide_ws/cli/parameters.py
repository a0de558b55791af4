"""Template parameters from the command line and from a file of TOML or JSON; the command line wins."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ameide_ws.host import Host
from ameide_ws.problems import BadParameter, Usage
from ameide_ws.text import safe

_FILE = "--params-file"


def gathered(host: Host, params: Sequence[str], file: str | None) -> dict[str, str]:
    """Every parameter given. Raises Usage for a word without `=`, BadParameter naming file, line and column."""
    values = from_file(host, file) if file is not None else {}
    for word in params:
        name, equals, value = word.partition("=")
        if not equals or not name.strip():
            raise Usage(
                f"--param “{safe(word)}” has no name and value",
                cause="a parameter is given as NAME=VALUE",
                tries=("ameide-ws up --param region=eu",),
            )
        values[name.strip()] = value
    return values


def from_file(host: Host, file: str) -> dict[str, str]:
    """The parameters in a file; `-` is stdin."""
    text = _stdin(host) if file == "-" else _read(host, file)
    where = "stdin" if file == "-" else file
    looks_like_json = file.endswith(".json") or (not file.endswith(".toml") and text.lstrip()[:1] == "{")
    table = _json(text, where) if looks_like_json else _toml(text, where)
    return {name: _plain(name, value, text, where) for name, value in table.items()}


def _stdin(host: Host) -> str:
    if host.stdin is None or host.is_terminal(host.stdin):
        raise Usage(
            f"{_FILE} - reads stdin, and nothing is sent there",
            cause="stdin is a terminal" if host.stdin is not None else "stdin is closed",
            tries=(f"ameide-ws up {_FILE} - < params.toml",),
        )
    try:
        return host.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable("stdin", error) from error


def _read(host: Host, file: str) -> str:
    try:
        text = host.read(Path(file).expanduser())
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        raise _unreadable(file, error) from error
    if text is None:
        raise BadParameter(
            f"{_FILE}: there is no file {safe(file)}",
            cause="a file of TOML or JSON was expected, with one name = value for each parameter",
            tries=(f"ls -l {safe(file)}",),
        )
    return text


def _unreadable(where: str, error: Exception) -> BadParameter:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
    return BadParameter(
        f"{_FILE}: {safe(where)} cannot be read", cause=safe(why or str(error)), tries=(f"ls -l {safe(where)}",)
    )


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        table = json.loads(text)
    except json.JSONDecodeError as error:
        raise _wrong(where, error.lineno, error.colno, f"this is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise _wrong(where, 1, 1, "this is nested too deeply") from error
    if not isinstance(table, dict):
        raise _wrong(where, 1, 1, "an object was expected, with one name and value for each parameter")
    return table


def _toml(text: str, where: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(at[1]), int(at[2])) if at else (text.count("\n") + 1, 1)
        reason = str(error).partition(" (at ")[0]
        raise _wrong(where, line, column, f"this is not TOML: {reason}") from error
    except RecursionError as error:
        raise _wrong(where, 1, 1, "this is nested too deeply") from error


def _plain(name: str, value: object, text: str, where: str) -> str:
    """A value as Coder takes it: text; lists as JSON, which is how Coder spells them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return json.dumps(value)
    line, column = _place(name, text)
    raise _wrong(where, line, column, f"“{safe(name)}” has to be text, a number, true, false, or a list of these")


def _place(name: str, text: str) -> tuple[int, int]:
    """Where a name stands in a file; its beginning where it is written in an unusual way."""
    key = re.escape(name)
    found = re.search(rf"^([ \t]*\[?[ \t]*)[\"']?{key}[\"']?[ \t]*[=\].]|[\"']{key}[\"'][ \t]*:", text, re.MULTILINE)
    if found is None:
        return 1, 1
    at = found.start() + len(found[1] or "")
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _wrong(where: str, line: int, column: int, why: str) -> BadParameter:
    at = f"{safe(where)}:{line}:{column}"
    return BadParameter(f"{_FILE}: {at} cannot be used", cause=safe(why), tries=(f"correct {at}",))
