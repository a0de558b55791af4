"""Settings: option, environment, the person's file, built-in default; each value together with its origin.

No file of the current folder is ever read. What an address or a token may be used for is `web.origin`'s business.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ameide_ws.host import Host
from ameide_ws.problems import BadConfig, BadToken, Problem, SignedOut
from ameide_ws.text import near, safe, sentence
from ameide_ws.when import parse_duration

TOKEN = "AMEIDE_WS_TOKEN"  # noqa: S105  the variable's name
BUILT_IN = "built-in"
# The variable of each key; `open` is the odd one, since its variable says the opposite.
VARIABLES = {
    "url": "AMEIDE_WS_URL",
    "template": "AMEIDE_WS_TEMPLATE",
    "app": "AMEIDE_WS_APP",
    "provider": "AMEIDE_WS_PROVIDER",
    "ca_file": "AMEIDE_WS_CA_FILE",
    "timeout": "AMEIDE_WS_TIMEOUT",
    "color": "AMEIDE_WS_COLOR",
    "open": "AMEIDE_WS_NO_BROWSER",
}
COLORS = ("auto", "always", "never")
_TOKEN_SHAPE = re.compile(r"[A-Za-z0-9]{10}-[A-Za-z0-9]{22}")


class Secret:
    """A value that no log, error or representation shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"


class Value(NamedTuple):
    """A setting and where it came from: `--url`, `AMEIDE_WS_URL`, `<file>:3`, or `built-in`."""

    value: str
    origin: str
    is_from_file: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for this one command."""

    values: Mapping[str, Value]
    warnings: tuple[Problem, ...] = ()
    token: Secret | None = None

    def __getitem__(self, key: str) -> str:
        return self.values[key].value

    @property
    def timeout(self) -> float | None:
        """Seconds the whole command may take, None where nobody said; 0 means no limit."""
        return parse_duration(self["timeout"]) if self["timeout"] else None

    @property
    def opens(self) -> bool:
        """Whether a browser may be opened."""
        return self["open"] == "true"


def settle(options: Mapping[str, str | None], host: Host) -> Settings:
    """The settings of one command. Raises BadConfig for a value that is none, naming where it stands."""
    values = {key: Value(value, BUILT_IN) for key, value in _built_in().items()}
    from_file, warnings = read_config(host, host.config_dir / "config.toml")
    values.update(from_file)
    for key, variable in VARIABLES.items():
        said = host.value(variable)
        if said is not None:
            values[key] = Value("false" if key == "open" else said, variable)
    for key, option in options.items():
        if option is not None:
            values[key] = Value(option, f"--{key.replace('_', '-')}")
    ca_file = values["ca_file"]
    values["ca_file"] = ca_file._replace(value=host.whole_path(ca_file.value))
    for key, value in values.items():
        _check(key, value, host)
    token = host.value(TOKEN)
    return Settings(values, warnings, Secret(token) if token else None)


def session_token(settings: Settings) -> Secret:
    """The token for this address. Raises SignedOut, and BadToken for one that cannot be one.

    A token from the environment goes with an address from the command line, the environment or the program itself,
    never with one that a file names.
    """
    url = settings.values["url"]
    if settings.token is None:
        raise signed_out(url.value, f"{TOKEN} is not set")
    if url.is_from_file:
        raise signed_out(url.value, f"{TOKEN} is not used for an address that comes from {url.origin}")
    if not _TOKEN_SHAPE.fullmatch(settings.token.reveal()):
        raise BadToken(
            f"{TOKEN} does not hold a Coder token",
            cause="a Coder token is 10 letters or digits, a dash, and 22 more",
            tries=(f"copy the token again from {safe(url.value)}/cli-auth",),
        )
    return settings.token


def signed_out(url: str, why: str, ref: str = "") -> SignedOut:
    """The one way to say that a token is needed."""
    url = sentence(url.rstrip("/"))
    tries = (f"open {url}/cli-auth in a browser and copy the token", f"export {TOKEN}=…   # then run this again")
    return SignedOut(f"you are signed out of {url}", cause=why, tries=tries, ref=ref)


def _built_in() -> dict[str, str]:
    text = Path(__file__).with_name("defaults.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def read_config(host: Host, path: Path) -> tuple[dict[str, Value], tuple[Problem, ...]]:
    """The person's file: its values, and a warning for each key we do not know. Raises BadConfig."""
    try:
        text = host.read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise _bad(f"{path} cannot be read", str(error), path) from error
    if text is None:
        return {}, ()
    import tomllib

    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = where.groups() if where else _end_of(text)
        raise _bad(f"{path}:{line}:{column} is not valid TOML", str(error), path) from error
    values: dict[str, Value] = {}
    warnings: list[Problem] = []
    for key, value in table.items():
        origin = f"{path}:{_line_of(text, key)}"
        if key not in VARIABLES:
            warnings.append(_unknown_key(key, origin))
        else:
            values[key] = Value(_plain(key, value, origin, path), origin, is_from_file=True)
    return values, tuple(warnings)


def _plain(key: str, value: Any, origin: str, path: Path) -> str:
    """A TOML value as the words an option would have."""
    if isinstance(value, bool) and key == "open":
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise _bad(f"{origin}: {key} has to be {'true or false' if key == 'open' else 'text in quotes'}", "", path)


def _check(key: str, value: Value, host: Host) -> None:
    """Refuse what cannot be meant, before anything is done with it."""
    if key == "ca_file" and value.value and not host.has_file(Path(value.value)):
        raise BadConfig(
            f"{value.origin}: there is no file {sentence(value.value)}",
            cause="a file of certificates (PEM) to trust is expected",
            tries=("check the path, or leave it out",),
        )
    if key in ("url", "template", "app", "provider") and not value.value.strip():
        raise BadConfig(f"{value.origin} is empty", cause=f"it says which {key} is meant", tries=("leave it out",))
    try:
        if key == "timeout" and value.value:
            parse_duration(value.value)
        if key == "color" and value.value not in COLORS:
            raise ValueError(f"it is one of {', '.join(COLORS)}")
        if key == "open" and value.value not in ("true", "false"):
            raise ValueError("it is true or false")
    except ValueError as error:
        raise BadConfig(
            f"{value.origin}: “{safe(value.value)}” is not a {key}",
            cause=str(error),
            tries=(f"correct {value.origin}",),
        ) from error


def _unknown_key(key: str, origin: str) -> Problem:
    meant = near(key, VARIABLES)
    cause = f"did you mean {meant}?" if meant else f"known are {', '.join(VARIABLES)}"
    return BadConfig(f"{origin}: unknown setting “{safe(key)}”, left alone", cause=cause, tries=(f"correct {origin}",))


def _bad(message: str, cause: str, path: Path) -> BadConfig:
    return BadConfig(message, cause=safe(cause) or "the file was read as TOML", tries=(f"correct {path}",))


def _end_of(text: str) -> tuple[int, int]:
    """Line and column after the last character: where an unfinished string or table is missed."""
    return text.count("\n") + 1, len(text) - text.rfind("\n")


def _line_of(text: str, key: str) -> int:
    """The line a top-level key stands on; 1 where it is written in an unusual way."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return 1
