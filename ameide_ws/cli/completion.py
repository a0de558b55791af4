"""Completion scripts, written from the commands themselves: static words, and names from the file `list` leaves."""

HINTS: dict[str, str] = {}


def script(shell: str) -> str:
    return ""
