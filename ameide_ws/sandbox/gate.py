"""The way in: every request and socket dial is written down here, judged, spoiled when a fault wants it, and counted.

It wraps the routes as plain ASGI, because faults and headers concern sockets as much as requests.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from . import spoiling
from .answers import Refused, refusal, standing_headers
from .faults import Fault
from .strangers import turned_away
from .world import SESSION, Request, World

# Enough for a file that is dropped into the editor.
BODY_CAP = 64 * 1024 * 1024
# What every answer says for itself, whatever a program in a workspace says.
STANDING = (b"date", b"x-content-type-options")
LIMITED = ("/api/v2/", "/api/experimental/", "/@")
# Calls made to find out whether a token is good; a stranger's token is no surprise there.
PROBING = ("/api/v2/users/me", "/api/v2/buildinfo", "/api/v2/")


class Gate:
    """`world` gives the present world; `activity` is called with +1 and -1 around every request and socket."""

    def __init__(self, routes: ASGIApp, world: Callable[[], World], activity: Callable[[int], None]) -> None:
        self._routes = routes
        self._world = world
        self._activity = activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return
        self._activity(+1)
        world = self._world()
        visit = asyncio.current_task()
        try:
            if visit is not None:
                world.visits.add(visit)
            await self._enter(world, scope, receive, send)
        except ClientDisconnected:
            return
        except Exception as wrong:
            world.surprise(f"the sandbox itself broke on {scope['path']}: {wrong!r}")
            raise
        finally:
            self._activity(-1)
            if visit is not None:
                world.visits.discard(visit)

    async def _enter(self, world: World, scope: Scope, receive: Receive, send: Send) -> None:
        is_socket = scope["type"] == "websocket"
        method, headers = "WS" if is_socket else scope["method"], headers_of(scope)
        stranger = turned_away(method, headers, world.url)
        if stranger is not None:
            answer = decorated(send, {})
            await (send_denial(stranger, answer) if is_socket else stranger(scope, receive, answer))
            return
        body = b"" if is_socket else await whole_body(receive)
        asked = Request(method, scope["path"], scope["query_string"].decode("latin-1"), headers, body)
        world.note(asked)
        self._judge(world, asked)
        scope["world"], scope["asked"] = world, asked
        # Slashes in a row count as one for the router only (coderd/coderd.go).
        scope["path"] = re.sub("/+", "/", asked.path)
        token, _ = token_of(asked, world.session_cookie)
        scope["token"], scope["me"] = token, world.tokens.get(token or "")
        limited, extra = self._count(world, scope)
        if len(body) > BODY_CAP:
            limited = Refused(413, "Request body too large.", "http: request body too large")
        answer = decorated(send, extra)
        fault = world.faults.pick(asked.method, asked.path)
        if fault is not None:
            await self._spoil(fault, scope, replay(body, receive) if not is_socket else receive, answer)
            return
        if limited is not None:
            await refusal(limited)(scope, receive, answer) if not is_socket else await refuse_socket(limited, answer)
            return
        await self._pass(scope, replay(body, receive) if not is_socket else receive, answer)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.before is not None:
            fault.before()
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if scope["type"] == "websocket":
            await spoiling.socket(fault, self._pass, scope, receive, send)
        else:
            await spoiling.answer(fault, self._pass, scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._routes(scope, receive, send)

    def _judge(self, world: World, asked: Request) -> None:
        if not asked.headers.get("user-agent"):
            world.surprise(f"{asked.method} {asked.path} came without a User-Agent")
        token, source = token_of(asked, world.session_cookie)
        if token and token not in world.issued and asked.path not in PROBING:
            world.surprise(f"{asked.method} {asked.path} came with a token that was not issued here")
        if token and asked.path.startswith("/@") and source != "cookie":
            world.surprise(f"{asked.method} {asked.path} delivered the token to the program in the workspace")

    def _count(self, world: World, scope: Scope) -> tuple[Refused | None, dict[str, str]]:
        if not scope["path"].startswith(LIMITED):
            return None, {}
        me = scope["me"]
        who = me.id if me is not None else str((scope.get("client") or ("",))[0])
        allowed, headers = world.limits.count(who, scope["path"])
        return (None if allowed else Refused(429, world.limits.sentence)), headers


def headers_of(scope: Scope) -> dict[str, str]:
    """Lower-case names; repeated ones joined as HTTP allows."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joint = "; " if name == "cookie" else ", "
        found[name] = f"{found[name]}{joint}{value}" if name in found else value
    return found


def cookies_of(asked: Request) -> dict[str, str]:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(asked.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def token_of(asked: Request, own_cookie: str) -> tuple[str | None, str]:
    """The token and where it was found: our own cookie's, else in Coder's order (coderd/httpmw/apikey.go)."""
    cookies = cookies_of(asked)
    query = parse_qs(asked.query)
    bearer = asked.headers.get("authorization", "")
    places = (
        ("cookie", cookies.get(own_cookie)),
        ("cookie", cookies.get(SESSION)),
        ("query", query.get(SESSION, [None])[0]),
        ("header", asked.headers.get("coder-session-token")),
        ("bearer", bearer[7:] if bearer.lower().startswith("bearer ") else None),
        ("query", query.get("access_token", [None])[0]),
    )
    return next(((token, place) for place, token in places if token), (None, ""))


def name_of(scope: Scope) -> str:
    return f"{scope['asked'].method} {scope['asked'].path}"


def asked_header(scope: Scope, name: str) -> str | None:
    asked: Request = scope["asked"]
    return asked.headers.get(name)


async def whole_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > BODY_CAP:
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, for the routes; after it, whatever the connection says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def decorated(send: Send, extra: dict[str, str]) -> Send:
    """Put the headers that every answer carries before those of this answer."""

    async def sending(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
            standing = standing_headers() + [(name.encode(), value.encode()) for name, value in extra.items()]
            own = [pair for pair in message.get("headers", []) if pair[0].lower() not in STANDING]
            message = {**message, "headers": standing + own}
        await send(message)

    return sending


async def refuse_socket(refused: Refused, send: Send) -> None:
    await send_denial(refusal(refused), send)


async def send_denial(response: Any, send: Send) -> None:
    """Answer a dial with a plain HTTP answer instead of an upgrade."""
    status, headers = response.status_code, response.raw_headers
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.body})
