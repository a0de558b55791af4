"""The proxy from the app route to the editor, over HTTP and WebSocket, and the plain page that stands in for one.

Who may come in is decided by routes/apps.py.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import websockets
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from .answers import page
from .world import SESSION, Request, World

MESSAGE_CAP = 16 * 1024 * 1024
# Behind a Unix socket the name is only a form.
EDITOR = "localhost"
CODER_COOKIES = (SESSION, "csrf_token", "oauth_state", "oauth_redirect")
# Ours is named by its port, too.
CODER_PREFIXES = (f"{SESSION}_", "coder_signed_app_token", "coder_path_app_", "coder_subdomain_")
HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host")
HANDSHAKE = ("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol")
UNWANTED = ("date", "server", "content-length", "transfer-encoding", "connection", "keep-alive")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The sandbox works</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
</style></head><body>
<h1>The sandbox works</h1>
<p>Your workspace runs. No editor was found on this machine (a program called <code>code-server</code>), so this plain
page stands in for it.</p>
<p>For the real editor, VS Code in the browser:</p>
<ol>
<li><code>npm install --global code-server</code></li>
<li><code>ameide-ws sandbox stop</code></li>
<li><code>ameide-ws up --sandbox</code></li>
</ol>
<p>Is it installed already, but not on your <code>PATH</code>? Then, after the stop:
<code>ameide-ws sandbox start --editor PATH</code>, with the path of the program.</p>
</body></html>
"""


def strip_coder_cookies(header: str) -> str:
    """Cookies without Coder's own (coderd/httpapi/cookie.go) and ours, so that no token reaches the workspace."""
    jar: SimpleCookie = SimpleCookie()
    with suppress(Exception):
        jar.load(header)
    return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in jar.items() if not is_coders(name))


def is_coders(cookie: str) -> bool:
    return cookie in CODER_COOKIES or cookie.startswith(CODER_PREFIXES)


def forwarded(asked: Request) -> dict[str, str]:
    """The headers that go on to the editor. Coder-Session-Token is among them, as in Coder."""
    headers = {name: value for name, value in asked.headers.items() if name not in HOP_BY_HOP + HANDSHAKE}
    cookie = strip_coder_cookies(headers.pop("cookie", ""))
    if cookie:
        headers["cookie"] = cookie
    headers["x-forwarded-host"] = asked.headers.get("host", "")
    headers["x-forwarded-proto"] = "http"
    return headers


def bad_gateway() -> Response:
    return page(502, "Bad Gateway", "Failed to proxy request to application: dial tcp 127.0.0.1: connection refused")


class Proxy:
    """One per server; it keeps its connections to the editors, each behind a Unix socket of its own."""

    def __init__(self) -> None:
        self._clients: dict[Path, httpx.AsyncClient] = {}

    async def client(self, door: Path) -> httpx.AsyncClient:
        if door not in self._clients:
            await self._forget([old for old in self._clients if not old.exists()])
            # An empty context: the editors speak plain HTTP, and loading certificates would cost 20 ms.
            nothing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            limits = httpx.Limits(max_connections=None)
            transport = httpx.AsyncHTTPTransport(uds=str(door), verify=nothing, trust_env=False, limits=limits)
            timeout = httpx.Timeout(None, connect=5)
            self._clients[door] = httpx.AsyncClient(transport=transport, trust_env=False, timeout=timeout)
        return self._clients[door]

    async def close(self) -> None:
        await self._forget(list(self._clients))

    async def _forget(self, doors: list[Path]) -> None:
        for client in [self._clients.pop(door) for door in doors]:
            await client.aclose()

    async def http(self, asked: Request, door: Path, path: str) -> Response:
        url = httpx.URL(f"http://{EDITOR}", raw_path=target(path, asked.query))
        headers = forwarded(asked)
        # Hop by hop: the length is that of the body as it was read here.
        headers.pop("content-length", None)
        client = await self.client(door)
        request = client.build_request(asked.method, url, headers=headers, content=asked.body or None)
        try:
            answer = await client.send(request, stream=True)
        except httpx.TransportError:
            return bad_gateway()
        kept = [(name, value) for name, value in answer.headers.raw if name.decode().lower() not in UNWANTED]

        async def body() -> Any:
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            finally:
                await answer.aclose()

        response = StreamingResponse(body(), answer.status_code)
        response.raw_headers = kept
        return response

    async def socket(
        self, ws: WebSocket, asked: Request, door: Path, path: str, headers: dict[str, str]
    ) -> Response | None:
        """Join two sockets; an answer instead when the editor would not have ours."""
        url = f"ws://{EDITOR}{target(path, asked.query).decode()}"
        outgoing = forwarded(asked)
        agent = outgoing.pop("user-agent", None)
        try:
            editor = await websockets.unix_connect(
                str(door),
                url,
                additional_headers=outgoing,
                user_agent_header=agent,
                max_size=MESSAGE_CAP,
                proxy=None,
                compression=None,
                ping_interval=None,
                close_timeout=0.5,
            )
        except (OSError, websockets.WebSocketException, TimeoutError):
            return bad_gateway()
        try:
            await ws.accept(headers=raw(headers))
            await join(ws, editor)
        finally:
            await editor.close()
        return None


def target(path: str, query: str) -> bytes:
    quoted = httpx.URL("http://x", path=path).raw_path
    return quoted + (b"?" + query.encode() if query else b"")


async def join(ws: WebSocket, editor: Any) -> None:
    """Carry messages both ways until either side has enough."""

    async def to_editor() -> None:
        while True:
            message = await ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await editor.send(text if text is not None else message.get("bytes", b""))

    async def to_browser() -> tuple[int, str]:
        try:
            while True:
                message = await editor.recv()
                if isinstance(message, str):
                    await ws.send_text(message)
                else:
                    await ws.send_bytes(message)
        except websockets.ConnectionClosed:
            return editor.close_code or 1006, editor.close_reason or ""

    coming, going = asyncio.create_task(to_editor()), asyncio.create_task(to_browser())
    try:
        await asyncio.wait((coming, going), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (coming, going):
            task.cancel()
    ended = await asyncio.gather(coming, going, return_exceptions=True)
    if isinstance(ended[1], tuple):
        code, reason = ended[1]
        with suppress(RuntimeError, WebSocketDisconnect):
            await ws.close(code if code not in (1005, 1006, 1015) else 1000, reason)


def plain_page(world: World, asked: Request, path: str) -> Response:
    """The stand-in: a health page, and a page that says what it is."""
    world.deliver(replace(asked, path=path, headers=forwarded(asked)))
    if path == "/healthz":
        response = Response('{"status":"expired","lastHeartbeat":0}', media_type="application/json; charset=utf-8")
    else:
        # As code-server says it: without a charset.
        response = Response(PAGE, headers={"content-type": "text/html"})
    response.headers["vary"] = "Accept-Encoding"
    return response


async def plain_socket(world: World, ws: WebSocket, asked: Request, path: str, headers: dict[str, str]) -> None:
    """The stand-in's socket, which answers what it is told."""
    world.deliver(replace(asked, path=path, headers=forwarded(asked)))
    await ws.accept(headers=raw(headers))
    with suppress(WebSocketDisconnect):
        while True:
            message = await ws.receive()
            if message["type"] == "websocket.disconnect":
                return
            if message.get("text") is not None:
                await ws.send_text(message["text"])
            else:
                await ws.send_bytes(message["bytes"])


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
