"""Signing a browser in, for whoever tries the sandbox by hand: Coder has its own pages for this.

The token is asked for, though only this machine can come here: another user of the machine could too, and the editor
runs whatever it is told to.
"""

from __future__ import annotations

from urllib.parse import parse_qs, quote

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from .asking import asked_of, world_of

# The fragment never leaves the browser, so a link may carry the token there.
FORM = """<!doctype html><html><head><meta charset="utf-8"><title>Sandbox: sign in</title></head><body>
<h1>The sandbox asks for its token</h1>
<form method="post"><input name="token" type="password" size="40" autofocus> <button>Sign in</button></form>
<script>
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname + location.search);
  document.forms[0].token.value = token;
  document.forms[0].submit();
}
</script></body></html>
"""


async def login(_: Asked) -> Response:
    return Response(FORM, media_type="text/html; charset=utf-8")


async def signed_in(request: Asked) -> Response:
    token = parse_qs(asked_of(request).body.decode("latin-1")).get("token", [""])[0].strip()
    if token not in world_of(request).tokens:
        return Response(FORM, 401, media_type="text/html; charset=utf-8")
    where = request.query_params.get("redirect", "/")
    # Only the path survives, as in Coder (coderd/httpapi/redirect.go): nobody is sent to another host.
    path = "/" + where.lstrip("/\\") if where.startswith("/") else "/"
    cookie = f"coder_session_token={token}; Path=/; HttpOnly; SameSite=Lax"
    location = quote(path, safe="/@?=&%+:,;~.-_")
    return Response(b"", 303, {"location": location, "set-cookie": cookie})


ROUTES = [Route("/login", login), Route("/login", signed_in, methods=["POST"])]
