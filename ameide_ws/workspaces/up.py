"""`up`: from nothing to a working editor, from whatever state a workspace is in. Safe to repeat."""

from dataclasses import replace

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Agent, Workspace
from ameide_ws.events import Course, Started
from ameide_ws.host import Host
from ameide_ws.problems import SignedOut
from ameide_ws.results import Up
from ameide_ws.text import safe
from ameide_ws.workspaces import usual
from ameide_ws.workspaces.bringing import Bringing
from ameide_ws.workspaces.deadline import Deadline
from ameide_ws.workspaces.probing import editor_path
from ameide_ws.workspaces.scene import set_scene
from ameide_ws.workspaces.vigil import Vigil, Waited
from ameide_ws.workspaces.wish import Wish


def up(coder: Coder, host: Host, wish: Wish) -> Course[Up]:
    """Bring a workspace up and wait as far as `wish.wait` says. Raises the Problem that stands in the way."""
    deadline = Deadline(host, wish.seconds)
    return (yield from deadline.not_counting_questions(_up(coder, host, wish, deadline)))


def _up(coder: Coder, host: Host, wish: Wish, deadline: Deadline) -> Course[Up]:
    began = host.monotonic()
    yield Started("people", resume="Nothing was started.")
    scene = yield from set_scene(coder, host, wish, "up")
    try:
        ours = yield from Bringing(coder, host, wish, deadline, scene).bring()
        if wish.detach:
            return _result(coder, host, replace(wish, wait="build"), Waited(ours.workspace, None, ()), began)
        vigil = Vigil(
            coder, host, wish, deadline, ours.workspace, agent=scene.which.agent,
            is_ours=ours.is_ours, unclaimed=ours.unclaimed,
        )  # fmt: skip
        waited = yield from vigil.wait()
    except SignedOut as signed_out:
        raise _while_building(signed_out, wish.again(scene.which.name)) from signed_out
    if ours.is_ours and wish.wait == "editor":
        usual.remember(host, coder.web.origin, waited.workspace.template_name, host.monotonic() - began)
    return _result(coder, host, wish, waited, began)


def _while_building(problem: SignedOut, again: str) -> SignedOut:
    tries = (*problem.tries[:-1], f"export AMEIDE_WS_TOKEN=…, then: {again}   # a build that runs goes on meanwhile")
    return problem.advising(tries)


def _result(coder: Coder, host: Host, wish: Wish, waited: Waited, began: float) -> Up:
    workspace, build = waited.workspace, waited.workspace.latest_build
    status = "ok" if build.job.is_done else "pending"  # pending: --detach has left it to itself
    return Up(
        url=_address(coder, wish, workspace, waited.agent),
        workspace=workspace.name,
        owner=workspace.owner_name,
        template=workspace.template_name,
        version=build.template_version_name,
        build_number=build.build_number,
        stops_at=build.stops_at,
        seconds=round(host.monotonic() - began, 3),
        layers=waited.layers,
        status=status,
        wait=wish.wait,
        idle_seconds=workspace.ttl_ms / 1000 if workspace.ttl_ms else None,
        openable=status == "ok" and wish.wait in ("editor", "scripts"),
        called=wish.name or workspace.name,
    )


def _address(coder: Coder, wish: Wish, workspace: Workspace, agent: Agent | None) -> str:
    """The editor's address; before there is an agent, the workspace's page."""
    agent = agent or next((one for one in workspace.latest_build.agents if one.app(wish.app)), None)
    app = agent.app(wish.app) if agent else None
    if agent is None or app is None:
        return f"{coder.url}/@{safe(workspace.owner_name)}/{safe(workspace.name)}"
    return coder.url + editor_path(workspace, agent, app)
