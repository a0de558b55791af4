"""Making a fault happen on the wire."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Awaitable, Callable
from functools import cache

from starlette.types import Message, Receive, Scope, Send

from .answers import encode
from .faults import BOMB, DEEP, HUGE, SIGN_IN_PAGE, Fault

Pass = Callable[[Scope, Receive, Send], Awaitable[None]]
JSON = "application/json; charset=utf-8"
MIB = 1024 * 1024


class Dropped(Exception):
    """The connection was cut; whoever was still answering stops here."""


async def answer(fault: Fault, routes: Pass, scope: Scope, receive: Receive, send: Send) -> None:
    """A plain answer: the fault's own, or the real one spoiled on its way out."""
    if not fault.answers:
        await spoil_real(fault, routes, scope, receive, send)
        return
    status = fault.status or (302 if fault.redirect else 200)
    # In a thread: pressing a bomb takes a moment, in which others want answers.
    content_type, body = await asyncio.to_thread(body_of, fault, status)
    headers = {"content-type": content_type} if content_type else {}
    if fault.redirect is not None:
        headers["location"] = fault.redirect
    if fault.retry_after is not None:
        headers["retry-after"] = fault.retry_after
    headers |= {name.lower(): value for name, value in fault.headers.items()}
    if fault.body == "huge":
        await stream(status, headers, send)
        return
    if fault.body == "bomb":
        headers["content-encoding"] = "gzip"
    headers.setdefault("content-length", str(len(body)))
    start = {"type": "http.response.start", "status": status, "headers": raw(headers)}
    await send(start)
    await pieces(fault, body, send)


def body_of(fault: Fault, status: int) -> tuple[str, bytes]:
    kind = fault.body
    if kind is None and fault.redirect is not None:
        return "text/html; charset=utf-8", b""
    if kind is None or kind == "json":
        return JSON, encode({"message": f"The sandbox was asked to answer {status} here."})
    if kind == "html":
        return "text/html; charset=utf-8", SIGN_IN_PAGE
    if kind == "empty":
        return "", b""
    if kind == "truncated":
        whole = encode({"message": "this answer is cut off in its middle", "detail": "x" * 64})
        return JSON, whole[: len(whole) // 2]
    if kind == "deep":
        return JSON, b"[" * DEEP + b"]" * DEEP
    if kind == "bomb":
        return JSON, bomb()
    if kind == "huge":
        return JSON, b""
    if isinstance(kind, bytes):
        return "application/octet-stream", kind
    if isinstance(kind, str):
        return "text/plain; charset=utf-8", kind.encode()
    return JSON, encode(kind)


@cache
def bomb() -> bytes:
    """Half a GiB of blanks after a JSON array, which gzip folds to half a MiB.

    A fully flushed block does not look back, so one MiB is pressed once and its bytes are repeated.
    """
    blanks = b" " * MIB
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    opening = press.compress(b"[]") + press.flush(zlib.Z_FULL_FLUSH)
    block = press.compress(blanks) + press.flush(zlib.Z_FULL_FLUSH)
    sum_so_far = zlib.crc32(b"[]")
    for _ in range(BOMB // MIB):
        sum_so_far = zlib.crc32(blanks, sum_so_far)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    tail = struct.pack("<II", sum_so_far, BOMB + 2)
    return head + opening + block * (BOMB // MIB) + press.flush(zlib.Z_FINISH) + tail


async def stream(status: int, headers: dict[str, str], send: Send) -> None:
    """More than anybody wants to read, without a length, until the other side hangs up."""
    await send({"type": "http.response.start", "status": status, "headers": raw(headers)})
    chunk = b"[" + b" " * (MIB - 1)
    for _ in range(HUGE // MIB):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b"]", "more_body": False})


async def pieces(fault: Fault, body: bytes, send: Send) -> None:
    """The body as the fault wants it: whole, dripped byte by byte, or cut after so many bytes."""
    kept = body if fault.drop_after is None else body[: fault.drop_after]
    if fault.drip:
        for index in range(len(kept)):
            await asyncio.sleep(fault.drip)
            await send({"type": "http.response.body", "body": kept[index : index + 1], "more_body": True})
    elif kept:
        await send({"type": "http.response.body", "body": kept, "more_body": True})
    if fault.drop_after is None:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    # Leaving without the last message makes uvicorn close the connection in the middle of the answer.


async def spoil_real(fault: Fault, routes: Pass, scope: Scope, receive: Receive, send: Send) -> None:
    """The real answer, collected, then sent in the fault's way."""
    started: Message = {}
    body = bytearray()

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            body.extend(message.get("body", b""))

    await routes(scope, receive, collect)
    changed = {name.lower(): value for name, value in fault.headers.items()}
    if fault.retry_after is not None:
        changed["retry-after"] = fault.retry_after
    kept = [pair for pair in started["headers"] if pair[0].decode().lower() not in changed]
    started["headers"] = kept + raw(changed)
    await send(started)
    if fault.body == "truncated":
        fault = Fault(fault.route, drip=fault.drip, drop_after=len(body) // 2)
    await pieces(fault, bytes(body), send)


async def socket(fault: Fault, routes: Pass, scope: Scope, receive: Receive, send: Send) -> None:
    """A socket: refused with an HTTP answer, closed at once, or cut, slowed and doubled while it speaks."""
    if fault.answers:
        await deny(fault, send)
        return
    if fault.close is not None and fault.drop_after is None:
        await receive()
        await send({"type": "websocket.accept", "headers": []})
        await send({"type": "websocket.close", "code": fault.close, "reason": ""})
        return
    sent = 0

    async def spoiled(message: Message) -> None:
        nonlocal sent
        if message["type"] != "websocket.send":
            await send(message)
            return
        if fault.drop_after is not None and sent >= fault.drop_after:
            if fault.close is not None:
                await send({"type": "websocket.close", "code": fault.close, "reason": ""})
            else:
                await send({"type": "websocket.drop"})
            raise Dropped
        sent += 1
        if fault.drip:
            await asyncio.sleep(fault.drip)
        await send(message)
        if fault.duplicate:
            await send(message)

    try:
        await routes(scope, receive, spoiled)
    except Dropped:
        return


async def deny(fault: Fault, send: Send) -> None:
    status = fault.status or (302 if fault.redirect else 403)
    content_type, body = body_of(fault, status)
    headers = {"content-type": content_type or "text/plain"}
    if fault.redirect is not None:
        headers["location"] = fault.redirect
    if fault.retry_after is not None:
        headers["retry-after"] = fault.retry_after
    headers |= {name.lower(): value for name, value in fault.headers.items()} | {"content-length": str(len(body))}
    await send({"type": "websocket.http.response.start", "status": status, "headers": raw(headers)})
    await send({"type": "websocket.http.response.body", "body": body})


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
