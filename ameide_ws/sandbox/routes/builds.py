"""One build: itself, its parameters, its log, its end by cancelling."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from .. import builds
from ..answers import Json, Refused, absent, not_upgraded, reply
from ..workspaces import Build
from .asking import me, path_id, world_of
from .sockets import follow, no_upgrade, refusing
from .workspaces import seen


def build_of(request: HTTPConnection) -> Build:
    me(request)
    build = world_of(request).build_of(path_id(request))
    if build is None:
        raise absent()
    seen(request, build.workspace)
    return build


async def one(request: Asked) -> Response:
    build = build_of(request)
    return reply(build.json(world_of(request).provisioners.position(build)))


async def parameters(request: Asked) -> Response:
    return reply([{"name": name, "value": value} for name, value in build_of(request).parameters.items()])


async def resources(request: Asked) -> Response:
    build = build_of(request)
    return reply(build.json()["resources"])


async def timings(request: Asked) -> Response:
    return reply(build_of(request).timings())


async def cancel(request: Asked) -> Response:
    build, world = build_of(request), world_of(request)
    expected = request.query_params.get("expect_status", "")
    if expected not in ("", "running", "pending"):
        message = f"Invalid expect_status \"{expected}\". Only 'running' or 'pending' are allowed."
        raise Refused(400, message)
    may = build.workspace.template.may_cancel or me(request).is_owner
    if not may:
        raise Refused(403, "User is not allowed to cancel workspace builds. Owner role is required.")
    ended = build.completed_at is not None or build.canceled_at is not None
    if expected and not ended and build.status != expected:
        raise Refused(412, "Job is not in the expected state.")
    builds.cancel(world, build)
    return reply({"message": "Job has been marked as canceled..."})


def after_of(request: HTTPConnection) -> int:
    text = request.query_params.get("after", "")
    try:
        return int(text or 0)
    except ValueError:
        raise Refused(
            400, 'Query param "after" must be an integer.', validations=[("after", "Must be an integer")]
        ) from None


def check_format(request: HTTPConnection) -> bool:
    """Whether plain text is wanted."""
    wanted = request.query_params.get("format") or "json"
    if wanted not in ("json", "text"):
        raise Refused(400, "Invalid format parameter.", 'Allowed values are "json" and "text".')
    if wanted == "text" and "follow" in request.query_params:
        message = "Text format is not supported with follow mode."
        raise Refused(400, message, "Use format=json or omit the follow parameter.")
    return wanted == "text"


async def logs(request: Asked) -> Response:
    build = build_of(request)
    as_text, after = check_format(request), after_of(request)
    if "follow" in request.query_params:
        return no_upgrade(request, "Failed to accept websocket.", not_upgraded)
    rows = build.log.after(after)
    if as_text:
        return Response("".join(f"{text_of(row)}\n" for row in rows), media_type="text/plain; charset=utf-8")
    return reply(rows)


def text_of(row: Json) -> str:
    """A row as Coder prints it (codersdk/provisionerdaemons.go)."""
    return f"{row['created_at']} [{row['log_level']}] [provisioner|{row['stage']}] {row['output']}"


@refusing
async def follow_logs(ws: WebSocket) -> None:
    build = build_of(ws)
    check_format(ws)
    await follow(ws, build.log, after_of(ws), arrays=False, farewell="done")


ROUTES = [
    Route("/api/v2/workspacebuilds/{id}", one),
    Route("/api/v2/workspacebuilds/{id}/parameters", parameters),
    Route("/api/v2/workspacebuilds/{id}/resources", resources),
    Route("/api/v2/workspacebuilds/{id}/timings", timings),
    Route("/api/v2/workspacebuilds/{id}/cancel", cancel, methods=["PATCH"]),
    Route("/api/v2/workspacebuilds/{id}/logs", logs),
    WebSocketRoute("/api/v2/workspacebuilds/{id}/logs", follow_logs),
]
