"""Workspace names for shell completion: a small file that `list` and `up` leave behind, so that Tab asks no network."""

import re
from collections.abc import Sequence
from pathlib import Path

from ameide_ws.host import Host

# Nothing else may reach a shell's command line.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_MOST = 1000


def remembered(host: Host) -> list[str]:
    """The names of the last list; none where there is no file or it cannot be read."""
    try:
        text = host.read(_file(host)) or ""
    except (OSError, UnicodeDecodeError):
        return []
    return _words(text.splitlines())


def remember(host: Host, names: Sequence[str], *, more: bool = False) -> None:
    """Keep these names, or add them to those that are kept. A folder nobody can write to is no problem."""
    before = remembered(host) if more else []
    kept = _words([*before, *(name for name in names if name not in before)])
    if kept == before and more:
        return
    try:
        host.write(_file(host), "".join(f"{name}\n" for name in kept))
    except OSError:
        return


def _file(host: Host) -> Path:
    return host.cache_dir / "names"


def _words(names: Sequence[str]) -> list[str]:
    return [name for name in names[:_MOST] if _WORD.fullmatch(name)]
