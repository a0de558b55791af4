"""Path apps: who may come in, and what the address answers in which state. None of it is JSON."""

from __future__ import annotations

import secrets
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import quote_plus

from starlette.requests import HTTPConnection
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ..agent import Agent
from ..answers import SIGNED_OUT, now, page
from ..editor import Proxy, bad_gateway, plain_page, plain_socket
from ..gate import cookies_of
from ..people import Person
from ..workspaces import Workspace
from .asking import asked_of, world_of

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
SIGNED = "coder_signed_app_token"


class Turned(Exception):
    """The way to the app ends in this answer."""

    def __init__(self, response: Response) -> None:
        self.response = response


def not_found() -> Turned:
    text = "The application or workspace you are trying to access does not exist or you do not have permission to "
    return Turned(page(404, "Application Not Found", text + "access it."))


def base_of(request: HTTPConnection) -> str:
    parts = request.path_params
    return f"/@{parts['user']}/{parts['workspace_and_agent']}/apps/{parts['slug']}/"


def who(request: HTTPConnection) -> tuple[Person | None, bool]:
    """Who asks, and whether the signed cookie of an earlier answer says so already."""
    signed = world_of(request).signed.get(cookies_of(asked_of(request)).get(SIGNED, ""))
    if signed is not None and signed[0] == base_of(request) and signed[2] > now():
        return signed[1], True
    return request.scope["me"], False


def way_in(request: HTTPConnection) -> tuple[Agent, dict[str, str]]:
    """The agent behind an app's address, and the cookie to set; the order of refusals is Coder's."""
    world, parts = world_of(request), request.path_params
    if parts["user"] == "me":
        text = "Applications must be accessed with the full username, not @me."
        raise Turned(page(404, "Application Not Found", text))
    workspace = named(request)
    if workspace.latest.transition == "stop":
        text = 'Last workspace transition was to the "stop" state. Start the workspace to access its applications.'
        raise Turned(page(400, "Workspace Offline", text))
    # Where there is one agent, Coder does not ask for its name.
    agent = workspace.agent
    if agent is None or parts["slug"] != agent.slug:
        raise not_found()
    person, known = who(request)
    if person is None:
        raise Turned(to_login(request))
    if person is not workspace.owner:
        raise not_found()
    if agent.status != "connected":
        raise Turned(page(404, "Application Unavailable", f'Agent state is "{agent.status}", not "connected"'))
    if known:
        return agent, {}
    token, until = secrets.token_urlsafe(32), now() + timedelta(minutes=1)
    world.signed = {old: given for old, given in world.signed.items() if given[2] > now()}
    world.signed[token] = (base_of(request), person, until)
    expires = format_datetime(until, usegmt=True)
    cookie = f"{SIGNED}={token}; Path={base_of(request)}; Expires={expires}; HttpOnly; SameSite=Lax"
    return agent, {"set-cookie": cookie}


def named(request: HTTPConnection) -> Workspace:
    world, parts = world_of(request), request.path_params
    owner = world.person(parts["user"])
    name = parts["workspace_and_agent"].partition(".")[0]
    if owner is None:
        raise not_found()
    try:
        return world.find(name, owner)
    except KeyError:
        raise not_found() from None


def to_login(request: HTTPConnection) -> Response:
    back = asked_of(request).path + (f"?{asked_of(request).query}" if asked_of(request).query else "")
    where = f"{world_of(request).url}/login?message={quote_plus(SIGNED_OUT)}&redirect={quote_plus(back)}"
    body = f'<a href="{where.replace("&", "&amp;")}">See Other</a>.\n\n'
    return Response(body, 303, {"location": where}, media_type="text/html; charset=utf-8")


def moved(where: str) -> Response:
    body = f'<a href="{where}">Temporary Redirect</a>.\n\n'
    return Response(body, 307, {"location": where}, media_type="text/html; charset=utf-8")


def redirect_of(request: HTTPConnection, agent: Agent) -> str | None:
    """Coder adds the slash and the app's own query before it looks whether anybody listens."""
    path = request.path_params.get("path")
    if path is None:
        return base_of(request)
    if path == "" and not asked_of(request).query:
        return f"{base_of(request)}?{agent.folder_query}"
    return None


def proxy_of(request: HTTPConnection) -> Proxy:
    proxy: Proxy = request.app.state.proxy
    return proxy


async def visit(request: Asked) -> Response:
    try:
        agent, cookie = way_in(request)
    except Turned as turned:
        return turned.response
    where = redirect_of(request, agent)
    if where is not None:
        response = moved(where)
    elif not agent.editor_open:
        response = bad_gateway()
    elif agent.door is None:
        response = plain_page(world_of(request), asked_of(request), "/" + request.path_params["path"])
    else:
        response = await proxy_of(request).http(asked_of(request), agent.door, "/" + request.path_params["path"])
    for name, value in cookie.items():
        response.raw_headers.append((name.encode(), value.encode()))
    return response


async def dial(ws: WebSocket) -> None:
    try:
        agent, cookie = way_in(ws)
    except Turned as turned:
        await ws.send_denial_response(turned.response)
        return
    path = "/" + ws.path_params.get("path", "")
    response: Response | None = None
    if not agent.editor_open:
        response = bad_gateway()
    elif agent.door is None:
        await plain_socket(world_of(ws), ws, asked_of(ws), path, cookie)
    else:
        response = await proxy_of(ws).socket(ws, asked_of(ws), agent.door, path, cookie)
    if response is not None:
        await ws.send_denial_response(response)


PATH = "/@{user}/{workspace_and_agent}/apps/{slug}"
ROUTES = [
    Route(PATH, visit, methods=METHODS),
    Route(PATH + "/{path:path}", visit, methods=METHODS),
    WebSocketRoute(PATH + "/{path:path}", dial),
]
