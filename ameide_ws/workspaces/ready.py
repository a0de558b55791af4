"""When is a workspace usable, and if not yet, how far is it: a pure judgement over what was last seen.

Nothing here waits or asks. `vigil` looks, again and again, and has each look judged.
"""

from enum import StrEnum
from typing import NamedTuple

from ameide_ws.coder.model import Agent, Job, Script, Workspace

# How long an agent may be silent before it counts as lost: its heartbeat is 30 s, and a restart of Coder costs some.
LOST_SECONDS = 60.0
_STOPPING = ("shutting_down", "shutdown_timeout", "shutdown_error", "off")


class State(StrEnum):
    """How far a layer is."""

    WAITING = "waiting"
    MOVING = "moving"
    DONE = "done"
    FAILED = "failed"


class Stand(NamedTuple):
    """One layer: how far it is, and a note in a few words."""

    state: State = State.WAITING
    note: str = ""


class End(StrEnum):
    """Why there is nothing more to wait for."""

    READY = "ready"
    BUILD_FAILED = "build-failed"
    BUILD_CANCELED = "build-canceled"
    DELETED = "deleted"
    REPLACED = "replaced"
    NO_AGENT = "no-agent"
    NO_APP = "no-app"
    AGENT_LOST = "agent-lost"
    SHUTTING_DOWN = "shutting-down"
    SCRIPT_FAILED = "script-failed"
    EDITOR_CACHE = "editor-cache"


class Probe(NamedTuple):
    """The editor as it last answered: HTTP status of its page and of the WebSocket upgrade (0: not tried)."""

    page: int = 0
    upgrade: int = 0
    is_html: bool = False
    trouble: str = ""

    @property
    def is_answering(self) -> bool:
        """The page came as a page, and a WebSocket on the same path was taken: less is a white screen."""
        return self.page == 200 and self.is_html and self.upgrade == 101


class Look(NamedTuple):
    """All that is known at one moment.

    workspace is None once it is deleted; build_id is the build we wait for. agent_note is the last line of the image
    build. lost_for: seconds since the agent was first seen silent. wrong_processor: the editor's cache cannot run here.
    """

    workspace: Workspace | None
    build_id: str
    agent: Agent | None = None
    app: str = "code-server"
    wait: str = "editor"
    probe: Probe = Probe()
    build_note: str = ""
    agent_note: str = ""
    lost_for: float = 0.0
    wrong_processor: bool = False


class Standing(NamedTuple):
    """The five layers, and the end when there is one."""

    queue: Stand = Stand()
    terraform: Stand = Stand()
    agent: Stand = Stand()
    scripts: Stand = Stand()
    editor: Stand = Stand()
    end: End | None = None


def judge(look: Look) -> Standing:
    """How far the workspace is, and whether there is more to wait for."""
    if look.workspace is None:
        return Standing(end=End.DELETED)
    build = look.workspace.latest_build
    if build.id != look.build_id:
        return Standing(end=End.REPLACED)
    job = build.job
    standing = Standing(_queue(job), _terraform(job, look))
    if job.is_done and job.status != "succeeded":
        return standing._replace(end=End.BUILD_CANCELED if job.was_canceled else End.BUILD_FAILED)
    if job.status != "succeeded":
        return standing
    if look.agent is None:
        return standing._replace(end=End.READY if look.wait == "build" else End.NO_AGENT)
    standing = standing._replace(
        agent=_agent(look.agent, look), scripts=_scripts(look.agent), editor=_editor(look.agent, look)
    )
    return standing._replace(end=_end(look.agent, look, standing))


def _queue(job: Job) -> Stand:
    if job.status != "pending":
        return Stand(State.DONE)
    place = f"position {job.queue_position} of {job.queue_size}" if job.queue_position else ""
    return Stand(State.MOVING, place)


def _terraform(job: Job, look: Look) -> Stand:
    if job.status == "pending":
        return Stand()
    if job.status == "succeeded" and look.workspace is not None:
        count = len(look.workspace.latest_build.resources)
        return Stand(State.DONE, f"{count} resource{'' if count == 1 else 's'}")
    if job.is_done:
        return Stand(State.FAILED, "cancelled" if job.was_canceled else "")
    return Stand(State.MOVING, "being cancelled" if job.status == "canceling" else look.build_note)


def _agent(agent: Agent, look: Look) -> Stand:
    if agent.lifecycle_state in _STOPPING:
        return Stand(State.FAILED, "shutting down")
    if agent.status == "connected":
        return Stand(State.DONE, "connected")
    if agent.status == "disconnected":
        return Stand(State.MOVING, "lost its connection, waiting for it to come back")
    if agent.status == "timeout":
        late = f"not connected after {agent.connection_timeout_seconds} s, may still come"
        return Stand(State.MOVING, look.agent_note or late)
    return Stand(State.MOVING, look.agent_note)


def _scripts(agent: Agent) -> Stand:
    scripts = agent.start_scripts
    if agent.lifecycle_state == "ready":
        return Stand(State.DONE, f"{len(scripts)} of {len(scripts)}" if scripts else "none")
    failed = [script for script in scripts if script.has_failed]
    if agent.lifecycle_state in ("start_error", "start_timeout"):
        return Stand(State.FAILED, ", ".join(map(how_it_ended, failed)) or agent.lifecycle_state.replace("_", " "))
    if agent.status != "connected" or agent.lifecycle_state in ("created", *_STOPPING):
        return Stand()
    running = [script.display_name for script in scripts if not script.status]
    parts = [f"{len(scripts) - len(running)} of {len(scripts)}", *map(how_it_ended, failed)]
    parts += [f"{', '.join(running)} still running"] if running else []
    return Stand(State.MOVING, ", ".join(parts))


def how_it_ended(script: Script) -> str:
    """A failed script in a few words."""
    if script.status == "timed_out":
        return f"{script.display_name} took too long"
    return f"{script.display_name} exited {script.exit_code if script.exit_code is not None else 'with an error'}"


def _editor(agent: Agent, look: Look) -> Stand:
    if look.probe.is_answering:
        return Stand(State.DONE, "answering")
    if agent.status != "connected" or agent.app(look.app) is None:
        return Stand()
    return Stand(State.MOVING, silence(look.probe))


def silence(probe: Probe) -> str:
    """Why the editor does not answer, as far as its last answer tells."""
    if probe.trouble:
        return probe.trouble
    if probe.page == 200 and probe.is_html:
        return f"its page is there, its WebSocket is refused (HTTP {probe.upgrade})" if probe.upgrade else ""
    words = {
        0: "",
        400: "Coder says the workspace is offline",
        403: "Coder does not allow apps under a path",
        404: "Coder does not reach the agent yet",
        429: "Coder asks for a pause",
        500: "it answers, but cannot load",
        502: "not listening yet",
        303: "Coder does not take the token for apps",
    }
    return words.get(probe.page, f"it answers with HTTP status {probe.page}")


def _end(agent: Agent, look: Look, standing: Standing) -> End | None:
    """Whether the wish is met, or can no longer be."""
    if look.wait == "build":
        return End.READY
    if agent.lifecycle_state in _STOPPING:
        return End.SHUTTING_DOWN
    if agent.status == "disconnected":
        return End.AGENT_LOST if look.lost_for >= LOST_SECONDS else None
    if look.wait == "agent":
        return End.READY if agent.status == "connected" else None
    if agent.app(look.app) is None:
        return End.NO_APP
    if look.wait == "scripts" and standing.scripts.state is State.FAILED:
        return End.SCRIPT_FAILED
    answering = standing.editor.state is State.DONE
    if look.wrong_processor and not answering and agent.lifecycle_state in ("ready", "start_error", "start_timeout"):
        return End.EDITOR_CACHE
    return End.READY if answering and (look.wait == "editor" or standing.scripts.state is State.DONE) else None
