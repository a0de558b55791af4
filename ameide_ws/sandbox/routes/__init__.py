"""The routes and sockets of Coder that the sandbox tells, one module per noun."""

from __future__ import annotations

from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from ..answers import Refused, refusal, reply
from ..editor import Proxy
from ..gate import name_of, send_denial
from . import agents, apps, builds, deployment, login, templates, users, workspaces

APIS = ("/api/v2/", "/api/experimental/")
DASHBOARD = "<!doctype html><html><head><title>Coder</title></head><body>The sandbox has no dashboard.</body></html>"


def application(proxy: Proxy) -> Starlette:
    routes: list[BaseRoute] = [
        *deployment.ROUTES,
        *login.ROUTES,
        *users.ROUTES,
        *templates.ROUTES,
        *workspaces.ROUTES,
        *builds.ROUTES,
        *agents.ROUTES,
        *apps.ROUTES,
    ]
    made = Starlette(routes=routes, exception_handlers={Refused: refused, HTTPException: unknown_method})
    made.router.redirect_slashes = False
    made.router.default = unknown
    made.state.proxy = proxy
    return made


async def refused(_: Asked, wrong: Exception) -> Response:
    return refusal(cast(Refused, wrong))


async def unknown_method(request: Asked, wrong: Exception) -> Response:
    error = cast(HTTPException, wrong)
    request.scope["world"].surprise(f"{name_of(request.scope)} is no route of Coder's that the sandbox knows")
    response = Response(b"", error.status_code)
    # A line for each method, as Coder's router has it (go-chi); HEAD is none of them.
    for method in methods_of(request):
        response.headers.append("allow", method)
    return response


def methods_of(request: Asked) -> list[str]:
    """The methods that a path has, by all its routes."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in here for method in route.methods or ()} - {"HEAD"})


async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
    """A route nobody told: Coder's 404 below its two APIs, its dashboard elsewhere; written down either way."""
    scope["world"].surprise(f"{name_of(scope)} is no route of Coder's that the sandbox knows")
    if scope["path"].startswith(APIS):
        response = reply({"message": "Route not found."}, 404)
    else:
        response = Response(DASHBOARD, media_type="text/html; charset=utf-8")
    if scope["type"] == "websocket":
        await send_denial(response, send)
    else:
        await response(scope, receive, send)
