"""An answer whose body is still to come, and the parts that made the connection it comes over."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ameide_ws.host import Host
from ameide_ws.text import safe
from ameide_ws.web import body, words
from ameide_ws.web.connect import Connector, Resolver, system_resolver
from ameide_ws.web.deadline import Deadline, Limits
from ameide_ws.web.origin import Origin
from ameide_ws.web.seal import Seal
from ameide_ws.web.tls import Trust
from ameide_ws.web.transport import ASIDE, transport

if TYPE_CHECKING:
    import httpx


class Reply:
    """Status and headers of an answer, and its bytes for whoever reads them. Close it."""

    def __init__(self, response: "httpx.Response", deadline: Deadline) -> None:
        self._response = response
        self.deadline = deadline
        self.status = response.status_code
        self.headers: dict[str, str] = {}
        for name, value in response.headers.multi_items():
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    @property
    def kind(self) -> str:
        """The media type."""
        return self.headers.get("content-type", "")

    @property
    def encoding(self) -> str:
        """How the body is compressed."""
        return self.headers.get("content-encoding", "")

    @property
    def is_text(self) -> bool:
        """Whether the body is plain text."""
        return self.kind.lower().startswith("text/plain")

    @property
    def is_coder(self) -> bool:
        """Whether Coder itself answered: it puts its version on everything."""
        return "x-coder-build-version" in self.headers or "x-coder-request-id" in self.headers

    @property
    def request_ref(self) -> str:
        """The id to quote when asking for help."""
        ref = words.request_ref(self.headers.get("x-coder-request-id", ""))
        trace = safe(self.headers.get("x-trace-id", ""))
        return f"{ref} trace {trace}".strip() if trace else ref

    def aside(self, name: str) -> list[str]:
        """Values of a header that is kept from the library: `set-cookie`, `location`."""
        values: list[str] = self._response.extensions[ASIDE][name]
        return values

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they come."""
        return self._response.iter_raw()

    def read(self, cap: int, *, cut: bool) -> bytes:
        """The whole body; above the cap it is refused, or with `cut` only that much is read. Raises Fault."""
        length = self.headers.get("content-length", "")
        if not cut and length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > cap):
            raise body.Fault("large", f"the answer is larger than {cap // body.MIB} MiB")
        return b"".join(body.plain(self.chunks(), self.encoding, cap, cut=cut))

    def close(self) -> None:
        """Give the connection back; one with unread bytes on it is closed."""
        self._response.close()


class Parts(NamedTuple):
    """What makes requests, once there is one to make."""

    connector: Connector
    transport: Any
    client: "httpx.Client"


def assemble(
    origin: Origin, host: Host, seal: Seal, ca_file: str, limits: Limits, user_agent: str, resolver: Resolver | None
) -> Parts:
    """Import the libraries and put the parts together."""
    connector = Connector(origin, host, Trust(host, ca_file), limits, user_agent, resolver or system_resolver)
    carrier = transport(origin, seal, connector)
    import httpx

    client = httpx.Client(
        transport=carrier, trust_env=False, follow_redirects=False, headers={"User-Agent": user_agent}
    )
    return Parts(connector, carrier, client)
