"""Whether the editor answers: its own page through Coder, then a WebSocket on the same path, as a browser would."""

from collections.abc import Callable
from threading import Event
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Agent, App, Workspace
from ameide_ws.host import Host
from ameide_ws.problems import Problem
from ameide_ws.side_by_side import SideBySide
from ameide_ws.workspaces.ready import Probe

# Five a second for two minutes, then one: safely below Coder's 512 a minute for one path (W27).
EAGER_SECONDS = 120.0
EAGER, PATIENT, SPARING = 0.2, 1.0, 2.0
LOW = 100
# Coder's first way to an agent can hang for seconds (W26), while a second one goes through.
HANGING_SECONDS = 1.0
IN_FLIGHT = 2


class Looked(NamedTuple):
    """What one look saw, and the seconds from its start to the next."""

    probe: Probe
    pause: float


def editor_path(workspace: Workspace, agent: Agent, app: App) -> str:
    """The path and query of an app's page. An app without a query of its own opens the agent's folder."""
    names = f"/@{quote(workspace.owner_name)}/{quote(workspace.name)}.{quote(agent.name)}"
    query = urlsplit(app.url).query if app.url else ""
    folder = agent.expanded_directory or agent.directory
    if not query and folder:
        query = f"folder={quote(folder)}"
    return f"{names}/apps/{quote(app.slug, safe='')}/" + (f"?{query}" if query else "")


def probe_editor(coder: Coder, host: Host, path: str, closed: Event, put: Callable[[Probe], None]) -> None:
    """Look until the editor answers or `closed` is set; one look at a time, and a second beside one that hangs."""
    began, flying = host.monotonic(), 0
    with SideBySide[Looked]() as looks:
        while not closed.is_set():
            looked = host.monotonic()
            if flying < IN_FLIGHT:
                looks.start("look", lambda put: put(_look(coder, path)))
                flying += 1
            seen = _next(looks)
            if seen is None:
                continue
            flying -= 1
            put(seen.probe)
            if seen.probe.is_answering:
                return
            pause = max(seen.pause, PATIENT) if host.monotonic() - began > EAGER_SECONDS else seen.pause
            closed.wait(max(0.0, pause - (host.monotonic() - looked)))


def _next(looks: SideBySide[Looked]) -> Looked | None:
    """What the next look saw; None when it hangs."""
    while (got := looks.get(HANGING_SECONDS)) is not None:
        if got[1] is not None:
            return got[1]
    return None


def _look(coder: Coder, path: str) -> Looked:
    """One look."""
    try:
        page = coder.app_page(path)
        upgrade = coder.app_socket(path) if page.status == 200 and page.html else None
    except Problem as problem:
        return Looked(Probe(trouble=problem.message), PATIENT)
    last = upgrade or page
    pause = SPARING if last.remaining is not None and last.remaining < LOW else EAGER
    probe = Probe(page.status, upgrade.status if upgrade else 0, page.html)
    return Looked(probe, max(pause, last.retry_after or 0.0))
