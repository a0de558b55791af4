"""From a name to a connected socket: lookup, addresses side by side, the proxy, TLS; all within one deadline."""

import errno
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ameide_ws.host import Host
from ameide_ws.web import words
from ameide_ws.web.deadline import Deadline, Late, Limits
from ameide_ws.web.origin import Origin
from ameide_ws.web.proxy import Proxy, choose, tunnel
from ameide_ws.web.retry import ALWAYS, ONCE
from ameide_ws.web.tls import Trust
from ameide_ws.web.words import Failed

Address = tuple[int, Any]
Resolver = Callable[[str, int], Sequence[Address]]
_HEAD_START = 0.25


def system_resolver(host: str, port: int) -> list[Address]:
    """What the system's name service says: (family, socket address) pairs. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


class Connector:
    """Connections to one origin."""

    def __init__(
        self, origin: Origin, host: Host, trust: Trust, limits: Limits, user_agent: str, resolver: Resolver
    ) -> None:
        self._origin = origin
        self._host = host
        self._trust = trust
        self._limits = limits
        self._user_agent = user_agent
        self._resolver = resolver

    def connect(self, deadline: Deadline) -> socket.socket:
        """A socket that leads to the origin, through the proxy where there is one. Raises Failed, Late."""
        proxy = choose(self._origin, self._host.env)
        through = proxy.spoken if proxy else ""
        name, port = (proxy.host, proxy.port) if proxy else (self._origin.host, self._origin.port)
        sock = self._reach(self._lookup(name, port, through, deadline), through, deadline)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if proxy is not None:
                self._tunnel(sock, proxy, deadline)
        except BaseException:
            sock.close()
            raise
        return sock

    def secure(self, sock: socket.socket, deadline: Deadline) -> socket.socket:
        """The socket with TLS on it, where the origin wants that. Closes it on failure. Raises Failed, Late."""
        if self._origin.scheme != "https":
            return sock
        return self._trust.secure(sock, self._origin, deadline, lambda: self.connect(deadline))

    def _tunnel(self, sock: socket.socket, proxy: Proxy, deadline: Deadline) -> None:
        try:
            tunnel(sock, proxy, self._origin, self._user_agent, deadline)
        except TimeoutError:
            deadline.to_connect()
            raise Late("connect", self._limits.connect) from None
        except OSError as error:
            raise Failed(words.unreachable(self._origin, error, proxy.spoken), again=ALWAYS) from error

    def _lookup(self, name: str, port: int, through: str, deadline: Deadline) -> list[Address]:
        """The addresses of a name. getaddrinfo has no limit of its own and no signal reaches it: a thread asks."""
        box: list[Sequence[Address] | Exception] = []

        def ask() -> None:
            try:
                box.append(self._resolver(name, port))
            except (OSError, UnicodeError) as error:
                box.append(error)

        asker = threading.Thread(target=ask, name="lookup", daemon=True)
        asker.start()
        asker.join(deadline.to_connect())
        if not box:
            deadline.to_connect()
            raise Failed(words.no_such_name(name, passing=True, through=through), again=ALWAYS)
        found = box[0]
        if isinstance(found, Exception):
            passing = getattr(found, "errno", None) in (socket.EAI_AGAIN, getattr(socket, "EAI_SYSTEM", -11))
            again = ALWAYS if passing else ONCE
            raise Failed(words.no_such_name(name, passing=passing, through=through), again=again) from found
        return _alternating(found)

    def _reach(self, addresses: list[Address], through: str, deadline: Deadline) -> socket.socket:
        """The first of the addresses to answer; each begins a little after the one before, or when that has failed."""
        race = _Race(self._host.monotonic, self._limits.address)
        try:
            sock = race.run(addresses, deadline)
        finally:
            race.close()
        if sock is None:
            error = race.error
            raise Failed(words.unreachable(self._origin, error, through), again=ALWAYS, slow=error is None) from error
        return sock


class _Race:
    """Connection attempts side by side (RFC 8305, in small). The winner is taken out; close() ends the others."""

    def __init__(self, clock: Callable[[], float], each: float) -> None:
        import selectors

        self._clock = clock
        self._each = each
        self._selector = selectors.DefaultSelector()
        self.error: OSError | None = None

    def run(self, addresses: list[Address], deadline: Deadline) -> socket.socket | None:
        waiting = list(addresses)
        while waiting or self._selector.get_map():
            deadline.to_connect()
            if waiting:
                self._begin(waiting.pop(0))
            won = self._watch(min(_HEAD_START if waiting else self._each, deadline.to_connect()))
            if won is not None:
                return won
        return None

    def _begin(self, address: Address) -> None:
        import selectors

        family, where = address
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self.error = error
            return
        sock.setblocking(False)
        failure = sock.connect_ex(where)
        if failure in (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)):
            self._selector.register(sock, selectors.EVENT_WRITE, self._clock() + self._each)
        else:
            self._give_up(sock, failure)

    def _watch(self, seconds: float) -> socket.socket | None:
        """Wait until an attempt succeeds, or one more may begin."""
        ready = self._selector.select(seconds) if self._selector.get_map() else []
        for key, _ in ready:
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            self._selector.unregister(sock)
            failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure == 0:
                return sock
            self._give_up(sock, failure)
        now = self._clock()
        for key in list(self._selector.get_map().values()):
            if key.data <= now or (not ready and seconds >= self._each):
                self._selector.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()
        return None

    def _give_up(self, sock: socket.socket, failure: int) -> None:
        import os

        sock.close()
        self.error = OSError(failure, os.strerror(failure))

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()


def _alternating(addresses: Sequence[Address]) -> list[Address]:
    """The addresses with families taking turns, so that one broken family costs one head start."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    other = [address for address in addresses if address[0] != addresses[0][0]]
    out: list[Address] = []
    while first or other:
        out += [queue.pop(0) for queue in (first, other) if queue]
    return out
