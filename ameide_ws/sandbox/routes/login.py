"""Signing a browser in, for whoever tries the sandbox by hand: Coder has its own pages for this.

Only this machine can come here, but other users of it can too, and the editor runs whatever it is told to. So a browser
needs a pass: whoever has the token gets one, it works once, and not for long. A link with a pass may be seen by others
(in a process list, in a history); a link with the token may not. Who reads it there and is faster than the browser is
let in: the minute is there to make that unlikely, not impossible.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from ..answers import reply
from .asking import me, world_of

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sandbox: sign in</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
</style></head><body>
<h1>This is a sandbox</h1>
<p>It runs on this machine, and this browser is not signed in to it yet.</p>
<p>Type <code>ameide-ws up --sandbox</code> in a terminal: it opens the editor here, signed in, or shows the link that
does. Such a link works once, within a minute.</p>
</body></html>
"""


async def login(request: Asked) -> Response:
    token = world_of(request).passes.use(request.query_params.get("pass", ""))
    if token is None:
        return Response(PAGE, media_type="text/html; charset=utf-8")
    where = request.query_params.get("redirect", "/")
    # Only the path survives, as in Coder (coderd/httpapi/redirect.go): nobody is sent to another host.
    path = "/" + where.lstrip("/\\") if where.startswith("/") else "/"
    cookie = f"{world_of(request).session_cookie}={token}; Path=/; HttpOnly; SameSite=Lax"
    location = quote(path, safe="/@?=&%+:,;~.-_")
    return Response(b"", 303, {"location": location, "set-cookie": cookie, "cache-control": "no-store"})


async def new_pass(request: Asked) -> Response:
    me(request)
    return reply({"pass": world_of(request).passes.new(request.scope["token"])}, 201)


ROUTES = [Route("/login", login), Route("/sandbox/pass", new_pass, methods=["POST"])]
