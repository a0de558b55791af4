"""The network. The only package that knows httpx, httpcore, websockets and truststore.

Importing it costs next to nothing: the libraries are loaded when the first request is made.
"""

from ameide_ws.web.answer import Answer, Jar, Refused, Seen, SocketEnded, Unsure
from ameide_ws.web.client import Web
from ameide_ws.web.deadline import Limits
from ameide_ws.web.origin import Origin, openable, parse_origin

__all__ = [
    "Answer",
    "Jar",
    "Limits",
    "Origin",
    "Refused",
    "Seen",
    "Socket",
    "SocketEnded",
    "Unsure",
    "Web",
    "openable",
    "parse_origin",
]


def __getattr__(name: str) -> object:
    """Socket stands in a module that is only loaded for the first dial."""
    if name == "Socket":
        from ameide_ws.web.socket import Socket

        return Socket
    raise AttributeError(name)
