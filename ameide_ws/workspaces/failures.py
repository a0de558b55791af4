"""What went wrong with a workspace, in words: the layer, its telling lines, one cause, one command that exists."""

import re
from collections.abc import Iterable

from ameide_ws.coder.follow import Entry
from ameide_ws.coder.model import Agent, Workspace
from ameide_ws.problems import (
    AgentNotReady,
    BuildCanceled,
    BuildFailed,
    EditorNotReady,
    NoProvisioner,
    NotFinished,
    Problem,
    ScriptFailed,
    WorkspaceGone,
)
from ameide_ws.text import safe, sentence, word
from ameide_ws.when import spoken
from ameide_ws.workspaces.ready import Look, how_it_ended, silence

TELLING = 20
_ENDED = re.compile(r"exit status \d+$")
# What the provisioner says last, however the build ended (provisionerd/runner).
_TIDYING = "Cleaning Up"


def telling(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The lines of a log that tell most: its last twenty errors, else warnings, else its last twenty of all."""
    rows = [(entry.level, line) for entry in entries for line in entry.text.splitlines() if line.strip()]
    for level in ("error", "warn"):
        lines = [line for said, line in rows if said == level]
        if lines:
            return tuple(lines[-TELLING:])
    return tuple(line for _, line in rows[-TELLING:])


def _failed_stage(entries: list[Entry]) -> str:
    """The stage of a build that went wrong: where its last error is, else its last but for the tidying up."""
    stages = [entry.source for entry in entries if entry.source and entry.source != _TIDYING]
    errors = [entry.source for entry in entries if entry.source and entry.level == "error"]
    return (errors or stages or [""])[-1]


def _reason(error: str, entries: list[Entry]) -> str:
    """Why a build failed. Coder's own word is often only how Terraform ended; then its last error says more."""
    lines = [line.strip() for entry in entries if entry.level == "error" for line in entry.text.splitlines()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return f"{errors[-1]} ({error})" if errors and _ENDED.search(error) else error


def build_failed(url: str, workspace: Workspace, entries: Iterable[Entry], again: str) -> BuildFailed:
    """Terraform, or the provisioner, gave up."""
    build, name = workspace.latest_build, safe(workspace.name)
    entries = list(entries)
    failed = _failed_stage(entries)
    stage = safe(failed)
    code = safe(build.job.error_code)
    error = sentence(_reason(build.job.error, entries)) or "Coder gives no reason"
    template = safe(workspace.template_name)
    tries = {
        "INSUFFICIENT_QUOTA": ("ameide-ws list   # see which of your workspaces could go",),
        "REQUIRED_TEMPLATE_VARIABLES": (f"tell whoever looks after the template {template}: a variable has no value",),
        "MISSING_TEMPLATE_PARAMETER": (f"{again} --param NAME=VALUE",),
    }.get(code, (f"{again} -v   # try once more and watch the build",))
    return BuildFailed(
        f"workspace “{name}” did not start: the build failed" + (f" in “{stage}”" if stage else ""),
        cause=error + (f" [{code}]" if code else ""),
        tries=(*tries, f"open {build_url(url, workspace)} in a browser   # the whole log"),
        ref=f"build {build.build_number} ({safe(build.id)})",
        lines=telling(entry for entry in entries if entry.source == failed),
    )


def build_canceled(workspace: Workspace, again: str) -> BuildCanceled:
    """Somebody ended the build; Coder does not say who."""
    build = workspace.latest_build
    return BuildCanceled(
        f"the build of workspace “{safe(workspace.name)}” was cancelled",
        cause="somebody cancelled it while it ran; Coder does not say who",
        tries=(f"{again}   # build it again",),
        ref=f"build {build.build_number} ({safe(build.id)})",
    )


def deleted(name: str, again: str) -> WorkspaceGone:
    """It was there when we began."""
    return WorkspaceGone(
        f"workspace “{safe(name)}” was deleted while we waited for it",
        cause="somebody else deleted it, or Coder did",
        tries=(f"{again}   # make a new one",),
    )


def replaced(workspace: Workspace, again: str) -> WorkspaceGone:
    """Another build took the place of the one we waited for."""
    build = workspace.latest_build
    what = {"stop": "stopped", "delete": "deleted", "start": "started anew"}.get(build.transition, "changed")
    who = safe(build.initiator_name)
    reason = safe(build.reason)
    cause = f"build {build.build_number} ({safe(build.transition)}) was asked for" + (f" by {who}" if who else "")
    return WorkspaceGone(
        f"workspace “{safe(workspace.name)}” was {what} while we waited for it",
        cause=cause + (f", reason {reason}" if reason and reason != "initiator" else ""),
        tries=(f"{again}   # go on from there",),
        ref=f"build {build.build_number} ({safe(build.id)})",
    )


def no_agent(workspace: Workspace) -> AgentNotReady:
    """Terraform made nothing that a person could work in."""
    name = safe(workspace.name)
    return AgentNotReady(
        f"workspace “{name}” was built, but nothing in it can be worked in",
        cause=f"the template {safe(workspace.template_name)} makes no agent",
        tries=(f"tell whoever looks after the template {safe(workspace.template_name)}",),
    )


def no_app(workspace: Workspace, agent: Agent, app: str, again: str) -> EditorNotReady:
    """The agent is there, and no editor belongs to it."""
    slugs = ", ".join(safe(one.slug) for one in agent.apps)
    return EditorNotReady(
        f"workspace “{safe(workspace.name)}” has no editor “{safe(app)}”",
        cause=f"its apps are: {slugs}" if slugs else "its template declares no app",
        tries=(f"{again} --wait agent   # do without the editor",),
    )


def late_agent(workspace: Workspace, agent: Agent) -> AgentNotReady:
    """A warning: the agent should have connected by now."""
    return AgentNotReady(
        f"the agent of “{safe(workspace.name)}” has not connected within {agent.connection_timeout_seconds} s",
        cause="it may still do so: a large image takes long to build",
        tries=_help(agent),
    )


def agent_lost(workspace: Workspace, agent: Agent, again: str) -> AgentNotReady:
    """It was connected, and fell silent."""
    return AgentNotReady(
        f"the agent of “{safe(workspace.name)}” lost its connection to Coder",
        cause="it was connected and has fallen silent: it may have run out of memory, or its node is gone",
        tries=(f"{again}   # look again", *_help(agent)),
    )


def shutting_down(workspace: Workspace, again: str) -> WorkspaceGone:
    """The agent says goodbye before Coder shows a new build."""
    return WorkspaceGone(
        f"workspace “{safe(workspace.name)}” is shutting down",
        cause="its agent has begun to stop",
        tries=(f"{again}   # start it again once it has stopped",),
    )


def script_failed(workspace: Workspace, agent: Agent, entries: Iterable[Entry], again: str) -> ScriptFailed:
    """A startup script failed: the workspace can be used, something in it is missing."""
    failed = [script for script in agent.start_scripts if script.has_failed]
    sources = {script.log_source_id for script in failed}
    ended = ", ".join(how_it_ended(script) for script in failed)
    return ScriptFailed(
        f"a startup script of “{safe(workspace.name)}” failed: {safe(ended) or 'Coder does not say which'}",
        cause="the workspace can be used, but something in it may be missing",
        tries=(f"{again} -v   # see what the scripts say", *_help(agent)),
        lines=telling(entry for entry in entries if not sources or entry.source in sources),
    )


def editor_cache(workspace: Workspace, again: str) -> EditorNotReady:
    """The editor kept on the workspace's volume was built for another processor."""
    return EditorNotReady(
        f"the editor of “{safe(workspace.name)}” cannot start on this processor",
        cause="the copy kept under /workspaces/.code-server was made for another one (Exec format error)",
        tries=(
            "remove the folders bin and lib there, from Coder's web terminal",
            f"{again}   # once they are gone",
        ),
    )


def out_of_time(
    step: str, url: str, workspace: Workspace, look: Look, *, unclaimed: bool, seconds: float, again: str
) -> Problem:
    """Time is up while a layer still works: which one, and how it stands."""
    agent = look.agent
    name, limit = safe(workspace.name), spoken(seconds)
    later = (f"{again}   # go on waiting", f"open {build_url(url, workspace)} in a browser")
    job = workspace.latest_build.job
    if step == "queue" and unclaimed:
        return NoProvisioner(
            f"nothing has taken up the build of “{name}” within {limit}",
            cause="Coder has no provisioner for this template: nobody is there to build it",
            tries=("tell whoever runs Coder that no provisioner takes this build", *later),
        )
    if step == "queue":
        place = f"it is number {job.queue_position} of {job.queue_size} in the queue" if job.queue_position else ""
        return NotFinished(
            f"“{name}” still waits for its build after {limit}", cause=place or "it is queued", tries=later
        )
    if step == "terraform":
        return NotFinished(
            f"the build of “{name}” still runs after {limit}", cause="it goes on without us", tries=later
        )
    if step == "agent" and agent is not None and agent.status == "disconnected":
        return agent_lost(workspace, agent, again)
    if step == "agent":
        cause = "the workspace was built, but its agent has not connected to Coder"
        tries = (*(_help(agent) if agent else ()), *later)
        return AgentNotReady(f"the agent of “{name}” did not connect within {limit}", cause=cause, tries=tries)
    if step == "scripts":
        running = [safe(script.display_name) for script in (agent.start_scripts if agent else ()) if not script.status]
        cause = f"still running: {', '.join(running)}" if running else "Coder does not say which"
        return ScriptFailed(f"the startup scripts of “{name}” have not ended within {limit}", cause=cause, tries=later)
    cause = sentence(silence(look.probe)) or "it has not answered at all"
    tries = (f"ameide-ws show {word(workspace.name)}   # how its scripts and apps are", *later)
    return EditorNotReady(f"the editor of “{name}” did not answer within {limit}", cause=cause, tries=tries)


def unclaimed(workspace: Workspace) -> NoProvisioner:
    """A warning: the answer to the POST says that nobody can take the build."""
    return NoProvisioner(
        f"no provisioner can take the build of “{safe(workspace.name)}” right now",
        cause="Coder has none for this template that is free and reachable; the build waits until one comes",
        tries=("tell whoever runs Coder, if this does not pass",),
    )


def fallback_image(workspace: Workspace, again: str) -> Problem:
    """A warning: the devcontainer could not be built, and a stand-in image runs."""
    return AgentNotReady(
        f"“{safe(workspace.name)}” runs a fallback image, not the repository's devcontainer",
        cause="the devcontainer could not be built; tools you expect will be missing",
        tries=(
            "mend .devcontainer/coder in the repository, then rebuild",
            f"{again} -v   # the image build's own words",
        ),
    )


def build_url(url: str, workspace: Workspace) -> str:
    """The page of the latest build."""
    owner, name = safe(workspace.owner_name), safe(workspace.name)
    return f"{url}/@{owner}/{name}/builds/{workspace.latest_build.build_number}"


def _help(agent: Agent) -> tuple[str, ...]:
    """The template author's own help for a failing agent: shown, never opened."""
    link = sentence(agent.troubleshooting_url)
    return (f"read {link}",) if link.startswith(("https://", "http://")) else ("ask whoever looks after the template",)
