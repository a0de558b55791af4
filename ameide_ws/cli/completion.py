"""What there is to complete, read from the commands themselves, and the script for each shell."""

from typing import Any

from ameide_ws.cli.grammar import command, root
from ameide_ws.cli.shells import FILES, NAMES, WRITERS, Option, Verb, Words
from ameide_ws.cli.table import COMMANDS
from ameide_ws.cli.words import ACTIONS, COLORS, FORMS, SHELLS, TOPICS, WAITS

# How the file of each shell is called below completions/, and where a package puts it.
STORED = {"bash": "ameide-ws.bash", "zsh": "_ameide-ws", "fish": "ameide-ws.fish", "powershell": "ameide-ws.ps1"}
HINTS = {
    "bash": "Keep it in ~/.local/share/bash-completion/completions/ameide-ws; new shells read it there.",
    "zsh": "Keep it as _ameide-ws in a folder of your $fpath; new shells read it there.",
    "fish": "Keep it in ~/.config/fish/completions/ameide-ws.fish; new shells read it there.",
    "powershell": "Add it to the file that $PROFILE names; new shells read it there.",
}


def script(shell: str) -> str:
    """The script for one shell."""
    return WRITERS[shell](words())


def words() -> Words:
    """All commands with their options, as Typer knows them."""
    shared = [param for param in root().params if param.param_type_name == "option"]
    verbs = []
    for name, entry in COMMANDS.items():
        own = command(name).own
        arguments = [param for param in own if param.param_type_name == "argument"]
        options = tuple(_option(param) for param in own if param.param_type_name == "option")
        verbs.append(Verb(name, entry.summary, options, _words(arguments[0].metavar) if arguments else ()))
    return Words(tuple(verbs), tuple(_option(param) for param in shared))


def _option(param: Any) -> Option:
    spellings = tuple(each for each in (*param.opts, *param.secondary_opts) if each.startswith("-"))
    has_value = not (param.is_flag or param.count)
    return Option(spellings, param.help or "", has_value, _words(param.metavar) if has_value else ())


def _words(metavar: str | None) -> tuple[str, ...]:
    """What may stand where a help text says FORMAT, LAYER or NAME."""
    if metavar == "STORY":
        from ameide_ws.sandbox.stories import names

        return tuple(name for name, _ in names())
    if metavar == "STATUS":
        from ameide_ws.workspaces.listing import STATUSES

        return STATUSES
    known = {
        "FORMAT": FORMS, "WHEN": COLORS, "LAYER": WAITS, "SHELL": SHELLS, "ACTION": ACTIONS,
        "TOPIC": tuple(dict.fromkeys((*TOPICS, *COMMANDS))), "NAME": (NAMES,), "FILE": (FILES,), "PATH": (FILES,),
    }  # fmt: skip
    return known.get(metavar or "", ())
