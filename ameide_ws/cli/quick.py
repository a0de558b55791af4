"""Answers that need neither Typer nor the network: the version, the root help, and names for completion."""

import os

from ameide_ws import __version__

# `typing` alone takes as long as everything here does.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMPLETE = "__complete"


def quick(words: "Sequence[str]") -> str | None:
    """The whole answer to a command line that has one right away, else None."""
    match list(words):
        case ["--version"]:
            return f"ameide-ws {__version__}\n"
        case ["--help"] | ["-h"] | ["help"]:
            return stored("help.txt")
        case [first, "names", *_] if first == COMPLETE:
            return _names()
    return None


def stored(name: str) -> str:
    """A text that lies beside this module."""
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def _names() -> str:
    """The workspace names that `list` left behind; whatever goes wrong, no names."""
    try:
        from ameide_ws.cli.names import remembered
        from ameide_ws.host import Host

        return "".join(f"{name}\n" for name in remembered(Host()))
    except Exception:  # noqa: BLE001  a shell that completes a word shows no errors
        return ""
