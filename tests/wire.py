"""What lies below HTTP: a byte relay in front of a server, which drips, cuts, holds and lies on command.

with Relay("127.0.0.1", port) as relay:
    relay.cut_after(100)
    …relay.url…
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

_NO_FAREWELL = struct.pack("ii", 1, 0)  # closed like this, a connection is reset


class Relay:
    """Takes connections on a loopback port and passes their bytes on; what it does to answers can be changed any time.

    connections: how many it took; sent: what clients said, joined.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Port 0: there is no server behind it, and only say(), hold() and reset() make sense."""
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.connections = 0
        self.sent = b""
        self.pass_on()

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The address to give to a client."""
        return f"http://127.0.0.1:{self.port}"

    # What is done to answers, from now on.

    def pass_on(self) -> None:
        """Be a plain relay again."""
        self._drip, self._cut, self._raw, self._held, self._reset = 0.0, None, None, False, False
        self._faults = -1

    _cut: int | None
    _raw: bytes | None

    def drip(self, seconds_per_byte: float) -> None:
        """Hand an answer over byte by byte."""
        self._drip = seconds_per_byte

    def cut_after(self, count: int, *, times: int = -1) -> None:
        """End the connection after that many bytes of an answer; on the next `times` connections, or on all."""
        self._cut, self._faults = count, times

    def reset(self, *, times: int = -1) -> None:
        """Take a connection, and throw it away with a reset as soon as something is said on it."""
        self._reset, self._faults = True, times

    def hold(self) -> None:
        """Half-open: take connections and bytes, and never say anything again."""
        self._held = True

    def say(self, answer: bytes, *, times: int = -1) -> None:
        """Answer with exactly these bytes, and hang up."""
        self._raw, self._faults = answer, times

    def drop(self) -> None:
        """Break all connections that are open now."""
        with self._lock:
            for sock in self._open:
                _abort(sock)

    # How it is done.

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._listener.close()
        self.drop()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                faulty, self._faults = self._faults != 0, max(-1, self._faults - 1) if self._faults else 0
            threading.Thread(target=self._carry, args=(client, faulty), daemon=True).start()

    def _carry(self, client: socket.socket, faulty: bool) -> None:
        with self._known(client), contextlib.suppress(OSError):
            if faulty and (self._raw is not None or self._reset):
                self.sent += client.recv(65536)
                if self._reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
                    client.close()
                    return
                client.sendall(self._raw or b"")
                return
            if self._held and not self._target[1]:
                self._swallow(client)
                return
            with self._known(socket.create_connection(self._target)) as server:
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                self._back(server, client, self._cut if faulty else None)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self.sent += data
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket, left: int | None) -> None:
        while data := server.recv(65536):
            if self._held:
                self._ended.wait()
            if left is not None:
                data, left = data[:left], left - len(data)
            for piece in [data] if not self._drip else [data[at : at + 1] for at in range(len(data))]:
                client.sendall(piece)
                if self._drip and self._ended.wait(self._drip):
                    return
            if left is not None and left <= 0:
                return

    def _swallow(self, client: socket.socket) -> None:
        while data := client.recv(65536):
            self.sent += data
        self._ended.wait()

    @contextmanager
    def _known(self, sock: socket.socket) -> Iterator[socket.socket]:
        with self._lock:
            self._open.add(sock)
        try:
            yield sock
        finally:
            with self._lock:
                self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _abort(sock: socket.socket) -> None:
    """Break a connection that another thread may be reading."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
        # close() alone waits for a recv() in another thread; shutdown() wakes it.
        sock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sock.close()


def closed_port() -> int:
    """A loopback port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
