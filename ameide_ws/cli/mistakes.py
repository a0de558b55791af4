"""What is not a Problem is a mistake of ours, or a machine at its limits: told in two lines, the rest in a file."""

import errno
from traceback import format_exception

from ameide_ws.app import App
from ameide_ws.problems import Bug, Problem
from ameide_ws.text import safe, shorten

_LIMITS = {errno.EMFILE: "too many files are open", errno.ENFILE: "the machine has too many files open"}


def mistake(error: Exception, app: App) -> Problem:
    """The problem to show for an exception nobody expected; its traceback goes to an owner-only file."""
    limit = _limit(error)
    if limit:
        return Problem(limit, cause=type(error).__name__, tries=("close other programs, then run this again",))
    story = app.voice.redact.thoroughly("".join(format_exception(error)))
    if app.debugs:
        app.voice.tell(story.rstrip())
    what = app.voice.redact.thoroughly(str(error).partition("\n")[0])
    command = " ".join(("ameide-ws", *app.command))
    message = shorten(safe(f"{command} made a mistake: {type(error).__name__}: {what}", multiline=True), 200)
    return Bug(message, cause="", tries=(_kept(story, app),))


def _limit(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "the machine is out of memory"
    return _LIMITS.get(error.errno or 0, "") if isinstance(error, OSError) else ""


def _kept(story: str, app: App) -> str:
    path = app.host.state_dir / f"mistake-{app.host.now():%Y%m%d-%H%M%S}.txt"
    try:
        app.host.write(path, story)
    except OSError:
        return "run this again with --debug, and send what it shows to whoever looks after ameide-ws"
    return f"send {path} to whoever looks after ameide-ws; tokens have been taken out"
