"""Which proxy is on the way, and the tunnel through it. HTTP and WebSockets take the same one.

The variables are those of the environment; a proxy's user name and password are never shown.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ameide_ws.settings import Secret
from ameide_ws.web import words
from ameide_ws.web.deadline import Deadline
from ameide_ws.web.origin import Origin
from ameide_ws.web.words import Failed

if TYPE_CHECKING:
    import socket

_URL = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:([^/?#]*)@)?(\[[0-9A-Fa-f:.]+\]|[^:/?#@\[\]\s]+)(?::([0-9]{1,5}))?/?"
)
_LONGEST_HEAD = 16 * 1024


class Proxy(NamedTuple):
    """A proxy and the variable that named it."""

    host: str
    port: int
    variable: str
    credentials: Secret | None

    @property
    def spoken(self) -> str:
        """For messages: the address without user name and password, and where it comes from."""
        return f"{self.host}:{self.port} (from {self.variable})"


def choose(origin: Origin, env: Mapping[str, str]) -> Proxy | None:
    """The proxy for an origin, None for a direct connection. Raises Failed for one that cannot be used."""
    if origin.is_loopback or _is_exempt(origin, _value(env, "NO_PROXY")[1]):
        return None
    for name in ("HTTPS_PROXY" if origin.scheme == "https" else "HTTP_PROXY", "ALL_PROXY"):
        variable, text = _value(env, name)
        # A web server sets HTTP_PROXY from a request's Proxy header when it runs a program for it (httpoxy.org).
        if text and not (variable == "HTTP_PROXY" and "REQUEST_METHOD" in env):
            return _parse(variable, text)
    return None


def _value(env: Mapping[str, str], name: str) -> tuple[str, str]:
    """A variable by either spelling; the lower-case one counts first, as in curl."""
    for variable in (name.lower(), name):
        if env.get(variable, "").strip():
            return variable, env[variable].strip()
    return name, ""


def _parse(variable: str, text: str) -> Proxy:
    shape = _URL.fullmatch(text)
    scheme = (text.partition("://")[0] if "://" in text else "http").lower()
    if scheme != "http":
        raise Failed(words.proxy_kind(variable, scheme), again=0)
    if shape is None or not shape[3].isascii() or not 0 < int(shape[4] or 80) < 65536:
        raise Failed(words.proxy_address(variable), again=0)
    return Proxy(shape[3].strip("[]").lower(), int(shape[4] or 80), variable, Secret(shape[2]) if shape[2] else None)


def _is_exempt(origin: Origin, no_proxy: str) -> bool:
    """Whether NO_PROXY names the host: `*`, a name and all below it, an address, or a range of addresses."""
    for entry in no_proxy.lower().replace(",", " ").split():
        name, _, port = (entry, "", "") if entry.count(":") > 1 else entry.partition(":")
        if port and port != str(origin.port):
            continue
        name = name.lstrip("*").lstrip(".") if entry != "*" else entry
        if name in ("*", origin.host) or (name and origin.host.endswith(f".{name}")) or _in_range(origin.host, name):
            return True
    return False


def _in_range(host: str, network: str) -> bool:
    if "/" not in network:
        return False
    import ipaddress

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def tunnel(sock: "socket.socket", proxy: Proxy, origin: Origin, user_agent: str, deadline: Deadline) -> None:
    """Have the proxy connect the socket to the origin. Raises Failed, Late, OSError."""
    lines = [f"CONNECT {origin.place} HTTP/1.1", f"Host: {origin.place}", f"User-Agent: {user_agent}"]
    if proxy.credentials is not None:
        lines.append(f"Proxy-Authorization: Basic {_basic(proxy.credentials)}")
    sock.settimeout(deadline.to_connect())
    sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
    head = b""
    while b"\r\n\r\n" not in head:
        sock.settimeout(deadline.to_connect())
        piece = sock.recv(4096)
        head += piece
        if not piece or len(head) > _LONGEST_HEAD:
            raise Failed(words.proxy_refused(origin, proxy.spoken, None), again=0)
    status = re.match(rb"HTTP/1\.[01] ([0-9]{3})[ \r]", head)
    if status is None or not status[1].startswith(b"2") or not head.endswith(b"\r\n\r\n"):
        raise Failed(words.proxy_refused(origin, proxy.spoken, int(status[1]) if status else None), again=0)


def _basic(credentials: Secret) -> str:
    from base64 import b64encode
    from urllib.parse import unquote

    return b64encode(unquote(credentials.reveal()).encode()).decode("ascii")
