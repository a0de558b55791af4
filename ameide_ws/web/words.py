"""What went wrong on the way, as Problems: for somebody who has never heard of Coder or of TLS.

No sentence here holds a token, a query string, or a user name and password from an address.
"""

import errno
from datetime import datetime
from typing import Any

from ameide_ws.problems import (
    BadAnswer,
    Broken,
    Bug,
    ForeignOrigin,
    NameNotResolved,
    NotCoder,
    Problem,
    ProxyTrouble,
    RateLimited,
    Redirected,
    ServerError,
    TlsTrouble,
    TooLarge,
    TooSlow,
    Unreachable,
)
from ameide_ws.text import safe, shorten
from ameide_ws.web.deadline import Late
from ameide_ws.web.origin import Origin
from ameide_ws.when import spoken

_AGAIN = "run the same command again in a minute"
_NETWORK = "check the network connection, and the VPN if this address needs one; then run this again"
_ADDRESS = "check the address: ameide-ws takes it from --url or AMEIDE_WS_URL"
_ADMIN = "tell whoever runs this Coder server what is written here"


class Failed(Exception):
    """One try came to nothing. again: how many more tries it is worth; wrote: whether the request may have arrived."""

    def __init__(self, problem: Problem, *, again: int, wrote: bool = False, slow: bool = False) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.again = again
        self.wrote = wrote
        self.slow = slow


class Unwanted(Failed):
    """A try ended with an answer that is worth another one. answer: what to end with, None to end with the problem.

    Nothing was done by such a request. asked: seconds the server wants us to wait.
    """

    def __init__(self, problem: Problem, *, again: int, asked: float | None, answer: Any) -> None:
        super().__init__(problem, again=again)
        self.asked = asked
        self.answer = answer


def request_ref(request_id: str) -> str:
    """The id to quote; empty where Coder gave none."""
    return f"request {safe(request_id)}" if request_id else ""


def unreachable(origin: Origin, error: OSError | None, through: str = "") -> Problem:
    """Nothing takes the connection. through: the proxy, with the variable it came from."""
    why = _reason(error)
    if through:
        return ProxyTrouble(
            f"the proxy {through} does not answer ({why})",
            cause=f"all connections to {origin.place} go through this proxy",
            tries=("correct or unset that variable, or start the proxy", _NETWORK),
        )
    return Unreachable(
        f"nothing answers at {origin.place} ({why})",
        cause="no connection could be made" if error is None else f"the system says: {_system(error)}",
        tries=(_NETWORK, _ADDRESS),
    )


def _reason(error: OSError | None) -> str:
    if error is None or isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return "no reply"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN):
        return "no route there"
    return _system(error)


def _system(error: OSError) -> str:
    return safe(error.strerror or type(error).__name__).lower()


def no_such_name(host: str, *, passing: bool, through: str = "") -> Problem:
    """A host name that leads nowhere. passing: the name server did not know for the moment."""
    whose = f"the proxy {through}: " if through else ""
    if passing:
        return NameNotResolved(
            f"{whose}the name {host} could not be looked up just now",
            cause="the name server did not answer, or asked to try again later",
            tries=(_NETWORK,),
        )
    return NameNotResolved(
        f"{whose}the name {host} is not known",
        cause="the name server says that there is no such name",
        tries=(_ADDRESS, "if the name is known only inside a company network, join its VPN first"),
    )


def too_slow(origin: Origin, late: Late) -> Problem:
    """A deadline has passed."""
    if late.stage == "command":
        return TooSlow(
            f"time is up: {origin.place} had not answered when the time limit of this command ended",
            cause="the limit given with --timeout or AMEIDE_WS_TIMEOUT is over",
            tries=("give it more time, for example: --timeout 10m",),
        )
    if late.stage == "connect":
        message = f"no connection to {origin.place} within {spoken(late.seconds)}"
        return TooSlow(message, cause="the connection was begun, but not completed", tries=(_NETWORK, _AGAIN))
    what = "has not begun to answer" if late.stage == "answer" else "has not answered in full"
    return TooSlow(
        f"{origin.place} {what} within {spoken(late.seconds)}",
        cause="the server, or something on the way to it, is too slow or has stopped in the middle",
        tries=(_AGAIN, _NETWORK),
    )


def broken(origin: Origin, how: str) -> Problem:
    """The connection ended early, or what came was not HTTP."""
    message = f"the connection to {origin.place} broke before the whole answer had come"
    return Broken(message, cause=how, tries=(_AGAIN, _NETWORK))


def proxy_kind(variable: str, scheme: str) -> Problem:
    """A proxy of a kind that is not supported."""
    kind = "SOCKS proxies" if scheme.startswith("socks") else f"proxies that begin with {safe(scheme)}://"
    return ProxyTrouble(
        f"{variable} names a proxy that cannot be used: {kind} are not supported",
        cause="only a proxy whose address begins with http:// can be used",
        tries=(f"export {variable}=http://HOST:PORT   # an http proxy", f"unset {variable}   # no proxy at all"),
    )


def proxy_address(variable: str) -> Problem:
    """A variable that holds no proxy's address; its content may hold a password, so it is not repeated."""
    return ProxyTrouble(
        f"{variable} does not hold the address of a proxy",
        cause="a proxy's address looks like http://proxy.example.com:3128",
        tries=(f"export {variable}=http://HOST:PORT   # or unset it",),
    )


def proxy_refused(origin: Origin, through: str, status: int | None) -> Problem:
    """The proxy does not let us through. status: None where its answer made no sense."""
    if status == 407:
        return ProxyTrouble(
            f"the proxy {through} wants credentials",
            cause="it answered 407 (proxy authentication required)",
            tries=("put a user name and password into that variable: http://USER:PASSWORD@HOST:PORT",),
        )
    said = f"HTTP {status}" if status else "something that is not HTTP"
    return ProxyTrouble(
        f"the proxy {through} refuses to connect to {origin.place}",
        cause=f"it answered with {said}",
        tries=(f"add {origin.host} to NO_PROXY   # if it can be reached directly", "ask whoever runs the proxy"),
    )


def redirected(origin: Origin, status: int, target: Origin | None) -> Problem:
    """The address sends elsewhere. target: where to, None where that cannot be told."""
    tries: tuple[str, ...]
    if target is not None and target.host == origin.host and (origin.scheme, target.scheme) == ("http", "https"):
        tries = (f"use {target.url} instead",)
    elif target is not None and target != origin:
        tries = (f"if {target.spoken} is the right address, use that", _ADDRESS)
    else:
        tries = (_ADDRESS, "open the address in a browser, and sign in there if a page asks for it")
    where = "another page of its own" if target == origin else target.spoken if target else "another place"
    return Redirected(
        f"{origin.url} answers with a redirect to {where}, which is not followed",
        cause=f"HTTP {status}: is a sign-in page in front of Coder, or is the address wrong?",
        tries=tries,
    )


def foreign(origin: Origin) -> Problem:
    """A request that would have left the origin."""
    return ForeignOrigin(
        f"a request to another address than {origin.spoken} was held back",
        cause="the token belongs to this one address, and is never sent to another",
        tries=(_ADDRESS,),
    )


def not_coder(origin: Origin, status: int, title: str, kind: str, ref: str = "") -> Problem:
    """Something that is not Coder answered. kind: its media type."""
    what = (
        "a web page"
        if title or "html" in kind
        else shorten(safe(kind.partition(";")[0].strip()), 60) or "something unnamed"
    )
    shown = f" titled “{title}”" if title else ""
    return NotCoder(
        f"{origin.place} answered with {what} instead of data: is this the address of Coder?",
        cause=f"HTTP {status} came with {what}{shown}; a sign-in page or a proxy may be in front of Coder",
        tries=("open the address in a browser and see what is there", _ADDRESS),
        ref=ref,
    )


def bad_answer(origin: Origin, why: str, ref: str = "") -> Problem:
    """What came is not what Coder answers."""
    return BadAnswer(
        f"{origin.place} answered in a form this version does not know",
        cause=why,
        tries=("ameide-ws version   # compare the two versions", _ADMIN),
        ref=ref,
    )


def too_large(origin: Origin, what: str, ref: str = "") -> Problem:
    """More than is held in memory. what: `the answer is larger than 16 MiB`."""
    message = f"{origin.place} answered with more data than this program takes"
    return TooLarge(message, cause=what, tries=(_ADMIN,), ref=ref)


def busy(origin: Origin, asked: float | None, ref: str = "") -> Problem:
    """Coder limits how often it may be asked (429), and there is no time left to wait."""
    wait = f"in {spoken(asked)}" if asked else "in a minute"
    return RateLimited(
        f"{origin.place} is asked too often and wants us to wait",
        cause="HTTP 429: the server limits how many requests one person may make in a minute",
        tries=(f"run the same command again {wait}",),
        ref=ref,
    )


def server_error(origin: Origin, status: int, ref: str = "") -> Problem:
    """The server failed, and kept failing."""
    return ServerError(
        f"the server at {origin.place} failed (HTTP {status})",
        cause="the failure is on the server's side and did not go away by trying again",
        tries=(_AGAIN, _ADMIN),
        ref=ref,
    )


def bug(what: str) -> Problem:
    """A request of ours that could not even be formed."""
    return Bug(f"a request could not be formed: {what}", cause="this is a mistake of ours", tries=("report it",))


def tls(origin: Origin, why: str, shown: str, tries: tuple[str, ...]) -> Problem:
    """TLS could not be agreed on, or the certificate cannot be trusted. shown: what the certificate says."""
    message = f"the connection to {origin.place} is not safe, and was given up: {why}"
    return TlsTrouble(message, cause=shown, tries=tries)


def local_clock(now: datetime) -> str:
    """This machine's clock, for a certificate that does not hold yet, or no more."""
    return f"the clock of this machine says {now:%Y-%m-%d %H:%M} UTC"
