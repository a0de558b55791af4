"""The proxy from the app route to the editor, over HTTP and WebSocket, and the plain page that stands in for one.

Who may come in is decided by routes/apps.py.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any

import httpx
import websockets
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from .answers import page
from .gate import headers_of, whole_body
from .world import Request, World

MESSAGE_CAP = 16 * 1024 * 1024
CODER_COOKIES = ("coder_session_token", "csrf_token", "oauth_state", "oauth_redirect")
CODER_PREFIXES = ("coder_signed_app_token", "coder_path_app_", "coder_subdomain_")
HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "host")
HANDSHAKE = ("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol")
UNWANTED = ("date", "server", "content-length", "transfer-encoding", "connection", "keep-alive")
PAGE = (
    "<!doctype html><html><head><title>No editor here</title></head><body><h1>No editor here</h1>"
    "<p>This sandbox found no code-server, so this plain page stands in for VS Code.</p></body></html>\n"
)


def strip_coder_cookies(header: str) -> str:
    """Cookies without Coder's own (coderd/httpapi/cookie.go), so that the token never reaches the workspace."""
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
    """One per server; it keeps its connections to the editors."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    def client(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_connections=None)
            timeout = httpx.Timeout(None, connect=5)
            # An empty context: the editors speak plain HTTP, and loading certificates would cost 20 ms.
            nothing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._client = httpx.AsyncClient(trust_env=False, verify=nothing, timeout=timeout, limits=limits)
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def http(self, asked: Request, port: int, path: str) -> Response:
        url = httpx.URL(f"http://127.0.0.1:{port}", raw_path=target(path, asked.query))
        headers = forwarded(asked)
        # Hop by hop: the length is that of the body as it was read here.
        headers.pop("content-length", None)
        request = self.client().build_request(asked.method, url, headers=headers, content=asked.body or None)
        try:
            answer = await self.client().send(request, stream=True)
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
        self, ws: WebSocket, asked: Request, port: int, path: str, headers: dict[str, str]
    ) -> Response | None:
        """Join two sockets; an answer instead when the editor would not have ours."""
        url = f"ws://127.0.0.1:{port}{target(path, asked.query).decode()}"
        outgoing = forwarded(asked)
        agent = outgoing.pop("user-agent", None)
        # The editor compares the origin with the host it was called by.
        outgoing.pop("origin", None)
        try:
            editor = await websockets.connect(
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
            await ws.accept(headers=[(name.encode(), value.encode()) for name, value in headers.items()])
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


async def plain_page(world: World, scope: Scope, receive: Receive, send: Send) -> None:
    """The stand-in: a page that says so, a health page, and a socket that answers what it is told."""
    is_socket = scope["type"] == "websocket"
    body = b"" if is_socket else await whole_body(receive)
    method = "WS" if is_socket else scope["method"]
    asked = Request(method, scope["path"], scope["query_string"].decode("latin-1"), headers_of(scope), body)
    world.delivered.append(asked)
    del world.delivered[:-1000]
    if is_socket:
        ws = WebSocket(scope, receive, send)
        await ws.accept()
        with suppress(WebSocketDisconnect):
            while True:
                message = await ws.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if message.get("text") is not None:
                    await ws.send_text(message["text"])
                else:
                    await ws.send_bytes(message["bytes"])
        return
    if scope["path"] == "/healthz":
        response = Response('{"status":"expired","lastHeartbeat":0}', media_type="application/json; charset=utf-8")
    else:
        # As code-server says it: without a charset.
        response = Response(PAGE, headers={"content-type": "text/html"})
    response.headers["vary"] = "Accept-Encoding"
    await response(scope, receive, send)
