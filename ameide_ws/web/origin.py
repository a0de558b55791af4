"""What an address is, and which addresses may be opened. Pure: nothing here asks the network.

A token belongs to an origin (scheme, host and port), so an address is read once, by one strict reader, and whatever two
programs could read in two ways is refused.
"""

import re
from typing import NamedTuple

from ameide_ws.problems import BadUrl
from ameide_ws.text import safe, shorten

_PORTS = {"https": 443, "http": 80}
_SHAPE = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_QUAD = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}", re.ASCII)
_WILDCARD = re.compile(r"\*[a-z0-9-]*(?:\.[a-z0-9-]+){2,}", re.ASCII)
_LONGEST = 2048
_PATH_SAFE = "/:@!$&'()*+,;=~-._%"
_PART_SAFE = _PATH_SAFE + "?"


class Origin(NamedTuple):
    """Scheme, host and port. The host is lower-case and in its ASCII (punycode) form; IPv6 stands without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and port as they stand in an address; a default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """`https://host`, with `:port` where it is not the default."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def place(self) -> str:
        """Host and port for messages about connections, the port always said."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def spoken(self) -> str:
        """The address for people: the real (ASCII) one first, how it looks in other letters beside it."""
        looks = _unicode(self.host)
        return self.url if looks == self.host else f"{self.url} (looks like {safe(looks)})"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine by its very spelling."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """`localhost`, `::1` and 127.0.0.0/8, by spelling alone: no name is looked up."""
    return host in ("localhost", "::1") or (host.startswith("127.") and _QUAD.fullmatch(host) is not None)


def parse_origin(text: str, *, insecure_http: bool = False, where: str = "--url") -> Origin:
    """The origin an address names; a missing scheme means https. Raises BadUrl.

    where: what the address came from, so that the message can point at it.
    """
    try:
        origin, rest = _read(text.strip(" \r\n\t"))
        if rest not in (("", "", ""), ("/", "", "")):
            raise ValueError(f"only {origin.url} is needed, without a path, a question mark or a hash sign")
        if origin.scheme == "http" and not (origin.is_loopback or insecure_http):
            raise ValueError("over plain http anybody on the way could read the token; https is needed")
    except ValueError as error:
        raise _bad_url(text, where, str(error)) from None
    return origin


def origin_of(url: str) -> Origin | None:
    """The origin an absolute address points to, for saying where it leads; None where there is none to tell."""
    try:
        return _read(url)[0] if re.match(r"https?://", url, re.IGNORECASE) else None
    except ValueError:
        return None


def openable(url: str, origin: Origin, wildcard: str = "") -> str | None:
    """The address as it may be handed to a browser, written anew from its parts; None where it may not.

    wildcard: the host name Coder gives to apps, such as `*.apps.example.com`; empty where there is none.
    """
    try:
        target, rest = _read(url)
    except ValueError:
        return None
    if not re.match(r"https?://", url, re.IGNORECASE) or (target.scheme == "http" and not target.is_loopback):
        return None
    if target != origin and not _is_app_of(target, origin, wildcard):
        return None
    path, query, fragment = (_quoted(part) for part in rest)
    return target.url + (path or "/") + query + fragment


def _read(text: str) -> tuple[Origin, tuple[str, str, str]]:
    """The origin; path, query and fragment with the signs they begin with. Raises ValueError, in words for people."""
    if not text:
        raise ValueError("it is empty")
    if len(text) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} characters")
    if not text.isprintable() or re.search(r"[\s\\]", text):
        raise ValueError("spaces, control characters and backslashes have no place in an address")
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise ValueError("it is not an address")
    scheme = (shape[1] or "https").lower()
    if scheme not in _PORTS:
        raise ValueError(f"an address begins with https://, not {safe(scheme)}://")
    if "@" in shape[2]:
        raise ValueError("a user name or password has no place in it")
    parts = _AUTHORITY.fullmatch(shape[2])
    if parts is None:
        raise ValueError("it has no host name that could be reached" if shape[2] else "it names no host")
    port = int(parts[2]) if parts[2] else _PORTS[scheme]
    if not 0 < port < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return Origin(scheme, _host(parts[1]), port), (shape[3], shape[4] or "", shape[5] or "")


def _host(text: str) -> str:
    """A host as it goes on the wire. Raises ValueError."""
    if text.startswith("["):
        import ipaddress

        return ipaddress.IPv6Address(text[1:-1]).compressed
    if "%" in text:
        raise ValueError("a percent sign has no place in a host name")
    host = text.lower() if text.isascii() else _punycode(text)
    host = host[:-1] if host.endswith(".") else host
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host name consists of letters, digits, dashes and single dots")
    if _NUMBER.fullmatch(labels[-1]) and not _QUAD.fullmatch(host):
        raise ValueError("a number in place of a host name has to be written as four numbers, like 192.0.2.1")
    if any(label.startswith("xn--") for label in labels) and _unicode(host) == host:
        raise ValueError("its international host name is not spelled correctly")
    return host


def _punycode(host: str) -> str:
    from ameide_ws.web.libraries import load

    httpx = load()
    try:
        raw: bytes = httpx.URL(f"https://{host}").raw_host
        return raw.decode("ascii").lower()
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("its host name holds characters that host names may not have") from None


def _unicode(host: str) -> str:
    """How a host looks once its punycode is undone; itself where nothing can be undone."""
    if "xn--" not in host:
        return host
    from ameide_ws.web.libraries import load

    httpx = load()
    try:
        return ".".join(httpx.URL(f"https://{label}").host for label in host.split("."))
    except (httpx.InvalidURL, UnicodeError):
        return host


def _is_app_of(target: Origin, origin: Origin, wildcard: str) -> bool:
    """Whether the target lies below Coder's own host name for apps: one label, or part of one, in place of the star."""
    star, _, port = wildcard.strip().lower().partition(":")
    if not _WILDCARD.fullmatch(star):
        return False
    expected = int(port) if port.isascii() and port.isdigit() else origin.port
    if target.scheme != origin.scheme or target.port != expected or not target.host.endswith(star[1:]):
        return False
    return re.fullmatch(r"[a-z0-9-]+", target.host[: -len(star[1:])], re.ASCII) is not None


def _quoted(part: str) -> str:
    """A path, query or fragment; its first character is the sign that makes it one."""
    from urllib.parse import quote

    return part[:1] + quote(part[1:], safe=_PART_SAFE if part[:1] in "?#" else _PATH_SAFE)


def _bad_url(text: str, where: str, why: str) -> BadUrl:
    shown = shorten(safe(re.sub(r"(//|^)[^/@]*@", r"\1…@", text.partition("?")[0])), 80)
    return BadUrl(
        f"{where}: “{shown}” is not an address this program sends anything to",
        cause=why,
        tries=("give the address of Coder as your browser shows it, like https://coder.example.com",),
    )
