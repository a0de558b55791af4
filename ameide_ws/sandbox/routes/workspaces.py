"""Workspaces: the list, one, create, watch, and the builds of one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from .. import builds
from ..answers import NIL, Refused, absent, not_upgraded, nothing, now, reply
from ..people import Person
from ..search import search
from ..templates import Version
from ..workspaces import Workspace, event
from .asking import check_fields, given_values, me, owner_of, path_id, read_body, whole_number, world_of
from .sockets import Feed, no_upgrade, refusing, serve_events

NAME = re.compile(r"^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$")
CREATE = {
    "name": str,
    "template_id": UUID,
    "template_version_id": UUID,
    "autostart_schedule": str,
    "ttl_ms": int,
    "rich_parameter_values": list,
    "automatic_updates": str,
    "template_version_preset_id": UUID,
}
BUILD = {
    "transition": str,
    "template_version_id": UUID,
    "dry_run": bool,
    "orphan": bool,
    "rich_parameter_values": list,
    "log_level": str,
    "template_version_preset_id": UUID,
    "reason": str,
    "on_success": dict,
}
ON_SUCCESS = {
    "transition": str,
    "template_version_id": UUID,
    "rich_parameter_values": list,
    "template_version_preset_id": UUID,
}
REASONS = ("dashboard", "cli", "ssh_connection", "vscode_connection", "jetbrains_connection", "task_manual_pause")


def seen(request: HTTPConnection, workspace: Workspace | None) -> Workspace:
    """A workspace, if the asker may know of it."""
    asker = me(request)
    if workspace is None or (workspace.owner is not asker and not asker.is_owner):
        raise absent()
    return workspace


def workspace_of(request: HTTPConnection) -> Workspace:
    return seen(request, world_of(request).workspace_of(path_id(request)))


def shown(request: HTTPConnection, workspace: Workspace, *, posted: bool = False) -> dict[str, Any]:
    world = world_of(request)
    queue = (0, 0) if posted else world.queue_of(workspace)
    return workspace.json(queue, world.matched(workspace.latest), posted=posted, reader=me(request))


async def every(request: Asked) -> Response:
    rows = search(world_of(request).workspaces, request.query_params.get("q", ""), me(request))
    limit, offset = whole_number(request, "limit"), whole_number(request, "offset")
    wanted = rows[offset : offset + limit if limit else None]
    return reply({"workspaces": [shown(request, one) for one in wanted], "count": len(rows)})


async def by_name(request: Asked) -> Response:
    owner, name = owner_of(request), request.path_params["name"].lower()
    include_deleted = request.query_params.get("include_deleted") == "true"
    for workspace in reversed(world_of(request).workspaces):
        same = workspace.owner is owner and workspace.name.lower() == name
        if same and (include_deleted or not workspace.is_deleted):
            return reply(shown(request, workspace))
    raise absent()


async def by_id(request: Asked) -> Response:
    workspace = workspace_of(request)
    if workspace.is_deleted and request.query_params.get("include_deleted") != "true":
        raise Refused(
            410,
            f'Workspace "{workspace.id}" was deleted, you can view this workspace by specifying '
            "'?include_deleted=true' and trying again.",
        )
    return reply(shown(request, workspace))


# -- create ------------------------------------------------------------------------------------------------------------


async def create(request: Asked) -> Response:
    owner, world = owner_of(request), world_of(request)
    body = read_body(request, CREATE)
    validate(body)
    version = chosen_version(request, body)
    check_github(version, owner)
    ttl = lifetime(body, version)
    mine = [one.name.lower() for one in world.workspaces if one.owner is owner and not one.is_deleted]
    if body["name"].lower() in mine:
        taken = "This value is already in use and should be unique."
        raise Refused(409, f'Workspace "{body["name"]}" already exists.', validations=[("name", taken)])
    given = given_values(body)
    preset_id = body.get("template_version_preset_id")
    if preset_id:
        given = preset_values(version, preset_id) | given
    folder = world.place.folder / owner.username / body["name"]
    schedule, updates = body.get("autostart_schedule"), body.get("automatic_updates") or "never"
    workspace = Workspace(body["name"], owner, version.template, folder, ttl, schedule, updates)
    builds.post(world, workspace, "start", me(request), version=version, given=given, preset_id=preset_id)
    folder.mkdir(parents=True, exist_ok=True)
    world.workspaces.append(workspace)
    return reply(shown(request, workspace, posted=True), 201)


def validate(body: dict[str, Any]) -> None:
    """The checks Coder's validator makes, all complaints at once."""
    wrong: list[tuple[str, str]] = []

    def complain(field: str, tag: str) -> None:
        value = body.get(field) or ("" if field == "name" else NIL)
        wrong.append((field, f'Validation failed for tag "{tag}" with value: "{value}"'))

    template, version = body.get("template_id"), body.get("template_version_id")
    if template and version:
        complain("template_id", "excluded_with")
        complain("template_version_id", "excluded_with")
    if not template and not version:
        complain("template_id", "required_without")
        complain("template_version_id", "required_without")
    name = body.get("name") or ""
    if not NAME.match(name) or len(name) > 32 or name in ("new", "create"):
        complain("name", "workspace_name")
    if wrong:
        raise Refused(400, "Validation failed.", validations=wrong)


def chosen_version(request: Asked, body: dict[str, Any]) -> Version:
    world = world_of(request)
    if body.get("template_version_id"):
        version = world.version(body["template_version_id"])
        if version is None:
            raise Refused(
                400,
                f'Template version "{body["template_version_id"]}" doesn\'t exist.',
                validations=[("template_version_id", "template not found")],
            )
        return version
    template = next((one for one in world.templates if one.id == body["template_id"]), None)
    if template is None:
        raise Refused(
            400,
            f'Template "{body["template_id"]}" doesn\'t exist.',
            validations=[("template_id", "template not found")],
        )
    return template.active_version


def check_github(version: Version, owner: Person) -> None:
    if version.needs_github and not owner.github:
        raise Refused(
            403,
            "External authentication is required to create a workspace with this template.",
            "The workspace owner must authenticate with the following external auth providers: GitHub.",
            [("external_auth", "github")],
        )


def lifetime(body: dict[str, Any], version: Version) -> int | None:
    ttl: int | None = body.get("ttl_ms")
    if ttl is None or ttl == 0:
        return version.template.ttl_ms or None
    if ttl < 60_000:
        detail = "time until shutdown must be at least one minute"
        raise Refused(400, "Invalid Workspace Time to Shutdown.", validations=[("ttl_ms", detail)])
    if ttl > 30 * 24 * 3_600_000:
        detail = "time until shutdown must be less than 30 days"
        raise Refused(400, "Invalid Workspace Time to Shutdown.", validations=[("ttl_ms", detail)])
    return ttl - ttl % 60_000


def preset_values(version: Version, preset_id: str) -> dict[str, str]:
    for preset in version.presets:
        if preset.id == preset_id:
            return preset.values
    raise Refused(500, "failed to fetch preset parameter values", f"no preset {preset_id} in version {version.name}")


# -- builds of one workspace -------------------------------------------------------------------------------------------


async def build_list(request: Asked) -> Response:
    """Newest first."""
    workspace, world = workspace_of(request), world_of(request)
    limit, offset = whole_number(request, "limit"), whole_number(request, "offset")
    rows = workspace.builds[::-1][offset : offset + limit if limit else None]
    return reply([one.json(world.provisioners.position(one), world.matched(one)) for one in rows])


async def timings(request: Asked) -> Response:
    """Those of the latest build."""
    return reply(workspace_of(request).latest.timings())


async def build_by_number(request: Asked) -> Response:
    owner, world = owner_of(request), world_of(request)
    for workspace in reversed(world.workspaces):
        if workspace.owner is owner and workspace.name.lower() == request.path_params["name"].lower():
            for one in workspace.builds:
                if str(one.number) == request.path_params["number"]:
                    return reply(one.json(world.provisioners.position(one), world.matched(one)))
    raise absent()


async def build(request: Asked) -> Response:
    workspace, world = workspace_of(request), world_of(request)
    body = read_body(request, BUILD)
    transition, reason = body.get("transition") or "", body.get("reason") or ""
    wrong = [(name, value) for name, value, known in checks(transition, reason) if value not in known]
    if wrong:
        tags = [(name, f'Validation failed for tag "oneof" with value: "{value}"') for name, value in wrong]
        raise Refused(400, "Validation failed.", validations=tags)
    on_success = body.get("on_success")
    if on_success is not None:
        check_follow_up(request, transition, on_success)
    made = builds.post(
        world,
        workspace,
        transition,
        me(request),
        version=wanted_version(request, workspace, body),
        given=given_values(body),
        # Coder keeps "initiator" for a delete, whatever the client says (recordings/build-delete.json).
        reason=reason if reason and transition != "delete" else "initiator",
        preset_id=body.get("template_version_preset_id"),
        on_success=on_success,
    )
    workspace.last_used_at = now()
    return reply(made.json(matched=world.matched(made), posted=True), 201)


def check_follow_up(request: Asked, transition: str, wish: dict[str, Any]) -> None:
    """What `on_success` may say; a member may not pin its version."""
    check_fields(wish, ON_SUCCESS)
    given_values(wish)
    if transition != "stop":
        raise Refused(400, "OnSuccess is only permitted when stopping a workspace.")
    if wish.get("transition") != "start":
        raise Refused(400, "OnSuccess transition must be start.")
    if wish.get("template_version_preset_id") and not wish.get("template_version_id"):
        raise Refused(400, "OnSuccess TemplateVersionPresetID requires TemplateVersionID.")
    if wish.get("template_version_id") and not me(request).is_owner:
        detail = (
            "Pinning a template version on the follow-up build requires template update permission. "
            "Omit template_version_id to use the active version."
        )
        raise Refused(403, "Unauthorized to queue follow-up workspace build.", detail)


def checks(transition: str, reason: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [("transition", transition, ("start", "stop", "delete")), ("reason", reason, ("", *REASONS))]


def wanted_version(request: Asked, workspace: Workspace, body: dict[str, Any]) -> Version | None:
    """None keeps the version of the previous build."""
    wanted = body.get("template_version_id")
    if not wanted:
        return None
    version = world_of(request).version(wanted)
    if version is None:
        raise Refused(400, "template version does not exist", "sql: no rows in result set")
    if version.template is not workspace.template:
        detail = f"templateVersion.TemplateID = {version.template.id}, template.ID = {workspace.template.id}"
        raise Refused(400, "template version doesn't match template", detail)
    return version


# -- small settings ----------------------------------------------------------------------------------------------------


async def favorite(request: Asked) -> Response:
    workspace_of(request).favorite = request.method == "PUT"
    return nothing()


async def dormant(request: Asked) -> Response:
    workspace = workspace_of(request)
    wanted = bool(read_body(request, {"dormant": bool}).get("dormant"))
    if wanted == (workspace.dormant_at is not None):
        return nothing(304)
    workspace.dormant_at = now() - timedelta(0) if wanted else None
    world_of(request).changed(workspace)
    return reply(shown(request, workspace))


async def usage(request: Asked) -> Response:
    workspace_of(request).last_used_at = now()
    return nothing()


# -- watch -------------------------------------------------------------------------------------------------------------


async def watch_plainly(request: Asked) -> Response:
    workspace_of(request)
    return no_upgrade(request, "Internal error setting up server-sent events.", not_upgraded)


@refusing
async def watch(ws: WebSocket) -> None:
    """A ping, the workspace as it is, then a whole workspace for each change. It stays open after a delete."""
    workspace = workspace_of(ws)
    feed = Feed()
    feed.put_nowait(event("ping", None))
    feed.put_nowait(event("data", shown(ws, workspace)))
    workspace.watchers.add(feed)
    try:
        await serve_events(ws, feed)
    finally:
        workspace.watchers.discard(feed)


ROUTES = [
    Route("/api/v2/workspaces", every),
    Route("/api/v2/users/{user}/workspaces", create, methods=["POST"]),
    Route("/api/v2/users/{user}/workspace/{name}", by_name),
    Route("/api/v2/users/{user}/workspace/{name}/builds/{number}", build_by_number),
    Route("/api/v2/workspaces/{id}", by_id),
    Route("/api/v2/workspaces/{id}/builds", build_list),
    Route("/api/v2/workspaces/{id}/builds", build, methods=["POST"]),
    Route("/api/v2/workspaces/{id}/timings", timings),
    Route("/api/v2/workspaces/{id}/favorite", favorite, methods=["PUT", "DELETE"]),
    Route("/api/v2/workspaces/{id}/dormant", dormant, methods=["PUT"]),
    Route("/api/v2/workspaces/{id}/usage", usage, methods=["POST"]),
    Route("/api/v2/workspaces/{id}/watch-ws", watch_plainly),
    WebSocketRoute("/api/v2/workspaces/{id}/watch-ws", watch),
]
