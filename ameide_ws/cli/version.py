"""The course of `version`: what we are, and what the server says of itself if it answers at once."""

from ameide_ws import __version__
from ameide_ws.app import App
from ameide_ws.events import Course, Noticed
from ameide_ws.problems import Problem
from ameide_ws.results import Version

PATIENCE = 2.0


def course(app: App) -> Course[Version]:
    """Never fails: a broken config file is a warning, a silent server an empty field."""
    import platform

    url = server = ""
    try:
        url = app.address()
    except Problem as problem:
        yield Noticed(problem)
    if url:
        server = app.server_version(PATIENCE)
    return Version(__version__, platform.python_version(), platform.platform(), url, server)
