"""Speaking on sockets the way Coder does: one way, in its framing, with its closing words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from ..answers import Json, Refused, encode, refusal
from ..gate import asked_header
from ..logs import Log

PING = 15
Handler = Callable[[WebSocket], Awaitable[None]]
Feed = asyncio.Queue[bytes]


def refusing(handler: Handler) -> Handler:
    """Answer the dial itself with Coder's error, where a request would have got one."""

    @wraps(handler)
    async def guarded(ws: WebSocket) -> None:
        try:
            await handler(ws)
        except Refused as refused:
            await ws.send_denial_response(refusal(refused))
        except WebSocketDisconnect:
            return

    return guarded


def no_upgrade(request: Asked, message: str, answer: Callable[[str, str], Response]) -> Response:
    return answer(message, asked_header(request.scope, "connection") or "")


async def send_json(ws: WebSocket, value: object, *, split: bool) -> None:
    """Log lines leave Coder through an encoder that needs two frames for each: the text, and an empty end."""
    await ws.send({"type": "websocket.send", "text": encode(value).decode(), "split": split})


async def one_way(ws: WebSocket, speak: Awaitable[None], violation: tuple[int, str]) -> None:
    """Speak until done, until the other side leaves, or until it says something, which ends it."""
    speaking = asyncio.ensure_future(speak)
    listening = asyncio.ensure_future(ws.receive())
    try:
        await asyncio.wait((speaking, listening), return_when=asyncio.FIRST_COMPLETED)
        spoke_up = listening.done() and listening.result()["type"] == "websocket.receive"
    finally:
        for task in (speaking, listening):
            task.cancel()
    with suppress(asyncio.CancelledError, WebSocketDisconnect):
        await speaking
    with suppress(asyncio.CancelledError):
        await listening
    if spoke_up and ws.application_state is WebSocketState.CONNECTED:
        await ws.close(*violation)


async def serve_events(ws: WebSocket, feed: Feed) -> None:
    await ws.accept()

    async def speak() -> None:
        while True:
            try:
                # Not wait_for, which in Python 3.11 may swallow a cancelling that comes together with a frame.
                async with asyncio.timeout(PING):
                    frame = await feed.get()
            except TimeoutError:
                frame = encode({"type": "ping", "data": None})
            await ws.send({"type": "websocket.send", "text": frame.decode()})

    await one_way(ws, speak(), (1002, "Clients cannot send messages for one-way WebSockets"))


async def follow(ws: WebSocket, log: Log, after: int, *, arrays: bool, farewell: str) -> None:
    """A log from a row on: one object a frame for builds; arrays for agents, of which the first may be empty."""
    await ws.accept()

    async def speak() -> None:
        last, first = after, True
        while True:
            closed = log.closed
            rows: list[Json] = log.after(last)
            if arrays and (rows or first):
                await send_json(ws, rows, split=True)
            elif not arrays:
                for row in rows:
                    await send_json(ws, row, split=True)
            first = False
            if rows:
                last = rows[-1]["id"]
                continue
            if closed:
                break
            await log.bell.wait()
        await ws.close(1000, farewell)

    await one_way(ws, speak(), (1008, "unexpected data message"))
