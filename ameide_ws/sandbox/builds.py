"""The course of a build: queue, Terraform, agent, scripts, editor; and how it is cut short.

Every change is told to those who watch the workspace, also when the pace is 0.
"""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

from . import terraform
from .agent import Agent, Script
from .answers import Refused, now
from .parameters import settled
from .people import Person
from .scripts import environment
from .templates import Version
from .workspaces import Build, Workspace

if TYPE_CHECKING:
    from .world import World

BETWEEN_BURSTS = 0.28
APPLY_ERROR = "terraform apply: exit status 1"


def post(
    world: World,
    workspace: Workspace,
    transition: str,
    initiator: Person,
    *,
    version: Version | None = None,
    given: dict[str, str] | None = None,
    reason: str = "initiator",
    preset_id: str | None = None,
    on_success: dict[str, Any] | None = None,
) -> Build:
    """Accept a build and set it going, with Coder's refusals."""
    before = workspace.builds[-1] if workspace.builds else None
    if before is not None:
        check_may_follow(before, transition)
        version = version or before.version
    if version is None:
        raise ValueError("a first build needs a version")
    kept = before.parameters if before is not None else None
    values = settled(version.parameters, given or {}, kept) if transition == "start" else dict(kept or {})
    build = Build(
        workspace,
        before.number + 1 if before is not None else 1,
        transition,
        version,
        initiator,
        world.new_log(),
        values,
        reason,
        preset_id,
        on_success,
    )
    if transition == "start":
        workspace.dormant_at = None
    workspace.builds.append(build)
    if before is not None and before.agent is not None:
        # Coder ends the log streams of an agent that is no longer in the latest build.
        before.agent.log.close()
    begin(world, build)
    return build


def check_may_follow(before: Build, transition: str) -> None:
    if before.is_active:
        message = "A workspace build is already active."
        raise Refused(409, message, message)
    # Deleting a deleted workspace is allowed (coderd/workspacebuilds.go).
    if before.word == "deleted" and transition != "delete":
        detail = "This workspace has been deleted and cannot be modified."
        raise Refused(409, f"Cannot {transition} a deleted workspace!", detail)


def begin(world: World, build: Build) -> None:
    world.provisioners.line_up(build)
    build.task = world.spawn(course(world, build))
    world.changed(build.workspace)


async def course(world: World, build: Build) -> None:
    """One build from the queue to its end, and for a start the agent's life after it."""
    await world.beat("queue")
    await queue(world, build)
    try:
        build.status, build.started_at, build.updated_at = "running", now(), now()
        world.changed(build.workspace)
        await world.beat("terraform")
        if not await run_terraform(world, build):
            return
    finally:
        world.provisioners.leave(build)
    if build.agent is not None:
        await live(world, build.workspace, build.agent)
    else:
        await after_end(world, build)


async def queue(world: World, build: Build) -> None:
    if world.story.ahead and world.take_once("others"):
        world.spawn(others(world))
    await world.pause(0.3)
    await world.provisioners.turn(build)


async def others(world: World) -> None:
    """The builds ahead end one after the other."""
    await world.pause(2)
    await world.beat("others")
    while world.provisioners.others_move_on():
        await world.pause(2)
        await world.beat("others")


async def run_terraform(world: World, build: Build) -> bool:
    """The provisioner's part; whether it succeeded."""
    failure = world.story.failure if build.transition == "start" else None
    if build.transition != "start":
        end_agents(build.workspace)
    await speak(world, build, terraform.setting_up(), terraform.initializing())
    if failure is None or failure.stage != terraform.PLANNING:
        await speak(world, build, terraform.planning(build.transition))
    if failure is not None:
        rows = [terraform.line(failure.stage, output, level) for level, output in failure.lines]
        await speak(world, build, rows, terraform.cleaning_up())
        finish(world, build, "failed", failure.error, failure.code)
        return False
    if world.story.somebody == "cancel" and build.transition == "start" and world.take_once("somebody"):
        world.spawn(cancel_soon(world, build))
        await asyncio.Event().wait()
    await speak(world, build, *terraform.applying(build.transition), terraform.cleaning_up())
    if build.transition == "start":
        build.agent = new_agent(world, build.workspace)
    finish(world, build, "succeeded")
    return True


async def speak(world: World, build: Build, *bursts: terraform.Burst) -> None:
    for burst in bursts:
        for row in burst:
            build.log.add(row)
        await world.pause(BETWEEN_BURSTS)


def finish(world: World, build: Build, status: str, error: str | None = None, code: str | None = None) -> None:
    build.finish(status, error, code)
    build.log.close()
    world.changed(build.workspace)


async def after_end(world: World, build: Build) -> None:
    """What follows a stop or a delete that succeeded."""
    workspace = build.workspace
    if build.transition == "delete":
        shutil.rmtree(workspace.folder, ignore_errors=True)
    elif build.on_success is not None:
        wish = build.on_success
        given = {value["name"]: value["value"] for value in wish.get("rich_parameter_values") or []}
        # Without a pin the child moves to the active version, as seen on the wire.
        version = world.version(wish.get("template_version_id")) or workspace.template.active_version
        post(world, workspace, "start", build.initiator, version=version, given=given, reason=build.reason)


def end_agents(workspace: Workspace) -> None:
    """End the processes of earlier starts."""
    for earlier in workspace.builds[:-1]:
        if earlier.agent is not None:
            earlier.agent.processes.end()
            if earlier.task is not None:
                earlier.task.cancel()


# -- cancelling --------------------------------------------------------------------------------------------------------


def cancel(world: World, build: Build) -> None:
    """A pending build is canceled at once; a running one is asked, and ends as failed (recordings/build-canceled)."""
    if build.completed_at is not None:
        raise Refused(400, "Job has already completed!")
    if build.canceled_at is not None:
        raise Refused(400, "Job has already been marked as canceled!")
    build.canceled_at = now()
    if build.task is not None:
        build.task.cancel()
    world.provisioners.leave(build)
    if build.status == "pending":
        finish(world, build, "canceled")
        return
    build.status = "canceling"
    world.changed(build.workspace)
    build.task = world.spawn(wind_down(world, build))


async def wind_down(world: World, build: Build) -> None:
    await world.beat("cancel")
    await speak(world, build, terraform.interrupted(build.transition), terraform.cleaning_up())
    finish(world, build, "failed", APPLY_ERROR)


async def cancel_soon(world: World, build: Build) -> None:
    await world.pause(1)
    cancel(world, build)


# -- the agent's life --------------------------------------------------------------------------------------------------


def new_agent(world: World, workspace: Workspace) -> Agent:
    return Agent(
        workspace.name,
        str(workspace.folder),
        world.agent_log_ids,
        startup_scripts(world),
        timeout_seconds=world.story.connection_timeout,
    )


def startup_scripts(world: World) -> list[Script]:
    """Three scripts; their naps follow the pace, so that at 0 nothing is waited for."""
    nap = f"sleep {0.3 * world.pace:g}; " if world.pace else ""
    exit_code = world.story.script_exit
    ending = f"; echo 'dotfiles: nothing to install' >&2; exit {exit_code}" if exit_code else "; echo 'dotfiles: done'"
    editor = 'echo "no code-server here, a plain page stands in"'
    if world.editor is not None:
        editor = (
            'nohup "$EDITOR_PROGRAM" --auth none --socket "$EDITOR_SOCKET" --socket-mode 600 '
            '--user-data-dir "$HOME/.code-server/data" --extensions-dir "$HOME/.code-server/extensions" '
            "--disable-telemetry --disable-update-check --disable-workspace-trust "
            '>"$HOME/.code-server.log" 2>&1 & echo "started code-server"'
        )
    post_create = f'for i in 1 2 3 4 5; do echo "post-create step $i of 5"; {nap}done; echo "post-create: done"'
    return [
        Script("dotfiles", f"echo 'dotfiles: looking for a repository'{ending}", blocks_login=True),
        Script("post-create", post_create),
        Script("code-server", editor),
    ]


async def live(world: World, workspace: Workspace, agent: Agent) -> None:
    """From `connecting` to `ready`, and the editor beside it."""
    await envbuilder(world, workspace, agent)
    await world.beat("agent")
    if not world.story.agent_connects:
        await world.pause(agent.timeout_seconds)
        agent.status = "timeout"
        world.changed(workspace)
        return
    await world.pause(0.3)
    agent.connect()
    world.changed(workspace)
    await world.pause(0.2)
    agent.lifecycle, agent.started_at = "starting", now()
    world.changed(workspace)
    if world.story.somebody in ("stop", "delete") and world.take_once("somebody"):
        world.spawn(somebody(world, workspace, world.story.somebody))
        await asyncio.Event().wait()
    await world.beat("scripts")
    await run_scripts(world, workspace, agent)


async def envbuilder(world: World, workspace: Workspace, agent: Agent) -> None:
    """The image is built before the agent runs, and its log comes as the source "External"."""
    source = agent.external_log()
    for says in (
        ("#1: 📦 Cloning the repository to /workspaces...", "#1: 📦 Cloned! [210ms]"),
        ("#2: 🏗️ Building image...", "#2: 🏗️ Built image! [cached]"),
        ("#3: 🔄 Updating the ownership of the workspace...", "#3: 👤 Updated! [12ms]"),
    ):
        for output in says:
            agent.say(output, source_id=source)
        world.changed(workspace)
        await world.pause(0.1)


async def somebody(world: World, workspace: Workspace, transition: str) -> None:
    await world.pause(1)
    post(world, workspace, transition, world.admin)


async def run_scripts(world: World, workspace: Workspace, agent: Agent) -> None:
    """All scripts side by side; one that fails does not keep the others from running."""
    workspace.folder.mkdir(parents=True, exist_ok=True)
    if world.editor is not None:
        agent.door = world.doors.new()
    await asyncio.gather(*(run_script(world, workspace, agent, script) for script in agent.scripts))
    failed = any(script.status != "ok" for script in agent.scripts)
    agent.lifecycle, agent.ready_at = "start_error" if failed else "ready", now()
    world.changed(workspace)


async def run_script(world: World, workspace: Workspace, agent: Agent, script: Script) -> None:
    more = {"EDITOR_SOCKET": str(agent.door or ""), "EDITOR_PROGRAM": world.editor or ""}
    variables = environment(world.path, workspace.folder, workspace.name, workspace.owner.username, agent.name, more)

    def say(output: str, level: str) -> None:
        agent.say(output, level, script.log_source_id)

    script.began = now()
    runs_editor = script.name == "code-server"
    if runs_editor and not world.story.editor_listens:
        say("starting code-server", "info")
        script.end(0, "ok")
    else:
        script.end(*await agent.processes.run(script.text, workspace.folder, variables, say))
    world.changed(workspace)
    if runs_editor and world.story.editor_listens:
        world.spawn(open_editor(world, workspace, agent))


async def open_editor(world: World, workspace: Workspace, agent: Agent) -> None:
    await world.beat("editor")
    await world.pause(0.2)
    agent.editor_open = True
    # The agent's first look at the app comes one healthcheck interval later.
    await world.pause(5)
    agent.app_health = "healthy"
    if workspace.agent is agent:
        world.changed(workspace)
