"""What a certificate says of itself, for the message about one that is not trusted. Nothing here is believed."""

import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ameide_ws.text import safe, shorten
from ameide_ws.web.deadline import Deadline, Late
from ameide_ws.web.words import Failed

_COMMON_NAME, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"


class Certificate(NamedTuple):
    """Who it is for and who made it, as it says itself."""

    subject: str
    issuer: str

    @property
    def spoken(self) -> str:
        """For a message."""
        return f"the certificate says it is for “{self.subject}”, made by “{self.issuer}”"


def look(connect: Callable[[], socket.socket], name: str, deadline: Deadline) -> Certificate | None:
    """The certificate a server shows, asked for on a connection that carries nothing; None where it cannot be told."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only to read the certificate: nothing is ever sent on this connection
    try:
        with connect() as sock:
            sock.settimeout(min(2.0, deadline.to_connect()))
            with context.wrap_socket(sock, server_hostname=name) as wrapped:
                return parse(wrapped.getpeercert(binary_form=True) or b"")
    except (OSError, Failed, Late):
        return None


def parse(der: bytes) -> Certificate | None:
    """Subject and issuer of an X.509 certificate; None for what is none."""
    try:
        whole = next(_elements(der))[1]
        fields = list(_elements(next(_elements(whole))[1]))
        if fields[0][0] == 0xA0:
            fields.pop(0)  # the version, which stands only in newer ones
        return Certificate(_name(fields[4][1]), _name(fields[2][1]))
    except (ValueError, IndexError, StopIteration):
        return None


def _name(content: bytes) -> str:
    """The common name of a distinguished name, or else its organisation."""
    found: dict[bytes, str] = {}
    for _, part in _elements(content):
        for _, pair in _elements(part):
            (_, kind), (_, value) = _elements(pair)
            found.setdefault(kind, value.decode(errors="replace"))
    return shorten(safe(found.get(_COMMON_NAME) or found.get(_ORGANISATION) or "nobody"), 60)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) pairs of DER, one level deep. Raises ValueError."""
    at = 0
    while at < len(data):
        tag, length, begin = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= 4:
                raise ValueError("no DER")
            length = int.from_bytes(data[begin : begin + count], "big")
            begin += count
        if begin + length > len(data):
            raise ValueError("no DER")
        yield tag, data[begin : begin + length]
        at = begin + length
