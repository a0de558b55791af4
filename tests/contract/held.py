"""Which recording is held by which replay. What is in no row here stands in waiting.toml, or the suite fails."""

from __future__ import annotations

from ameide_ws.coder import model
from ameide_ws.sandbox.world import World
from tests.contract.replays import (
    APP,
    UNKNOWN,
    Frame,
    MetadataFrame,
    Regions,
    Replay,
    after_stop,
    agent_logs_after,
    app,
    ask,
    device,
    dial,
    get,
    logs_after,
    pressed,
    queued,
    refused,
    restarted,
    watch,
)

ME = "/api/v2/users/me"
VERSION = "/api/v2/templateversions/{version}"
NAMED = "/api/v2/organizations/default/templates"
CREATE = "/api/v2/users/me/workspaces"
DEMO = "/api/v2/workspaces/{id}"
BUILD = "/api/v2/workspacebuilds/{build}"
AGENT = "/api/v2/workspaceagents/{agent}"
EVALUATE = f"{VERSION}/dynamic-parameters/evaluate"
BODY = {"name": "demo", "template_version_id": "{version}"}
DEVICE = "/api/v2/external-auth/github/device"
DIALLED = "/?reconnectionToken=x&reconnection=false&skipWebSocketFrames=false"
SILENT = {"editor": False}
NO_AGENT = {"agent": "connecting", "lifecycle": "created"}
AUTOSTART = {"autostart": "CRON_TZ=Europe/Berlin 30 8 * * 1-5"}
STOPPED = {"status": "stopped"}


def without_presets(world: World) -> None:
    for version in world.templates[0].versions:
        version.presets.clear()


def as_admin(world: World) -> None:
    world.tokens[world.token] = world.admin


def overflown(world: World) -> None:
    world.find("demo").latest.log.overflowed = True


DEPLOYMENT = {
    "root": get("/api/v2/"),
    "healthz": get("/healthz"),
    "buildinfo": get("/api/v2/buildinfo", model.BuildInfo),
    "authmethods": get("/api/v2/users/authmethods"),
    "entitlements": get("/api/v2/entitlements"),
    "experiments": get("/api/v2/experiments"),
    "orgs": get("/api/v2/organizations"),
    "regions": get("/api/v2/regions", Regions),
    "unknown-api": get("/api/v2/nope"),
    "unknown-page": get("/nothing/here"),
    "users-first-present": get("/api/v2/users/first"),
    "login-type": get(f"{ME}/login-type"),
    "me-dev1": get(ME, model.User),
    "me-admin": get("/api/v2/users/admin", model.User, world=as_admin),
    "me-oidc-cookie": get(ME, model.User, cookie=True),
    "oauth-me": get(ME, model.User),
    "me-signed-out": get(ME, token=""),
    "me-malformed-token": get(ME, token="abc"),
    "me-wrong-token": get(ME, token=UNKNOWN),
    "me-after-logout": get(ME, world=lambda world: world.revoke()),
    "oauth-me-after-revoke": get(ME, world=lambda world: world.revoke()),
    "external-auth-list": get("/api/v2/external-auth", story="github-not-linked"),
    "external-auth-list-linked": get("/api/v2/external-auth"),
    "external-auth-github-unlinked": get(
        "/api/v2/external-auth/github", model.ExternalAuthLink, story="github-not-linked"
    ),
    "external-auth-device-start": device(DEVICE, method="GET"),
    "external-auth-device-linked": device(DEVICE),
    "external-auth-device-pending": device(DEVICE, "authorization_pending"),
    "external-auth-device-slow": device(DEVICE, "slow_down"),
    "external-auth-device-denied": device(DEVICE, "access_denied"),
    "external-auth-device-bogus": device(DEVICE, known=False),
    "external-auth-github-linked": get("/api/v2/external-auth/github", model.ExternalAuthLink),
}

TEMPLATES = {
    "template-by-name": get(f"{NAMED}/ameide-dev", model.Template),
    "template-by-name-absent": get(f"{NAMED}/nope"),
    "template-get": get("/api/v2/templates/{template}", model.Template),
    "templates-list": get("/api/v2/templates", tuple[model.Template, ...]),
    "templates-empty": get(
        "/api/v2/templates", tuple[model.Template, ...], world=lambda world: world.templates.clear()
    ),
    "template-versions": get("/api/v2/templates/{template}/versions", tuple[model.TemplateVersion, ...]),
    "version-get": get(VERSION, model.TemplateVersion),
    "version-presets-two": get(f"{VERSION}/presets", tuple[model.Preset, ...]),
    "version-presets": get(f"{VERSION}/presets", tuple[model.Preset, ...], world=without_presets),
    "presets": get(f"{VERSION}/presets", tuple[model.Preset, ...], world=without_presets),
    "version-rich-params": get(f"{VERSION}/rich-parameters", tuple[model.RichParameter, ...]),
    "version-variables": get(f"{VERSION}/variables"),
    "version-external-auth-linked": get(f"{VERSION}/external-auth", tuple[model.ExternalAuth, ...]),
    "version-external-auth-unlinked": get(
        f"{VERSION}/external-auth", tuple[model.ExternalAuth, ...], story="github-not-linked"
    ),
    "dynamic-parameters-evaluate": ask(
        "POST", EVALUATE, model.Evaluation, body={"id": 1, "inputs": {"cpu": "4"}, "owner_id": "{me}"}
    ),
    "dynamic-parameters-evaluate-bad": ask(
        "POST", EVALUATE, model.Evaluation, body={"id": 1, "inputs": {"cpu": "99"}, "owner_id": "{me}"}
    ),
}

WORKSPACES = {
    "workspaces-empty": get("/api/v2/workspaces?q=owner:me", model.WorkspacesPage),
    "workspaces-list": get("/api/v2/workspaces?q=owner:me", model.WorkspacesPage, state={}),
    "workspaces-list-badkey": get("/api/v2/workspaces?q=nope:me"),
    "workspace-by-name": get(f"{ME}/workspace/demo", model.Workspace, state={}),
    "workspace-get-absent": get(f"{ME}/workspace/demo"),
    "workspace-other-user": get("/api/v2/users/admin/workspace/demo", state={"owner": "admin"}),
    "workspace-ready": get(DEMO, model.Workspace, state={}),
    "workspace-after-restart": Replay(restarted, model.Workspace),
    "workspace-stopped": get(DEMO, model.Workspace, state=STOPPED | AUTOSTART),
    "workspace-outdated": get(f"{ME}/workspace/demo", model.Workspace, state={"outdated": True} | AUTOSTART),
    "workspace-failed": get(f"{ME}/workspace/demo", model.Workspace, state={"status": "failed"}),
    "workspace-script-failed": get(DEMO, model.Workspace, state={"lifecycle": "start_error"}),
    "workspace-agent-timeout": get(DEMO, model.Workspace, state={"agent": "timeout", "lifecycle": "created"}),
    "workspace-deleted-by-id": get(DEMO, state={"status": "deleted"}),
    "workspace-deleted-by-name": get(f"{ME}/workspace/demo", state={"status": "deleted"}),
    "workspace-deleted-include": get(f"{DEMO}?include_deleted=true", model.Workspace, state={"status": "deleted"}),
    "workspace-create": ask("POST", CREATE, model.Workspace, body=BODY | {"rich_parameter_values": []}),
    "workspace-create-fails": ask("POST", CREATE, model.Workspace, body=BODY, story="build-fails"),
    "workspace-create-slow": ask("POST", CREATE, model.Workspace, body=BODY, story="long-queue"),
    "workspace-create-bad-name": ask("POST", CREATE, body=BODY | {"name": "bad_name"}),
    "workspace-create-bad-param": ask(
        "POST", CREATE, body=BODY | {"rich_parameter_values": [{"name": "cpu", "value": "99"}]}
    ),
    "workspace-create-both": ask("POST", CREATE, body=BODY | {"template_id": "{template}"}),
    "workspace-create-dup": ask("POST", CREATE, body=BODY, state={}),
    "workspace-create-unlinked": ask("POST", CREATE, body=BODY, story="github-not-linked"),
    "dormant-unchanged": ask("PUT", f"{DEMO}/dormant", body={"dormant": False}, state={}),
    "usage": ask("POST", f"{DEMO}/usage", body={}, state={}),
    "watch-badtoken": refused(f"{DEMO}/watch-ws", state={}, token=UNKNOWN),
    "watch-plain-get": get(f"{DEMO}/watch-ws", state={}),
    "workspace-watch-create": watch(),
    "workspace-watch-restart": watch({"transition": "stop", "on_success": {"transition": "start"}}),
    "workspace-watch-delete": watch({"transition": "delete"}),
}

BUILDS = {
    "builds-list": get(f"{DEMO}/builds", tuple[model.Build, ...], state={}),
    "build-start": ask("POST", f"{DEMO}/builds", model.Build, body={"transition": "start"}, state=STOPPED),
    "build-stop": ask("POST", f"{DEMO}/builds", model.Build, body={"transition": "stop"}, state={}),
    "build-delete": ask("POST", f"{DEMO}/builds", model.Build, body={"transition": "delete"}, state={}),
    "build-restart": ask(
        "POST",
        f"{DEMO}/builds",
        model.Build,
        body={
            "transition": "stop",
            "reason": "cli",
            "on_success": {"transition": "start", "rich_parameter_values": []},
        },
        state={},
    ),
    "build-start-deleted": ask("POST", f"{DEMO}/builds", body={"transition": "start"}, state={"status": "deleted"}),
    "build-while-active": ask("POST", f"{DEMO}/builds", body={"transition": "stop"}, state={"status": "starting"}),
    "build-parameters": get(f"{BUILD}/parameters", tuple[model.BuildParameter, ...], state={}),
    "build-failed": get(BUILD, model.Build, state={"status": "failed"}),
    "build-canceling": get(BUILD, model.Build, state={"status": "canceling"}),
    "build-canceled": Replay(lambda coder: pressed(coder, "canceled"), model.Build),
    "build-queued": Replay(queued, model.Build),
    "build-queued-canceled": get(BUILD, model.Build, state={"status": "canceled"}),
    "build-noisy": get(BUILD, model.Build, state=NO_AGENT, world=overflown),
    "build-timings": get(f"{BUILD}/timings", state={}),
    "build-timings-script-failed": get(f"{BUILD}/timings", state={"lifecycle": "start_error"}),
    "build-timings-no-agent": get(f"{BUILD}/timings", state=NO_AGENT),
    "build-cancel": Replay(lambda coder: pressed(coder, "")),
    "build-cancel-again": Replay(lambda coder: pressed(coder, "again")),
    "build-queued-cancel": ask("PATCH", f"{BUILD}/cancel?expect_status=pending", state={"status": "pending"}),
    "cancel-done-build": ask("PATCH", f"{BUILD}/cancel", state={}),
    "build-logs": get(f"{BUILD}/logs", tuple[model.BuildLog, ...], state={}),
    "build-logs-after": Replay(logs_after, tuple[model.BuildLog, ...]),
    "build-logs-follow": dial(f"{BUILD}/logs?follow", model.BuildLog, state={}),
    "build-stop-logs-follow": dial(f"{BUILD}/logs?follow", model.BuildLog, state=STOPPED),
    "build-failed-logs-follow": dial(f"{BUILD}/logs?follow", model.BuildLog, state={"status": "failed"}),
    "logs-follow-plain-get": get(f"{BUILD}/logs?follow", state={}),
}

AGENTS_AND_APPS = {
    "agent-get": get(AGENT, model.Agent, state={}),
    "agent-logs": get(f"{AGENT}/logs", tuple[model.AgentLog, ...], state={}),
    "agent-logs-script-failed": get(f"{AGENT}/logs", tuple[model.AgentLog, ...], state={"lifecycle": "start_error"}),
    "agent-logs-after-stop": Replay(after_stop),
    "agent-logs-follow": dial(f"{AGENT}/logs?follow&no_compression", tuple[model.AgentLog, ...], state={}),
    "agent-logs-follow-after": Replay(agent_logs_after, tuple[tuple[model.AgentLog, ...], ...]),
    "agent-metadata-watch": dial(f"{AGENT}/watch-metadata-ws", MetadataFrame, state={}),
    "listening-ports": get(f"{AGENT}/listening-ports", state={}),
    "app-cookie": app(),
    "app-header": app(cookie=False),
    "app-noagent": app("/@{owner}/{name}/apps/code-server/healthz"),
    "app-page": app(f"{APP}/?folder=/home/dev1/ws"),
    "app-websocket": dial(APP + DIALLED, Frame, state={}, cookie=True),
    "app-root": app(f"{APP}/"),
    "app-root-unready": app(f"{APP}/", SILENT),
    "app-noslash": app(APP),
    "app-nologin": app(cookie=False, token=""),
    "app-me": app("/@me/{name}.main/apps/code-server/healthz"),
    "app-unknown": app("/@{owner}/{name}.main/apps/nope/"),
    "app-other-user": app(state={"owner": "admin"}),
    "app-stopped": app(state=STOPPED),
    "app-agent-not-connected": app(f"{APP}/", NO_AGENT),
    "app-502-healthz": app(state=SILENT),
    "app-502-page": app(f"{APP}/?folder=/home/dev1/ws", SILENT),
    "app-502-websocket": refused(f"{APP}/?folder=/home/dev1/ws", state=SILENT, cookie=True),
}

HELD: dict[str, Replay] = DEPLOYMENT | TEMPLATES | WORKSPACES | BUILDS | AGENTS_AND_APPS
