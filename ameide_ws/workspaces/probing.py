"""Whether the editor answers: its own page through Coder, then a WebSocket on the same path, as a browser would."""

from collections.abc import Callable
from threading import Event
from urllib.parse import quote, urlsplit

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Agent, App, Workspace
from ameide_ws.host import Host
from ameide_ws.problems import Problem
from ameide_ws.workspaces.ready import Probe

# Five a second for two minutes, then one: safely below Coder's 512 a minute for one path (W27).
EAGER_SECONDS = 120.0
EAGER, PATIENT, SPARING = 0.2, 1.0, 2.0
LOW = 100


def editor_path(workspace: Workspace, agent: Agent, app: App) -> str:
    """The path and query of an app's page. An app without a query of its own opens the agent's folder."""
    names = f"/@{quote(workspace.owner_name)}/{quote(workspace.name)}.{quote(agent.name)}"
    query = urlsplit(app.url).query if app.url else ""
    folder = agent.expanded_directory or agent.directory
    if not query and folder:
        query = f"folder={quote(folder)}"
    return f"{names}/apps/{quote(app.slug, safe='')}/" + (f"?{query}" if query else "")


def probe_editor(coder: Coder, host: Host, path: str, closed: Event, put: Callable[[Probe], None]) -> None:
    """Look until the editor answers or `closed` is set; one look at a time."""
    began = host.monotonic()
    while not closed.is_set():
        looked = host.monotonic()
        probe, pause = _look(coder, path)
        put(probe)
        if probe.is_answering:
            return
        if host.monotonic() - began > EAGER_SECONDS:
            pause = max(pause, PATIENT)
        closed.wait(max(0.0, pause - (host.monotonic() - looked)))


def _look(coder: Coder, path: str) -> tuple[Probe, float]:
    """One look, and the seconds from its start to the next."""
    try:
        page = coder.app_page(path)
        upgrade = coder.app_socket(path) if page.status == 200 and page.html else None
    except Problem as problem:
        return Probe(trouble=problem.message), PATIENT
    last = upgrade or page
    pause = SPARING if last.remaining is not None and last.remaining < LOW else EAGER
    return Probe(page.status, upgrade.status if upgrade else 0, page.html), max(pause, last.retry_after or 0.0)
