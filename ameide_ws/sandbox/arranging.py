"""Workspaces put straight into a state, as if their builds had happened already."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from . import terraform
from .agent import Agent
from .answers import now
from .builds import APPLY_ERROR, course, startup_scripts
from .parameters import Parameter
from .templates import Version
from .workspaces import Build, Workspace

if TYPE_CHECKING:
    from .world import World

# status: (transition, status of the job); "failed" and "canceled" take the transition from the keyword.
STATES = {
    "running": ("start", "succeeded"),
    "stopped": ("stop", "succeeded"),
    "dormant": ("stop", "succeeded"),
    "deleted": ("delete", "succeeded"),
    "pending": (None, "pending"),
    "starting": ("start", "running"),
    "stopping": ("stop", "running"),
    "deleting": ("delete", "running"),
    "failed": (None, "failed"),
    "canceling": (None, "canceling"),
    "canceled": (None, "canceled"),
    "failed-start": ("start", "failed"),
    "failed-stop": ("stop", "failed"),
    "failed-delete": ("delete", "failed"),
}


def arrange(
    world: World,
    name: str,
    *,
    status: str = "running",
    template: str = "ameide-dev",
    owner: str = "dev1",
    outdated: bool = False,
    agent: str = "connected",
    lifecycle: str = "ready",
    transition: str = "start",
    parameters: dict[str, str] | None = None,
    editor: bool = True,
    favorite: bool = False,
    dormant: bool = False,
    ttl_ms: int | None = 1_800_000,
    autostart: str | None = None,
    last_used_days: float = 0,
) -> Workspace:
    """`transition` is that of a pending, failed or canceled build. Its editor is the plain page; `editor=False`
    lets nobody listen.
    """
    if status not in STATES:
        raise ValueError(f"no workspace is {status!r}; there are {', '.join(STATES)}")
    model, person = world.template(template), world.person(owner)
    if model is None or person is None:
        raise ValueError(f"no template {template!r} or no user {owner!r}")
    workspace = Workspace(name, person, model, world.place.folder / owner / name, ttl_ms, autostart, favorite=favorite)
    workspace.created_at = now() - timedelta(days=last_used_days, minutes=10)
    workspace.last_used_at = now() - timedelta(days=last_used_days)
    if dormant or status == "dormant":
        workspace.dormant_at = now() - timedelta(days=1)
    workspace.folder.mkdir(parents=True, exist_ok=True)
    version = model.versions[0] if outdated else model.active_version
    wanted, job = STATES[status]
    build = last_build(world, workspace, version, wanted or transition, job, parameters)
    if build.transition == "start" and job == "succeeded":
        build.agent = arranged_agent(world, workspace, agent, lifecycle, editor)
    if job == "pending":
        world.provisioners.line_up(build)
    world.workspaces.append(workspace)
    return workspace


def last_build(
    world: World, workspace: Workspace, version: Version, transition: str, job: str, given: dict[str, str] | None
) -> Build:
    """The build that the workspace's state follows from; before a stop or a delete, the start that came first."""
    values = {one.name: chosen(one, given) for one in version.parameters}
    before = ["start"] if transition != "start" else []
    for number, each in enumerate([*before, transition], 1):
        build = Build(workspace, number, each, version, workspace.owner, world.new_log(), values)
        settle(build, job if each == transition else "succeeded")
    return build


def chosen(parameter: Parameter, given: dict[str, str] | None) -> str:
    return (given or {}).get(parameter.name, parameter.default or "dev")


def settle(build: Build, job: str) -> None:
    """Add a build with the times, the error and the log that go with its state."""
    build.created_at = now() - timedelta(minutes=5)
    build.workspace.builds.append(build)
    if job == "pending":
        build.status = "pending"
        return
    if job == "canceled":
        build.canceled_at = now()
        build.finish("canceled")
        build.log.close()
        return
    build.status, build.started_at = job, build.created_at + timedelta(seconds=1)
    rows = [*terraform.setting_up(), *terraform.initializing(), *terraform.planning(build.transition)]
    if job == "failed":
        rows += [terraform.line(terraform.APPLYING[build.transition], "Error: it did not work out", "error")]
    elif job == "succeeded":
        rows += [row for burst in terraform.applying(build.transition) for row in burst]
    if job == "canceling":
        build.canceled_at = now()
    if job in ("failed", "succeeded"):
        rows += terraform.cleaning_up()
    for row in rows:
        build.log.add(row)
    if job in ("failed", "succeeded"):
        build.finish(job, APPLY_ERROR if job == "failed" else None)
        build.log.close()


def arranged_agent(world: World, workspace: Workspace, status: str, lifecycle: str, editor: bool) -> Agent:
    agent = Agent(workspace.name, str(workspace.folder), world.agent_log_ids, startup_scripts(world))
    agent.arrange(status, lifecycle)
    if lifecycle not in ("created", "starting"):
        for script in agent.scripts:
            script.end(0, "ok")
            agent.say(f"{script.name}: done", source_id=script.log_source_id)
    if lifecycle == "start_error":
        first = agent.scripts[0]
        first.end(4, "exit_failure")
        agent.say("boom", "error", first.log_source_id)
    if lifecycle == "start_timeout":
        agent.scripts[0].end(255, "timed_out")
    agent.editor_open = editor
    if editor and status == "connected":
        agent.app_health = "healthy"
    return agent


def change_agent(world: World, workspace: Workspace, status: str | None, lifecycle: str | None) -> None:
    agent = workspace.agent
    if agent is None:
        raise ValueError(f"{workspace.name} has no agent")
    agent.arrange(status or agent.status, lifecycle or agent.lifecycle)
    world.changed(workspace)


def go_on(world: World, workspace: Workspace) -> None:
    build = workspace.latest
    if build.status == "running":
        # It was arranged as taken already; its course begins with the turn it has.
        build.status = "pending"
    if build.status != "pending" or build.task is not None:
        raise ValueError(f"{workspace.name}'s build has no course to take")
    if not world.provisioners.has(build):
        world.provisioners.line_up(build)
    build.task = world.spawn(course(world, build))
