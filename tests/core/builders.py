"""Coder's answers as values of `model`, healthy unless a test says otherwise."""

from typing import Any

from ameide_ws.coder.model import Agent, App, Build, Job, Resource, Script, Workspace

SLUG = "code-server"
EDITOR = App(SLUG, "VS Code (Web)", url="http://localhost:13337/?folder=/workspaces/ameide")
SCRIPTS = (
    Script("dotfiles", run_on_start=True, log_source_id="source-1", status="ok", exit_code=0),
    Script("install-tools", run_on_start=True, log_source_id="source-2", status="ok", exit_code=0),
    Script("backup", run_on_start=False, log_source_id="source-3"),
)


def agent(status: str = "connected", lifecycle: str = "ready", **more: Any) -> Agent:
    given = {"apps": (EDITOR,), "scripts": SCRIPTS, "directory": "/workspaces/ameide", **more}
    return Agent("agent-1", "main", status, lifecycle, connection_timeout_seconds=120, **given)


def job(status: str = "succeeded", **more: Any) -> Job:
    return Job(status, **more)


def build(transition: str = "start", status: str = "succeeded", **more: Any) -> Build:
    made = {"job": job(status), "resources": (Resource("kubernetes_pod", "workspace", (agent(),)),), **more}
    return Build("build-1", 1, transition, status, "version-1", **made)


def workspace(latest: Build | None = None, **more: Any) -> Workspace:
    return Workspace("workspace-1", "dev", "dev1", "template-1", "ameide-dev", "version-1", latest or build(), **more)
