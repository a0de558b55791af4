# ruff: noqa: ARG002  httpcore's signatures hold arguments that are the connector's business here
"""Our httpx transport: httpcore's pool over our own connections, deadlines below the library, no redirect ever seen.

httpx, httpcore and h11 are imported in here only when the first request is made.
"""

import socket
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from ameide_ws.web import words
from ameide_ws.web.connect import Connector
from ameide_ws.web.deadline import Deadline, Late
from ameide_ws.web.libraries import load
from ameide_ws.web.origin import Origin
from ameide_ws.web.retry import ALWAYS
from ameide_ws.web.seal import Seal
from ameide_ws.web.words import Failed

if TYPE_CHECKING:
    import ssl

    import httpcore
    import httpx

_HEAD = 64 * 1024
_IDLE = 15.0  # below what load balancers in front of Coder keep: a request on a connection just closed is lost
_SIGN = "ameide.sign"  # in httpx's request.extensions: (way, cookies)
ASIDE = "ameide.aside"  # in httpx's response.extensions: headers that its client must not act on


def timeouts(deadline: Deadline) -> dict[str, float]:
    """httpx's timeouts: the deadline itself, which httpcore hands down to our streams."""
    return {"connect": deadline, "read": deadline, "write": deadline, "pool": deadline}


def signed(way: str, cookies: Iterable[str] = ()) -> dict[str, Any]:
    """The request extension that says how a request is signed."""
    return {_SIGN: (way, list(cookies))}


@cache
def _stream_class() -> type["httpcore.NetworkStream"]:
    import httpcore

    class Stream(httpcore.NetworkStream):
        """A socket whose every read and write ends with its exchange's deadline."""

        def __init__(self, sock: socket.socket, connector: Connector) -> None:
            self._sock = sock
            self._connector = connector

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return _read(self._sock, max_bytes, timeout)

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            try:
                _write(self._sock, buffer, timeout)
            except OSError as error:
                # httpcore then looks whether an answer came all the same.
                raise httpcore.WriteError(type(error).__name__) from None

        def close(self) -> None:
            self._sock.close()

        def start_tls(
            self, ssl_context: "ssl.SSLContext", server_hostname: str | None = None, timeout: float | None = None
        ) -> "httpcore.NetworkStream":
            return Stream(self._connector.secure(self._sock, _deadline(timeout)), self._connector)

        def get_extra_info(self, info: str) -> Any:
            return _is_readable(self._sock) if info == "is_readable" else None

    return Stream


@cache
def _backend_class() -> type["httpcore.NetworkBackend"]:
    import httpcore

    class Backend(httpcore.NetworkBackend):
        """Where httpcore gets its connections from; the address is the connector's, not httpcore's."""

        def __init__(self, connector: Connector) -> None:
            self._connector = connector

        def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Any = None,
        ) -> "httpcore.NetworkStream":
            make: Any = _stream_class()
            stream: httpcore.NetworkStream = make(self._connector.connect(_deadline(timeout)), self._connector)
            return stream

    return Backend


def _deadline(timeout: float | None) -> Deadline:
    if not isinstance(timeout, Deadline):
        raise TypeError("a network call without its deadline")
    return timeout


def _read(sock: socket.socket, most: int, timeout: float | None) -> bytes:
    deadline = _deadline(timeout)
    try:
        sock.settimeout(deadline.to_read())
        data = sock.recv(most)
    except TimeoutError:
        deadline.to_read()
        raise Late("answer", float(deadline)) from None
    except OSError as error:
        import httpcore

        raise httpcore.ReadError(type(error).__name__) from None
    deadline.heard = True
    return data


def _write(sock: socket.socket, data: bytes, timeout: float | None) -> None:
    deadline = _deadline(timeout)
    if not data:
        return
    try:
        sock.settimeout(deadline.writing())
        sock.sendall(data)
        deadline.writing()
    except TimeoutError:
        deadline.to_end()
        raise Late("whole", float(deadline)) from None


def _is_readable(sock: socket.socket) -> bool:
    """Whether an idle connection has something to say, which can only be its end."""
    import selectors

    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            return bool(selector.select(0))
    except (ValueError, OSError):
        return True


@cache
def _body_class() -> type["httpx.SyncByteStream"]:
    import httpx

    class Body(httpx.SyncByteStream):
        """An answer's bytes; what breaks in the middle is said as we say it."""

        def __init__(self, chunks: Any, origin: Origin) -> None:
            self._chunks = chunks
            self._origin = origin

        def __iter__(self) -> Iterator[bytes]:
            with translated(self._origin):
                yield from self._chunks

        def close(self) -> None:
            self._chunks.close()

    return Body


@cache
def _transport_class() -> type["httpx.BaseTransport"]:
    load()
    import httpcore
    import httpx

    class Transport(httpx.BaseTransport):
        """Checks and signs each request, and sends it over a pool of our own connections."""

        def __init__(self, origin: Origin, seal: Seal, connector: Connector) -> None:
            self._origin = origin
            self._seal = seal
            self._make: Callable[[], httpcore.ConnectionPool] = lambda: _pool(connector)
            self._pool = self._make()
            self._old: list[httpcore.ConnectionPool] = []

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            url = request.url
            port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
            sign = self._seal.headers(url.scheme, url.raw_host.decode("ascii"), port, *request.extensions[_SIGN])
            core = httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port, target=url.raw_path),
                headers=[*request.headers.raw, *((k.encode(), v.encode()) for k, v in sign.items())],
                content=request.stream,
                extensions={"timeout": request.extensions["timeout"]},
            )
            with translated(self._origin):
                answer = self._pool.handle_request(core)
            headers, aside = _split(answer.headers)
            if sum(len(name) + len(value) + 4 for name, value in answer.headers) > _HEAD:
                answer.close()
                raise Failed(words.too_large(self._origin, "the head of the answer is larger than 64 KiB"), again=0)
            body: Any = _body_class()
            stream = body(answer.stream, self._origin)
            return httpx.Response(answer.status, headers=headers, stream=stream, extensions={ASIDE: aside})

        def forget(self) -> None:
            """Begin with new connections; old ones may still be in use, and are closed at the end."""
            self._old.append(self._pool)
            self._pool = self._make()

        def close(self) -> None:
            for pool in (*self._old, self._pool):
                pool.close()

    return Transport


def _pool(connector: Connector) -> "httpcore.ConnectionPool":
    import httpcore

    backend: Any = _backend_class()
    # TLS is the connector's: the context here is never used, and giving one spares httpcore from making its own.
    unused: Any = _NoContext()
    return httpcore.ConnectionPool(
        ssl_context=unused, max_connections=32, keepalive_expiry=_IDLE, network_backend=backend(connector)
    )


class _NoContext:
    """Stands where httpcore expects a TLS context; our streams do TLS with the connector's."""

    def set_alpn_protocols(self, protocols: list[str]) -> None:
        """Nothing to set."""


def transport(origin: Origin, seal: Seal, connector: Connector) -> Any:
    """The transport for one origin."""
    make: Any = _transport_class()
    return make(origin, seal, connector)


def _split(headers: list[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes, bytes]], dict[str, list[str]]]:
    """Headers for httpx, and those kept from it: it would follow the one and keep the other."""
    aside: dict[str, list[str]] = {"set-cookie": [], "location": []}
    rest = []
    for name, value in headers:
        kept = aside.get(name.decode("ascii", "replace").lower())
        if kept is None:
            rest.append((name, value))
        else:
            kept.append(value.decode("latin-1"))
    return rest, aside


class translated:
    """Turns what httpcore raises into Failed. Its texts can hold a header's value, so none of them is passed on."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or not isinstance(error, Exception) or isinstance(error, (Failed, Late)):
            return
        import httpcore

        if isinstance(error, httpcore.LocalProtocolError):
            raise Failed(words.bug("it holds a header that cannot be sent"), again=0) from None
        if isinstance(error, httpcore.TimeoutException):
            raise Late("connect", 0.0) from None
        if isinstance(error, httpcore.RemoteProtocolError):
            how = "what came was cut short, or was not HTTP"
            raise Failed(words.broken(self._origin, how), again=ALWAYS) from None
        if isinstance(error, (httpcore.NetworkError, httpcore.ProtocolError)):
            raise Failed(words.broken(self._origin, "the other side hung up"), again=ALWAYS) from None
