"""The token and the one origin it belongs to: the only place that puts it on a request."""

import re

from ameide_ws.problems import BadToken
from ameide_ws.settings import Secret
from ameide_ws.web import words
from ameide_ws.web.origin import Origin

_SCHEMES = {"ws": "http", "wss": "https"}
_SENDABLE = re.compile(r"[!-+\--:<-~]{1,512}", re.ASCII)
HEADER, COOKIE = "header", "cookie"


class Seal:
    """Checks where a request goes, and then signs it."""

    def __init__(self, origin: Origin, token: Secret | None) -> None:
        """Raises BadToken for a token that no header could carry."""
        if token is not None and not _SENDABLE.fullmatch(token.reveal()):
            raise BadToken(
                "the token holds characters that no token has",
                cause="a Coder token is 10 letters or digits, a dash, and 22 more",
                tries=(f"copy the token again from {origin.url}/cli-auth",),
            )
        self._origin = origin
        self._token = token

    def headers(self, scheme: str, host: str, port: int, way: str, cookies: list[str]) -> dict[str, str]:
        """The headers that sign a request. Raises ForeignOrigin before anything is sent to any other address.

        way: `header` for the API, `cookie` for app routes, where Coder takes its cookies off before it passes a request
        on to the program in the workspace, but not its header (coderd/httpapi/cookie.go).
        """
        if (_SCHEMES.get(scheme, scheme), host, port) != self._origin:
            raise words.foreign(self._origin)
        if way == COOKIE:
            pairs = [] if self._token is None else [f"coder_session_token={self._token.reveal()}"]
            return {"Cookie": "; ".join(pairs + cookies)} if pairs or cookies else {}
        return {} if self._token is None else {"Coder-Session-Token": self._token.reveal()}
