"""What comes back from the network: answers, refusals, probes. Plain values; no library is needed to hold them."""

import re
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from ameide_ws.problems import Problem

# The only cookies kept, and only for the app routes that set them (coderd/workspaceapps/provider.go).
_KEPT = re.compile(r"coder_(?:signed_app_token|path_app_session_token)(?:_[0-9a-f]{1,16})?", re.ASCII)
_COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]{1,4096}", re.ASCII)
APP_ROUTES = "/@"


class Answer(NamedTuple):
    """One answer, whole. Header names are lower-case; the body is parsed JSON, None when there was none.

    A plain-text refusal of Coder's own (426, or a 400 of its CSRF check) has `{"message": …}` as its body.
    """

    status: int
    headers: dict[str, str]
    body: Any
    method: str
    path: str

    @property
    def request_id(self) -> str:
        """What Coder's log calls this request; empty where it did not say."""
        return self.headers.get("x-coder-request-id", "")

    @property
    def date(self) -> datetime | None:
        """The server's own clock as it answered."""
        return parse_date(self.headers.get("date", ""))

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 2xx."""
        return 200 <= self.status < 300


class Refused(Exception):
    """items() or dial() were answered with a status that is not success."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class Unsure(Exception):
    """A POST that may or may not have reached Coder: look before trying again. `problem` says what went wrong."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class SocketEnded(Exception):
    """A WebSocket is over. code: the close code, None where the connection just broke."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"closed {code}")
        self.code = code
        self.reason = reason


class Seen(NamedTuple):
    """What one probe of an app's address saw. location: where a redirect leads, without its query."""

    status: int
    html: bool
    title: str
    remaining: int | None
    retry_after: float | None
    location: str


class Jar:
    """Coder's own cookies for app routes, so that it need not look everything up again. Threads may share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cookies: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Jar({len(self._cookies)})"

    def keep(self, path: str, set_cookies: Iterable[str]) -> None:
        """Keep what an answer to `path` set, where it is one of Coder's cookies for an app route."""
        if not path.startswith(APP_ROUTES):
            return
        for line in set_cookies:
            pair, *attributes = line.split(";")
            name, _, value = pair.strip().partition("=")
            scope = next((a.strip()[5:] for a in attributes if a.strip().lower().startswith("path=")), path)
            if not _KEPT.fullmatch(name) or not scope.startswith(APP_ROUTES) or not _covers(scope, path):
                continue
            with self._lock:
                if _COOKIE_VALUE.fullmatch(value):
                    self._cookies[name, scope] = value
                else:
                    self._cookies.pop((name, scope), None)

    def cookies(self, path: str) -> list[str]:
        """The `name=value` pairs for a request to `path`."""
        with self._lock:
            return [f"{name}={value}" for (name, scope), value in self._cookies.items() if _covers(scope, path)]


def _covers(scope: str, path: str) -> bool:
    """Whether a cookie's path holds for a request's: whole names only (RFC 6265, 5.1.4)."""
    return path == scope or path.startswith(scope if scope.endswith("/") else f"{scope}/")


def parse_date(text: str) -> datetime | None:
    """An HTTP date, aware; None for anything else."""
    if not text or len(text) > 64:
        return None
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
