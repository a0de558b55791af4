"""Typer, bent to our shape: commands loaded when called, options that every command shares, plain help, our errors."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from ameide_ws.app import App
from ameide_ws.cli.mistakes import mistake
from ameide_ws.cli.options import Wanted, shared, version_option
from ameide_ws.cli.saying import fail, say
from ameide_ws.cli.table import COMMANDS
from ameide_ws.problems import Problem, Usage
from ameide_ws.text import near, safe, sentence

PROGRAM = "ameide-ws"
_SETTINGS = {"help_option_names": ["-h", "--help"]}


class Command(TyperCommand):
    """One command, with the shared options behind its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = list(self.params)
        self.params += shared()

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Its own options first; the shared ones as one list that looks the same everywhere."""
        groups = (("Arguments", _records(self.own, "argument", ctx)), ("Options", _records(self.own, "option", ctx)))
        rest = [param for param in self.get_params(ctx) if param not in self.own]
        for title, records in (*groups, ("Before and after every command", _records(rest, "option", ctx))):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Root(TyperGroup):
    """The table of commands, each loaded when it is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [*shared(), version_option()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """A command out of its module; None for a word that is none."""
        return command(cmd_name) if cmd_name in COMMANDS else None

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """All names, without loading anything."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is meant. Raises Usage with a guess for a word that is none."""
        if args[0] not in COMMANDS:
            raise _no_command(args[0])
        ctx.obj.command = (args[0],)
        return super().resolve_command(ctx, args)


def command(name: str) -> Command:
    """One command, built from its function."""
    entry = COMMANDS[name]
    function = getattr(import_module(f"ameide_ws.cli.{entry.module}"), entry.function)
    info = CommandInfo(name=name, callback=function, cls=Command, context_settings=_SETTINGS)
    built = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    assert isinstance(built, Command)
    return built


def root() -> Root:
    """The program itself; without a command it shows the page of where you stand."""

    def begin(ctx: typer.Context) -> int | None:
        if ctx.invoked_subcommand is not None:
            return None
        from ameide_ws.cli.workspace import home

        return home(ctx.obj)

    program = typer.Typer(
        cls=Root, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
        invoke_without_command=True, context_settings=_SETTINGS, callback=begin,
    )  # fmt: skip
    built = typer.main.get_group(program)
    assert isinstance(built, Root)
    return built


def help_of(name: str, app: App) -> str:
    """The help text of one command."""
    ctx = root().make_context(PROGRAM, [], resilient_parsing=True, obj=app, **_width(app))
    built = command(name)
    return built.get_help(typer.Context(built, info_name=name, parent=ctx, **_width(app)))


def _width(app: App) -> dict[str, Any]:
    return {"terminal_width": app.host.columns, "max_content_width": 100}


def parse_and_run(words: Sequence[str], app: App) -> int:
    """Let Typer read the words and call the command; what it refuses is told in our own way."""
    try:
        _refuse_rest(app)
        # An empty variable name: completion is not asked for through the environment.
        code = root().main(
            list(words), prog_name=PROGRAM, standalone_mode=False, complete_var="", obj=app, **_width(app)
        )
        return int(code or 0)
    except Wanted as wanted:
        return say(app, wanted.text)
    except Problem as problem:
        return fail(app, problem)
    except typer.TyperException as error:
        return fail(app, _usage(error, app))
    except Exception as error:  # noqa: BLE001  a mistake of ours before a command began is told like any other
        return fail(app, mistake(error, app))


def _refuse_rest(app: App) -> None:
    """Words after `--` are for a command inside a workspace, and no command takes one."""
    if app.rest:
        raise Usage(
            f"nothing takes what stands behind --: {sentence(' '.join(app.rest))}",
            cause="a name stands in front of it, without the dashes",
            tries=(f"{PROGRAM} --help",),
        )


def _usage(error: typer.TyperException, app: App) -> Usage:
    """What Typer refused, in the anatomy of our errors."""
    ctx = getattr(error, "ctx", None)
    program = " ".join((PROGRAM, *app.command[:1]))
    is_unknown = hasattr(error, "possibilities")
    text = safe((error.message if is_unknown else error.format_message()).rstrip("."), multiline=True)
    if is_unknown:
        cause = _meant(getattr(error, "option_name", ""), ctx) or f"{program} does not take it"
    elif hasattr(error, "option_name"):
        cause = "a value has to follow it"
    else:
        pieces = ctx.command.collect_usage_pieces(ctx) if ctx is not None else ["[OPTIONS]"]
        cause = f"it is used like this: {program} {' '.join(pieces)}"
    return Usage(text[:1].lower() + text[1:], cause=cause, tries=(f"{program} --help",))


def _meant(option: str, ctx: Any) -> str:
    if ctx is None:
        return ""
    known = [each for param in ctx.command.params for each in (*param.opts, *param.secondary_opts)]
    meant = near(option, [each for each in known if each.startswith("--")])
    return f"did you mean {meant}?" if meant else ""


def _no_command(word: str) -> Usage:
    meant = near(word, COMMANDS)
    return Usage(
        f"there is no command “{safe(word)}”",
        cause=f"did you mean {meant}?" if meant else f"there are {', '.join(COMMANDS)}",
        tries=(f"{PROGRAM} {meant} --help" if meant else f"{PROGRAM} --help",),
    )


def _records(params: Sequence[Any], kind: str, ctx: Any) -> list[tuple[str, str]]:
    records = [param.get_help_record(ctx) for param in params if param.param_type_name == kind]
    return [record for record in records if record is not None]
