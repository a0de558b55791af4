"""`show`: one workspace on one page, layer by layer."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from ameide_ws.coder import model
from ameide_ws.coder.client import Coder
from ameide_ws.events import Course
from ameide_ws.host import Host
from ameide_ws.problems import Forbidden, NotFound, Problem
from ameide_ws.results import Agent, App, Build, Page, Reading, Script, Setting
from ameide_ws.side_by_side import together
from ameide_ws.web import Refused, SocketEnded
from ameide_ws.workspaces.choose import choose, no_such_agent, none_yet, not_found
from ameide_ws.workspaces.probing import editor_path
from ameide_ws.workspaces.wish import Wish

# How long the agent's own readings may take to come; the page does not wait longer for them.
READING_SECONDS = 1.5
_BUMP = timedelta(minutes=1)


def page(coder: Coder, host: Host, wish: Wish) -> Course[Page]:
    """All there is to say of one workspace. Raises NotFound where there is none."""
    which, workspace = yield from choose(coder, host, wish, "show")
    if workspace is None:
        raise not_found(coder, which.name) if wish.name else none_yet()
    if which.agent and all(agent.name != which.agent for agent in workspace.latest_build.agents):
        raise no_such_agent(workspace, which.agent)
    build = workspace.latest_build
    asks: dict[str, Callable[[], Any]] = {
        "parameters": lambda: coder.build_parameters(build.id),
        "versions": lambda: _or_nothing(lambda: coder.template_versions(workspace.template_id)),
        "regions": lambda: _or_nothing(coder.regions),
    }
    for agent in build.agents:
        if agent.status == "connected":
            asks[agent.id] = partial(_readings, coder, agent.id)
    found = together(asks)
    wildcard = next((region.wildcard_hostname for region in found["regions"] or () if region.wildcard_hostname), "")
    agents = tuple(_agent(coder, workspace, agent, wildcard, found) for agent in build.agents)
    return _page(coder, workspace, agents, found)


def _page(coder: Coder, workspace: model.Workspace, agents: tuple[Agent, ...], found: Mapping[str, Any]) -> Page:
    build = workspace.latest_build
    versions: tuple[model.TemplateVersion, ...] = found["versions"] or ()
    active = next((one.name for one in versions if one.id == workspace.template_active_version_id), "")
    ttl = workspace.ttl_ms / 1000 if workspace.ttl_ms else None
    planned = build.job.completed_at + timedelta(seconds=ttl) if build.job.completed_at and ttl else None
    return Page(
        name=workspace.name,
        owner=workspace.owner_name,
        template=workspace.template_name,
        status=build.status,
        healthy=workspace.health.healthy,
        outdated=workspace.outdated,
        dormant=workspace.dormant_at is not None,
        version=build.template_version_name,
        active_version=active,
        versions_behind=_behind(versions, build.template_version_id, workspace.template_active_version_id),
        stops_at=build.stops_at,
        stops_moved=bool(planned and build.stops_at and build.stops_at > planned + _BUMP),
        ttl_seconds=ttl,
        created_at=workspace.created_at,
        last_used_at=workspace.last_used_at,
        build=_build(build),
        agents=agents,
        parameters=tuple(Setting(one.name, one.value) for one in found["parameters"]),
        id=workspace.id,
        now=coder.date,
    )


def _build(build: model.Build) -> Build:
    job = build.job
    seconds = (job.completed_at - job.started_at).total_seconds() if job.completed_at and job.started_at else None
    status = "canceled" if job.is_done and job.was_canceled else job.status
    return Build(
        number=build.build_number,
        transition=build.transition,
        status=status,
        reason=build.reason,
        initiator=build.initiator_name,
        started_at=job.started_at,
        seconds=seconds,
        error=job.error,
    )


def _agent(
    coder: Coder, workspace: model.Workspace, agent: model.Agent, wildcard: str, found: Mapping[str, Any]
) -> Agent:
    return Agent(
        name=agent.name,
        status=agent.status,
        lifecycle_state=agent.lifecycle_state,
        version=agent.version,
        architecture=agent.architecture,
        directory=agent.expanded_directory or agent.directory,
        scripts=tuple(Script(one.display_name, one.status, one.exit_code) for one in agent.start_scripts),
        apps=tuple(
            App(one.slug, one.display_name or one.slug, _address(coder, workspace, agent, one, wildcard), one.health)
            for one in agent.apps
            if not one.hidden
        ),
        metadata=found.get(agent.id) or (),
        troubleshooting_url=agent.troubleshooting_url,
    )


def _address(coder: Coder, workspace: model.Workspace, agent: model.Agent, app: model.App, wildcard: str) -> str:
    """Where a browser finds an app; empty for one that needs host names this deployment does not have."""
    if app.external:
        return app.url
    if app.command:
        names = f"/@{quote(workspace.owner_name)}/{quote(workspace.name)}.{quote(agent.name)}"
        return f"{coder.url}{names}/terminal?app={quote(app.slug, safe='')}"
    if app.subdomain:
        scheme = coder.web.origin.scheme
        return f"{scheme}://{wildcard.replace('*', app.subdomain_name, 1)}/" if wildcard and app.subdomain_name else ""
    return coder.url + editor_path(workspace, agent, app)


def _behind(versions: tuple[model.TemplateVersion, ...], own: str, active: str) -> int | None:
    """How many versions lie between a workspace's and the active one; None where that cannot be told."""
    if own == active:
        return 0
    dated = sorted((one for one in versions if one.created_at), key=lambda one: str(one.created_at))
    ids = [one.id for one in dated if not one.archived or one.id in (own, active)]
    return max(0, ids.index(active) - ids.index(own)) if own in ids and active in ids else None


def _readings(coder: Coder, agent_id: str) -> tuple[Reading, ...]:
    """An agent's own readings, such as load and memory; none where they do not come at once."""
    try:
        with coder.dial_metadata(agent_id) as socket:
            for _ in range(3):
                frame = socket.recv(READING_SECONDS)
                told = json.loads(frame) if frame else None
                if isinstance(told, dict) and told.get("type") == "data":
                    items = coder.read(tuple[model.Metadata, ...], told.get("data"), ".data")
                    return tuple(map(_reading, items))
    except (Problem, Refused, SocketEnded, ValueError):
        return ()
    return ()


def _reading(item: model.Metadata) -> Reading:
    name = item.description.display_name or item.description.key
    age = item.result.age if item.result.collected_at else None
    return Reading(name, item.result.value.strip(), item.result.error, age)


def _or_nothing(ask: Callable[[], Any]) -> Any:
    """What one may not see is left out of the page."""
    try:
        return ask()
    except (NotFound, Forbidden):
        return None
