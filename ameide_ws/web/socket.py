"""WebSockets to our own origin: dialled on our own socket, with the token; capped, pinged, gone at once on close."""

import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ameide_ws.text import safe, shorten
from ameide_ws.web import body, words
from ameide_ws.web.answer import Answer, Refused, SocketEnded
from ameide_ws.web.connect import Connector
from ameide_ws.web.deadline import Deadline, Late, Limits
from ameide_ws.web.libraries import load, silence
from ameide_ws.web.origin import Origin, origin_of
from ameide_ws.web.retry import NEVER
from ameide_ws.web.words import Failed

if TYPE_CHECKING:
    from websockets.http11 import Response
    from websockets.sync.client import ClientConnection

MESSAGE = 16 * body.MIB
_PING = 10.0
_GONE = 1006


class Socket:
    """An open WebSocket. A context manager; leaving it ends the connection within half a second."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def recv(self, seconds: float | None) -> str | bytes | None:
        """The next message; None when nothing came in that time (None waits for ever). Raises SocketEnded."""
        from websockets.exceptions import ConnectionClosed

        try:
            return self._connection.recv(timeout=seconds)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            raise _ended(closed) from None

    def send(self, message: str | bytes) -> None:
        """Send one message: text for str, binary for bytes. Raises SocketEnded."""
        from websockets.exceptions import ConnectionClosed

        try:
            self._connection.send(message)
        except ConnectionClosed as closed:
            raise _ended(closed) from None

    def close(self) -> None:
        """End it; a peer that does not answer is not waited for longer than half a second."""
        with contextlib.suppress(OSError):
            self._connection.close()


def _ended(closed: Any) -> SocketEnded:
    """How it ended. Our own close frame counts where none came: 1009 for a message above the cap."""
    frame = closed.rcvd or closed.sent
    code = None if frame is None or frame.code == _GONE else int(frame.code)
    return SocketEnded(code, shorten(safe(frame.reason), 120) if frame is not None else "")


def dial(
    origin: Origin,
    target: str,
    headers: dict[str, str],
    connector: Connector,
    deadline: Deadline,
    *,
    limits: Limits,
    user_agent: str,
    pings: bool,
) -> Socket:
    """One attempt at an open WebSocket. target: path and query. Raises Refused, Failed, Late."""
    load()
    silence("websockets", "websockets.client")
    from websockets.sync.client import connect

    raw = connector.connect(deadline)
    sock = connector.secure(raw, deadline)
    deadline.writing()
    wire: Any = _Ready(sock)
    scheme = "wss" if origin.scheme == "https" else "ws"
    try:
        opening = connect(
            f"{scheme}://{origin.netloc}{target}",
            sock=sock,
            ssl=wire if scheme == "wss" else None,
            compression=None,
            additional_headers=headers,
            user_agent_header=user_agent,
            open_timeout=deadline.to_end(),
            ping_interval=_PING if pings else None,
            ping_timeout=_PING if pings else None,
            close_timeout=limits.close,
            max_size=MESSAGE,
        )
        return Socket(opening.__enter__())
    except Exception as error:  # noqa: BLE001  each kind is told apart there, and what is not known is raised as it is
        sock.close()
        raise _not_open(error, origin, target.partition("?")[0], deadline) from None


class _Ready:
    """A TLS context for a socket that has its TLS already, checked and put into words by us."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def wrap_socket(self, sock: Any, server_hostname: str | None = None) -> Any:  # noqa: ARG002
        """The socket as it is."""
        return self._sock


def _not_open(error: Exception, origin: Origin, path: str, deadline: Deadline) -> Exception:
    """What a handshake that failed means. The library's texts hold headers and addresses: none is passed on."""
    from websockets.exceptions import InvalidStatus, WebSocketException

    # A redirect ends as ValueError or InvalidURI, since the socket is ours; the answer is what led to it.
    answered = next((e for e in (error, error.__cause__, error.__context__) if isinstance(e, InvalidStatus)), None)
    if answered is not None:
        return _refused(answered.response, origin, path)
    if isinstance(error, (TimeoutError, Late)):
        late = error if isinstance(error, Late) else Late("answer", float(deadline))
        return Failed(words.too_slow(origin, late), again=NEVER)
    if isinstance(error, (WebSocketException, OSError, EOFError, ValueError)):
        return Failed(words.broken(origin, "the opening of a WebSocket was cut short, or was not HTTP"), again=NEVER)
    return error


def _refused(response: "Response", origin: Origin, path: str) -> Exception:
    headers = {name.lower(): value for name, value in response.headers.raw_items() if name.lower() != "set-cookie"}
    if 300 <= response.status_code < 400:
        location = headers.get("location", "")
        target = origin if location.startswith("/") and not location.startswith("//") else origin_of(location)
        return Failed(words.redirected(origin, response.status_code, target), again=0)
    data = bytes(response.body or b"")[: body.ERROR]
    return Refused(Answer(response.status_code, headers, refusal(headers, data), "GET", path))


def refusal(headers: dict[str, str], data: bytes) -> Any:
    """What the body of a refusal says: its JSON, or its first line as a message; None for a web page or nothing."""
    kind = headers.get("content-type", "")
    if body.is_json(kind):
        try:
            return body.parse(data)
        except body.Fault:
            return None
    if not data.strip() or body.is_html(kind, data):
        return None
    lines = data.decode(errors="replace").strip().splitlines()
    return {"message": shorten(safe(lines[0]), 128)}
