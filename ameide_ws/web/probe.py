"""What one look at an app's address says. Only the head counts, and the title of the page."""

import re
from typing import TYPE_CHECKING

from ameide_ws.text import safe, shorten
from ameide_ws.web import body, retry
from ameide_ws.web.answer import Seen

if TYPE_CHECKING:
    from ameide_ws.web.reply import Reply

PAGE = {"Accept": "text/html,*/*", "Accept-Encoding": "identity"}
_MOST = 64 * body.KIB
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def upgrade_headers() -> dict[str, str]:
    """The headers that ask for a WebSocket."""
    import os
    from base64 import b64encode

    return {
        "Accept-Encoding": "identity",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode("ascii"),
    }


def _accepted(headers: dict[str, str], asked: dict[str, str]) -> bool:
    """Whether a 101 was meant for us: it proves that the other side speaks WebSocket."""
    from base64 import b64encode
    from hashlib import sha1

    key = asked.get("Sec-WebSocket-Key", "").encode("ascii")
    due = b64encode(sha1(key + _GUID, usedforsecurity=False).digest()).decode("ascii")
    return bool(key) and headers.get("sec-websocket-accept", "").strip() == due


def seen(reply: "Reply", asked: dict[str, str]) -> Seen:
    """The probe's result. Reads at most 64 KiB of the page, for its title. Raises Fault for a 101 that is none."""
    if reply.status == 101:
        if not _accepted(reply.headers, asked):
            raise body.Fault("bad", "the other side agreed to a WebSocket, but does not speak it")
        return Seen(101, False, "", _remaining(reply), None, "")
    data = reply.read(_MOST, cut=True) if reply.encoding.lower() in ("", "identity") else b""
    html = body.is_html(reply.kind, data)
    location = next(iter(reply.aside("location")), "").partition("?")[0]
    return Seen(
        reply.status, html, body.title(data) if html else "", _remaining(reply), retry.asked_wait(reply.headers),
        shorten(safe(re.sub(r"//[^/@]*@", "//", location)), 128),
    )  # fmt: skip


def _remaining(reply: "Reply") -> int | None:
    said = reply.headers.get("x-ratelimit-remaining", "").strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None
