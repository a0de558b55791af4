"""One agent: itself, its log, its metadata. An agent that is not in the latest build does not exist any more."""

from __future__ import annotations

import asyncio

from starlette.requests import HTTPConnection
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ..agent import Agent
from ..answers import Json, Refused, not_upgraded, reply
from ..workspaces import event
from .asking import me, path_id, world_of
from .builds import check_format
from .sockets import Feed, follow, no_upgrade, refusing, serve_events


def agent_of(request: HTTPConnection) -> Agent:
    asker, wanted = me(request), path_id(request)
    for workspace in world_of(request).workspaces:
        agent = workspace.agent
        if agent is not None and agent.id == wanted and (workspace.owner is asker or asker.is_owner):
            return agent
    raise Refused(404, "Agent doesn't exist with that id, or you do not have access to it.")


async def one(request: Asked) -> Response:
    return reply(agent_of(request).json())


def after_of(request: HTTPConnection) -> int:
    text = request.query_params.get("after", "")
    if text and not text.isdigit():
        detail = "Must be an integer greater than or equal to zero"
        message = 'Query param "after" must be an integer greater than or equal to zero.'
        raise Refused(400, message, validations=[("after", detail)])
    return int(text or 0)


async def logs(request: Asked) -> Response:
    agent = agent_of(request)
    as_text, after = check_format(request), after_of(request)
    if "follow" in request.query_params:
        return no_upgrade(request, "Failed to accept websocket.", not_upgraded)
    rows = agent.log.after(after)
    if as_text:
        return Response("".join(text_of(agent, row) for row in rows), media_type="text/plain; charset=utf-8")
    return reply(rows)


def text_of(agent: Agent, row: Json) -> str:
    """A row as Coder prints it (codersdk/workspaceagents.go)."""
    names = {source["id"]: source["display_name"] for source in agent.log_sources()}
    source = names.get(row["source_id"], "")
    return f"{row['created_at']} [{row['level']}] [agent.{agent.name}|{source}] {row['output']}\n"


@refusing
async def follow_logs(ws: WebSocket) -> None:
    """It ends only when the agent leaves the latest build."""
    agent = agent_of(ws)
    check_format(ws)
    await follow(ws, agent.log, after_of(ws), arrays=True, farewell="")


async def watch_plainly(request: Asked) -> Response:
    agent_of(request)
    return no_upgrade(request, "Internal error setting up server-sent events.", not_upgraded)


@refusing
async def watch_metadata(ws: WebSocket) -> None:
    """The metadata at once, and again each second."""
    agent = agent_of(ws)
    feed = Feed()

    async def measure() -> None:
        age = 0
        while True:
            feed.put_nowait(event("data", agent.metadata(age)))
            age += 1
            await asyncio.sleep(1)

    measuring = asyncio.ensure_future(measure())
    try:
        await serve_events(ws, feed)
    finally:
        measuring.cancel()


async def listening_ports(request: Asked) -> Response:
    agent = agent_of(request)
    open_port = {"process_name": "code-server", "network": "tcp", "port": 13337}
    return reply({"ports": [open_port] if agent.editor_open else []})


ROUTES = [
    Route("/api/v2/workspaceagents/{id}", one),
    Route("/api/v2/workspaceagents/{id}/logs", logs),
    WebSocketRoute("/api/v2/workspaceagents/{id}/logs", follow_logs),
    Route("/api/v2/workspaceagents/{id}/watch-metadata-ws", watch_plainly),
    WebSocketRoute("/api/v2/workspaceagents/{id}/watch-metadata-ws", watch_metadata),
    Route("/api/v2/workspaceagents/{id}/listening-ports", listening_ports),
]
