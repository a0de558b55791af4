"""The options that every command has, before it and after it: declared once, noted in the App's options."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperOption

from ameide_ws import __version__
from ameide_ws.app import App
from ameide_ws.cli.quick import stored
from ameide_ws.cli.words import COLORS, FORMS
from ameide_ws.problems import Usage
from ameide_ws.text import near, safe
from ameide_ws.when import parse_duration

Note = Callable[[App, Any], None]


def shared() -> list[TyperOption]:
    """A fresh set for one command; Typer's options know the command they belong to."""
    return [
        _value(["--url"], "URL", "address of Coder", _set("url")),
        _flag(["--json"], "one JSON object, for programs; short for -o json", lambda app, _: _form(app, "json")),
        _value(["-o", "form"], "FORMAT", f"{', '.join(FORMS)}", _form),
        _flag(["-q", "--quiet"], "no progress", _set("quiet")),
        _flag(["-v", "--verbose"], "logs too", _set("verbose")),
        _flag(["--debug"], "every request too", _set("debug")),
        _flag(["--no-input"], "never ask", _set("no_input")),
        _value(["--color"], "WHEN", ", ".join(COLORS), _color),
        _value(["--ca-file"], "FILE", "certificates to trust as well", _set("ca_file")),
        _flag(["--insecure-http"], "allow http:// beyond this machine", _set("insecure_http")),
        _value(["--timeout"], "DURATION", "limit for the whole command, like 90s or 30m; 0 for none", _timeout),
        _flag(["--sandbox"], "use the Coder on this machine", _set("sandbox")),
        _eager(["-h", "--help"], "show this", _show_help),
    ]


class Wanted(Exception):
    """A text was asked for in place of everything else."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def version_option() -> TyperOption:
    """`--version`, for the root alone."""
    return _eager(["--version"], "show the version", lambda _: f"ameide-ws {__version__}")


def _show_help(ctx: typer.Context) -> str:
    return stored("help.txt") if ctx.parent is None else ctx.get_help()


def _eager(names: list[str], text: str, make: Callable[[typer.Context], str]) -> TyperOption:
    def give(ctx: typer.Context, _param: Any, value: Any) -> None:
        if value and not ctx.resilient_parsing:
            raise Wanted(make(ctx))

    return TyperOption(
        param_decls=names, is_flag=True, is_eager=True, default=None, help=text, expose_value=False, callback=give
    )


def _set(name: str) -> Note:
    return lambda app, value: setattr(app.options, name, value)


def _form(app: App, value: str) -> None:
    app.options.form = one_of(value, FORMS, "ameide-ws list -o")


def _color(app: App, value: str) -> None:
    app.options.color = one_of(value, COLORS, "ameide-ws list --color")


def _timeout(app: App, value: str) -> None:
    try:
        parse_duration(value)
    except ValueError as error:
        raise Usage(
            f"--timeout: “{safe(value)}” is no duration", cause=str(error), tries=("ameide-ws up --timeout 30m",)
        ) from None
    app.options.timeout = value


def one_of(value: str, known: tuple[str, ...], where: str) -> str:
    """The value, if it is one of those that are known. Raises Usage, with what was probably meant.

    where: a command line that ends where the value stands.
    """
    if value in known:
        return value
    meant = near(value, known)
    guess = f"did you mean {meant}? " if meant else ""
    raise Usage(
        f"“{safe(value)}” cannot stand behind {where.rpartition(' ')[2]}",
        cause=f"{guess}there are {', '.join(known)}",
        tries=(f"{where} {meant or known[0]}",),
    )


def _flag(names: list[str], text: str, note: Note) -> TyperOption:
    return TyperOption(
        param_decls=names, is_flag=True, default=None, help=text, expose_value=False, callback=_noting(note)
    )


def _value(names: list[str], metavar: str, text: str, note: Note) -> TyperOption:
    return TyperOption(
        param_decls=names, type=str, metavar=metavar, help=text, expose_value=False, callback=_noting(note)
    )


def _noting(note: Note) -> Callable[[typer.Context, Any, Any], None]:
    """Only what was really given is noted: the root's silence must not undo what stands behind the command."""

    def keep(ctx: typer.Context, _param: Any, value: Any) -> None:
        if value is not None and not ctx.resilient_parsing:
            note(ctx.find_root().obj, value)

    return keep
