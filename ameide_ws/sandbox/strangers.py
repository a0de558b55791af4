"""Who is turned away before anything else: whoever comes by another name than this machine's, and pages of other sites.

A page somewhere else can make a browser speak to this port, with the browser's cookies, and by a name of its own that
leads here (DNS rebinding). Such a page cannot choose what the browser says in Host and in Origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response

# Any port: a forwarded one, or a relay's, is not the one we listen on.
OURS = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def turned_away(method: str, headers: Mapping[str, str], url: str) -> Response | None:
    """The answer to a stranger; None for whoever may come in. `url` is the sandbox's own, a socket's method is WS."""
    host = headers.get("host", "")
    port = url.rpartition(":")[2]
    if not OURS.fullmatch(host):
        text = f"This is a sandbox. It answers at 127.0.0.1:{port} and localhost:{port}, and by no other name.\n"
        return PlainTextResponse(text, 421)
    origin = headers.get("origin")
    if origin is None or method in SAFE:
        return None
    own = {url, f"http://localhost:{port}", f"http://{host}".lower()}
    if origin.lower() in own:
        return None
    return PlainTextResponse("This is a sandbox, and a page of another site may not change anything in it.\n", 403)
