"""The words of a command line before Typer reads them: what it must not see, and what its errors need to know."""

from collections.abc import Sequence

# What may stand where a help text says FORMAT, WHEN, LAYER, TOPIC, SHELL or ACTION.
FORMS = ("table", "wide", "json", "jsonl", "name")
COLORS = ("auto", "always", "never")
WAITS = ("build", "agent", "scripts", "editor")
TOPICS = ("environment", "exit-codes", "json", "sandbox")
SHELLS = ("bash", "zsh", "fish", "powershell")
ACTIONS = ("start", "stop", "status")


def cut(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words before the first `--`, and those behind it, which belong to nobody but the command."""
    words = list(argv)
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def form_of(words: Sequence[str]) -> str | None:
    """The format that is asked for, even where the rest of the line makes no sense; the last one counts."""
    form = None
    for number, word in enumerate(words):
        said = None
        if word == "--json":
            said = "json"
        elif word == "-o":
            said = words[number + 1] if number + 1 < len(words) else None
        elif word.startswith("-o") and not word.startswith("--"):
            said = word[2:].removeprefix("=")
        form = said if said in FORMS else form
    return form
