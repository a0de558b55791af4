"""How Coder answers: its JSON, its errors, its pages and the headers that every answer carries.

What is answered is decided by the routes and by the world; this module only knows the spelling.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from starlette.responses import Response

VERSION = "v2.36.0"
NIL = "00000000-0000-0000-0000-000000000000"
NEVER = "0001-01-01T00:00:00Z"
ABSENT = "Resource not found or you do not have access to this resource"
SIGNED_OUT = "You are signed out or your session has expired. Please sign in again to continue."

Json = dict[str, Any]


class Refused(Exception):
    """A request that Coder answers with one of its errors."""

    def __init__(
        self,
        status: int,
        message: str,
        detail: str | None = None,
        validations: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: Json = {"message": message}
        if detail is not None:
            self.body["detail"] = detail
        if validations:
            self.body["validations"] = [{"field": field, "detail": text} for field, text in validations]


def absent() -> Refused:
    """The 404 that also means "not yours"."""
    return Refused(404, ABSENT)


def fresh_id() -> str:
    return str(uuid.uuid4())


def now() -> datetime:
    return datetime.now(UTC)


def moment(when: datetime) -> str:
    """RFC 3339 as Go writes it: microseconds without trailing zeros, so never compare these as text."""
    text = when.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{when.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def encode(value: Any) -> bytes:
    """JSON as Go's encoder writes it: compact, the HTML characters escaped, a newline at the end."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode() + b"\n"


def reply(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(value), status, headers, media_type="application/json; charset=utf-8")


def nothing(status: int = 204) -> Response:
    return Response(b"", status)


def refusal(refused: Refused) -> Response:
    return reply(refused.body, refused.status, refused.headers)


def page(status: int, title: str, description: str) -> Response:
    """Coder's static error page, which answers below `/@` whatever `Accept` says."""
    heading = f"{status} - {title}"
    body = (
        '<!doctype html>\n<html lang="en"><head><meta charset="UTF-8" />'
        f"<title>{escape(heading)}</title></head><body><h1>{escape(heading)}</h1>"
        f"<p>{escape(description)}</p></body></html>\n"
    )
    return Response(body, status, media_type="text/html; charset=utf-8")


def not_upgraded(first: str, connection: str) -> Response:
    """What a plain GET meets on a socket route: the WebSocket library's sentence, then a JSON object, as text."""
    violation = f'WebSocket protocol violation: Connection header "{connection}" does not contain Upgrade'
    if "server-sent" in first:
        detail = f"cannot establish connection: failed to accept WebSocket connection: {violation}"
    else:
        detail = f"failed to accept WebSocket connection: {violation}"
    body = f"{violation}\n".encode() + encode({"message": first, "detail": detail})
    return Response(body, 426, {"connection": "Upgrade", "upgrade": "websocket"}, media_type="text/plain")


def standing_headers() -> list[tuple[bytes, bytes]]:
    """The headers on every answer, sockets included."""
    csrf = f"csrf_token={uuid.uuid4().hex}; Path=/; HttpOnly; SameSite=Lax"
    return [
        (b"date", format_datetime(now(), usegmt=True).encode()),
        (b"set-cookie", csrf.encode()),
        (b"vary", b"Origin"),
        (b"vary", b"Cookie"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-coder-build-version", VERSION.encode()),
        (b"x-coder-request-id", str(uuid.uuid4()).encode()),
    ]
