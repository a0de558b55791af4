"""Sends the request of a plain `list` while Typer is still being loaded: the server thinks while we do.

Nothing is decided here. The command itself asks for the same answer, finds it under way, and meets whatever went wrong.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ameide_ws.app import App

# Options that change neither the question nor whom it is put to.
_OF_LOOKS = {"--json", "-q", "--quiet", "-o", "table", "wide", "json", "jsonl", "name"}


def ask_ahead(words: "Sequence[str]", app: "App") -> None:
    """Begin with the request of `list` where its words leave no doubt what it will be."""
    if words.count("list") != 1 or not _OF_LOOKS.issuperset(word for word in words if word != "list"):
        return
    from ameide_ws.workspaces.listing import ask_ahead, question

    try:
        ask_ahead(app.coder, question())
    except Exception:  # noqa: BLE001  the command meets it again, and there it is told
        return
