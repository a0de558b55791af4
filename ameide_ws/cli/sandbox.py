"""The courses of `sandbox`: here in the foreground, or start, stop and status of the one in the background."""

import os
from typing import TYPE_CHECKING

from ameide_ws.app import FOLDER, App, does_not_start, need_sandbox, start_sandbox
from ameide_ws.events import Course
from ameide_ws.problems import Usage
from ameide_ws.results import Sandbox
from ameide_ws.text import near, safe

if TYPE_CHECKING:
    from ameide_ws.sandbox.background import Running

NOBODY = Sandbox(running=False, url="", story="", started_at="", pid=None, editor="")


def course(app: App, action: str | None, port: int, story: str, editor: str | None) -> Course[Sandbox]:
    """What `sandbox` does for that action; without one it runs here until it is ended."""
    yield from ()
    if action == "status":
        return _status(app)
    if action == "stop":
        return _stop(app)
    need_sandbox()
    _check_story(story)
    program = _program(app, editor)
    if action is None:
        return _here(app, port, story, program)
    running, is_fresh = start_sandbox(app.host, story=story, port=port, editor=program)
    another = not is_fresh and (running.story != story or port not in (0, _port(running.url)))
    note = ""
    if another:
        note = (
            f"It runs already, with the story {running.story}. For another: ameide-ws sandbox stop, then start it anew."
        )
    return told(running, note)


def told(running: "Running", note: str = "") -> Sandbox:
    """A running sandbox, without its token."""
    return Sandbox(
        running=True, url=running.url, story=running.story, started_at=running.started_at, pid=running.pid,
        editor=running.editor or "", note=note,
    )  # fmt: skip


def _status(app: App) -> Sandbox:
    from ameide_ws.sandbox import background

    running = background.status(app.host.state_dir / FOLDER)
    return NOBODY if running is None else told(running)


def _stop(app: App) -> Sandbox:
    from ameide_ws.sandbox import background

    ended = background.stop(app.host.state_dir / FOLDER)
    return NOBODY._replace(note="The sandbox has ended." if ended else "No sandbox was running.")


def _here(app: App, port: int, story: str, program: str | None) -> Sandbox:
    """In the foreground: the address as soon as there is one, and the end when a signal comes."""
    from ameide_ws.sandbox import background

    def ready(running: "Running") -> None:
        # One JSON answer is enough, and it comes at the end.
        if app.options.form in ("json", "jsonl"):
            app.voice.say(f"The sandbox runs at {running.url}")
        else:
            app.voice.show(told(running))
        app.voice.say("It ends with Ctrl-C.")

    try:
        background.run_here(
            app.host.state_dir / FOLDER, path=app.host.env.get("PATH", ""), story=story, port=port, editor=program,
            ready=ready,
        )  # fmt: skip
    except background.CannotStart as error:
        raise does_not_start(error) from error
    return NOBODY._replace(note="The sandbox has ended.")


def _check_story(story: str) -> None:
    from ameide_ws.sandbox import stories

    names = [name for name, _ in stories.names()]
    if story in names:
        return
    meant = near(story, names)
    raise Usage(
        f"--story: there is no story “{safe(story)}”",
        cause=f"did you mean {meant}?" if meant else f"there are {', '.join(names)}",
        tries=(f"ameide-ws sandbox --story {meant or names[0]}", "ameide-ws help sandbox   # all of them"),
    )


def _program(app: App, editor: str | None) -> str | None:
    """The editor's program as an absolute path, since the sandbox runs in a folder of its own."""
    if editor is None:
        return None
    path = os.path.abspath(os.path.expanduser(editor)) if os.sep in editor else app.host.which(editor)
    if path is None or not os.access(path, os.X_OK) or os.path.isdir(path):
        raise Usage(
            f"--editor: {safe(editor)} is not a program that can be run",
            cause="a code-server is expected, as a path or as a name on the PATH",
            tries=("ameide-ws sandbox start   # without an editor, a page stands in for it",),
        )
    return path


def port_number(text: str | None) -> int:
    """A port to listen on; 0 takes a free one. Raises Usage."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 65536):
        raise Usage(
            f"--port: “{safe(text)}” is no port",
            cause="a port is a number up to 65535; 0 takes a free one",
            tries=("ameide-ws sandbox --port 8080",),
        )
    return int(text)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2].strip("/") or 0)
