"""TLS: whom we trust (the system's certificates, and a file of the person's), and what went wrong, in words.

There is no way to switch the check off.
"""

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ameide_ws.host import Host
from ameide_ws.problems import BadConfig, Problem
from ameide_ws.text import safe
from ameide_ws.web import words
from ameide_ws.web.deadline import Deadline, Late
from ameide_ws.web.origin import Origin
from ameide_ws.web.retry import ALWAYS, NEVER
from ameide_ws.web.words import Failed

if TYPE_CHECKING:
    import ssl

_NOT_YET, _EXPIRED, _SELF, _SELF_IN_CHAIN = 9, 10, 18, 19
_WRONG_NAME = (62, 64)


class Trust:
    """The one TLS context, made when it is first needed."""

    def __init__(self, host: Host, ca_file: str) -> None:
        self._host = host
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._made: ssl.SSLContext | None = None

    @property
    def context(self) -> "ssl.SSLContext":
        """At least TLS 1.2, certificate and name checked. Raises BadConfig for a file that holds no certificates."""
        with self._lock:
            if self._made is None:
                self._made = _context(self._ca_file, self._host.value("SSL_CERT_FILE"))
            return self._made

    def secure(
        self, sock: socket.socket, origin: Origin, deadline: Deadline, reconnect: Callable[[], socket.socket]
    ) -> socket.socket:
        """The socket with TLS on it; the socket is closed on failure. Raises Failed, Late.

        reconnect: a second connection, on which only the server's certificate is looked at, for the message.
        """
        import ssl

        try:
            sock.settimeout(deadline.to_connect())
            return self.context.wrap_socket(sock, server_hostname=origin.host)
        except BaseException as error:
            sock.close()
            if isinstance(error, TimeoutError):
                deadline.to_connect()
                raise Late("connect", float(deadline)) from None
            if isinstance(error, ssl.SSLCertVerificationError):
                raise Failed(self._untrusted(error, origin, deadline, reconnect), again=NEVER) from error
            if isinstance(error, OSError):
                raise self._failed(error, origin) from error
            raise

    def _untrusted(
        self,
        error: "ssl.SSLCertVerificationError",
        origin: Origin,
        deadline: Deadline,
        reconnect: Callable[[], socket.socket],
    ) -> Problem:
        from ameide_ws.web.certificate import look

        seen = look(reconnect, origin.host, deadline)
        whose = seen.spoken if seen else f"the system says: {safe(error.verify_message or 'not trusted')}"
        code = error.verify_code
        clock = words.local_clock(self._host.now())
        if code == _NOT_YET:
            why, whose = "its certificate is not valid yet", f"{whose}; {clock}"
            tries: tuple[str, ...] = ("check date and time of this machine",)
        elif code == _EXPIRED:
            why, whose = "its certificate has expired", f"{whose}; {clock}"
            tries = ("check date and time of this machine", "tell whoever runs this server")
        elif code in _WRONG_NAME:
            why = f"its certificate is for another name than {origin.host}"
            tries = ("check the address: ameide-ws takes it from --url or AMEIDE_WS_URL",)
        else:
            own = code in (_SELF, _SELF_IN_CHAIN)
            why = "its certificate was made by nobody this machine " + ("trusts" if not own else "trusts (self-signed)")
            tries = ("--ca-file FILE   # if your organisation has certificates of its own: the file that holds them",)
        return words.tls(origin, why, whose, tries)

    def _failed(self, error: OSError, origin: Origin) -> Failed:
        """A handshake that did not come to the certificate."""
        import ssl

        if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError):
            how = "the other side hung up while the connection was being secured"
            return Failed(words.broken(origin, how), again=ALWAYS)
        reason = (error.reason or "").upper()
        if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
            why, tries = "it does not speak TLS (https) at this port", ("check the port in the address",)
            if origin.is_loopback:
                tries = (f"if plain http is meant, write it: http://{origin.netloc}",)
        elif "PROTOCOL_VERSION" in reason or "UNSUPPORTED_PROTOCOL" in reason:
            why, tries = "it knows only outdated TLS", ("tell whoever runs this server that TLS 1.2 is needed",)
        else:
            why, tries = "no encryption could be agreed on", ("tell whoever runs this server what is written here",)
        shown = f"the system says: {safe((error.reason or 'TLS failed').replace('_', ' ').lower())}"
        return Failed(words.tls(origin, why, shown, tries), again=NEVER)


def _context(ca_file: str, instead: str | None) -> "ssl.SSLContext":
    import ssl

    context: ssl.SSLContext
    if instead:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _add(context, instead, "SSL_CERT_FILE")
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file:
        _add(context, ca_file, "--ca-file")
    return context


def _add(context: "ssl.SSLContext", file: str, where: str) -> None:
    import os

    try:
        context.load_verify_locations(os.path.expanduser(file))
    except (OSError, ValueError) as error:
        raise BadConfig(
            f"{where}: no certificates could be read from {safe(file)}",
            cause=safe(error.strerror or str(error)) if isinstance(error, OSError) else "it is no usable file name",
            tries=("name a file with certificates in PEM form (they begin with -----BEGIN CERTIFICATE-----)",),
        ) from error
