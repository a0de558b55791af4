"""The network as the rest of the program sees it: get, post, items, dial; and two probes for an app's address."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ameide_ws.host import Host
from ameide_ws.settings import Secret
from ameide_ws.text import safe
from ameide_ws.web import body, retry, words
from ameide_ws.web.answer import Answer, Jar, Refused, Seen, Unsure
from ameide_ws.web.deadline import Deadline, Late, Limits
from ameide_ws.web.origin import Origin, origin_of
from ameide_ws.web.seal import COOKIE, HEADER, Seal
from ameide_ws.web.words import Failed, Unwanted

if TYPE_CHECKING:
    import httpx

    from ameide_ws.web.connect import Resolver
    from ameide_ws.web.reply import Parts, Reply
    from ameide_ws.web.socket import Socket

T = TypeVar("T")
_ASLEEP = 10.0
_PORTS = {"https": 443, "http": 80}


class Call(NamedTuple):
    """One request, before it is sent."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    content: bytes | None = None
    safe: bool = True


class Web:
    """One origin, one token, one command's time. Several threads may use it at once."""

    def __init__(
        self,
        origin: Origin,
        host: Host,
        *,
        token: Secret | None,
        user_agent: str,
        ca_file: str = "",
        until: float | None = None,
        say: Callable[[str], None] | None = None,
        debug: Callable[[str], None] | None = None,
        limits: Limits = Limits(),  # noqa: B008  a tuple, never changed
        resolver: "Resolver | None" = None,
    ) -> None:
        """until: the host.monotonic() at which the command ends; say: takes a sentence for the person who waits."""
        self.origin = origin
        self._host = host
        self._seal = Seal(origin, token)
        self._user_agent = user_agent
        self._ca_file = ca_file
        self._until = until
        self._say = say
        self._debug = debug
        self._limits = limits
        self._resolver = resolver
        self._lock = threading.RLock()
        self._parts: Parts | None = None
        self._slept = host.slept()

    def __repr__(self) -> str:
        return f"Web({self.origin.url})"

    def extend(self, seconds: float) -> None:
        """Give the command that much more time: a person has taken it to answer a question."""
        if self._until is not None:
            self._until += seconds

    @property
    def time_is_up(self) -> bool:
        """Whether the whole command's time is over: what fails from then on says nothing about the network."""
        return self._until is not None and self._host.monotonic() >= self._until

    def warm(self) -> None:
        """Load the libraries and trust stores now, so that the next request leaves at once."""
        self._ready()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._parts is not None:
                self._parts.client.close()

    # What the program asks.

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        """Read something: any status with JSON is an answer. Raises Problem."""
        call = Call("GET", path, query)
        return self._persist(call, lambda reply: self._answer(call, reply))

    def post(
        self, path: str, body: Any = None, query: Mapping[str, str] | None = None, *, reads: bool = False
    ) -> Answer:
        """Have something done: any status with JSON is an answer. Raises Problem; Unsure when it may have been done.

        reads: this one changes nothing, and may be repeated like a get.
        """
        import json

        content = None if body is None else json.dumps(body, separators=(",", ":")).encode("ascii")
        call = Call("POST", path, query, content, safe=reads)
        return self._persist(call, lambda reply: self._answer(call, reply))

    def items(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """The items of one JSON list, read as they come. Raises Refused, and Problem, also midway."""
        call = Call("GET", path, query)
        reply = self._persist(call, lambda reply: self._listing(call, reply))
        if isinstance(reply, Answer):
            raise Refused(reply)
        with contextlib.closing(reply):
            chunks = body.plain(reply.chunks(), reply.encoding, body.STREAM)
            found = body.items(chunks)
            while True:
                try:
                    item = next(found, _END)
                except (Failed, Late, body.Fault) as error:
                    raise self._failed(error, reply.deadline, reply.request_ref).problem from error
                if item is _END:
                    return
                handed = self._host.monotonic()
                yield item
                reply.deadline.extend(self._host.monotonic() - handed)

    def dial(self, path: str, query: Mapping[str, str] | None = None, *, pings: bool = True) -> "Socket":
        """Open a WebSocket with the token. Raises Refused for an HTTP status other than 101, and Problem.

        Only a connection that cannot be made is tried again in here; a refusal is the caller's to count.
        """
        from ameide_ws.web import socket

        call = Call("GET", path, query)

        def attempt(deadline: Deadline) -> "Socket":
            url = self._url(call)
            port = url.port or _PORTS.get(url.scheme, 0)
            sign = self._seal.headers(url.scheme, url.raw_host.decode("ascii"), port, HEADER, [])
            target = url.raw_path.decode("ascii")
            with self._noting(call.method, url.path) as note:
                opened = socket.dial(
                    self.origin, target, sign, self._ready().connector, deadline,
                    limits=self._limits, user_agent=self._user_agent, pings=pings,
                )  # fmt: skip
                note("101", "")
            return opened

        return self._tries(call, attempt, self._limits.connect)

    # Probes of an app's address.

    def page(self, path_and_query: str, jar: Jar) -> Seen:
        """Look once at an app's page. Any status is seen; Problem only when nothing came."""
        from ameide_ws.web import probe

        return self._probe(path_and_query, jar, probe.PAGE)

    def upgrade(self, path_and_query: str, jar: Jar) -> Seen:
        """Try once whether an app takes a WebSocket: 101 when it does, and it is closed at once."""
        from ameide_ws.web import probe

        return self._probe(path_and_query, jar, probe.upgrade_headers())

    def _probe(self, path_and_query: str, jar: Jar, headers: dict[str, str]) -> Seen:
        from ameide_ws.web import probe

        call = Call("GET", path_and_query)
        deadline = self._deadline(self._limits.probe)
        try:
            reply = self._send(call, deadline, headers, COOKIE, jar.cookies(call.path.partition("?")[0]))
            with contextlib.closing(reply):
                jar.keep(call.path.partition("?")[0], reply.aside("set-cookie"))
                return probe.seen(reply, headers)
        except (Failed, Late, body.Fault) as error:
            raise self._failed(error, deadline).problem from error

    # How it is done.

    def _persist(self, call: Call, read: "Callable[[Reply], T]") -> T:
        """Send until there is an answer worth having, and read it. Raises Problem, Unsure, Refused."""

        def attempt(deadline: Deadline) -> T:
            headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
            return read(self._send(call, deadline, headers, HEADER))

        return self._tries(call, attempt, self._limits.total)

    def _tries(self, call: Call, attempt: Callable[[Deadline], T], seconds: float) -> T:
        pace = retry.Pace(self._host.monotonic(), self._until)
        while True:
            pace.tries += 1
            deadline = self._deadline(min(seconds, max(0.001, pace.left(self._host.monotonic()))))
            try:
                return attempt(deadline)
            except (Failed, Late, body.Fault) as error:
                failed = self._failed(error, deadline)
            if failed.wrote and not call.safe:
                raise Unsure(failed.problem) from failed
            asked = failed.asked if isinstance(failed, Unwanted) else None
            wait = pace.wait(failed.again, asked, self._host.monotonic(), self._host.random())
            if wait is None:
                if not isinstance(failed, Unwanted) or failed.answer is None:
                    raise failed.problem from failed
                answer: T = failed.answer
                return answer
            self._pause(wait, failed, pace.tries + 1)

    def _pause(self, wait: float, failed: Failed, turn: int) -> None:
        if self._say is not None and (wait > retry.SAID_ABOVE or failed.slow):
            why = "server busy" if isinstance(failed, Unwanted) else failed.problem.message
            self._say(f"{why}, trying again in {max(1, round(wait))} s ({turn}/{retry.TRIES})")
        self._host.sleep(wait)

    def _deadline(self, seconds: float) -> Deadline:
        left = None if self._until is None else self._until - self._host.monotonic()
        return Deadline(self._host.monotonic, self._limits, seconds, left)

    def _ready(self) -> "Parts":
        """The connections, made on first use, and made anew after the machine has slept."""
        from ameide_ws.web.reply import assemble

        with self._lock:
            if self._parts is None:
                self._parts = assemble(
                    self.origin, self._host, self._seal, self._ca_file, self._limits, self._user_agent, self._resolver
                )
            slept = self._host.slept()
            if slept - self._slept > _ASLEEP:
                self._parts.transport.forget()
            self._slept = slept
            return self._parts

    def _url(self, call: Call) -> "httpx.URL":
        """The address of a call. Raises ForeignOrigin for what leads elsewhere, or is no address."""
        self._ready()
        import httpx

        try:
            url = httpx.URL(self.origin.url).join(call.path)
            url = url.copy_merge_params(dict(call.query)) if call.query else url
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise words.foreign(self.origin) from None
        if url.userinfo:  # httpx would make a header of it
            raise words.foreign(self.origin)
        return url

    def _send(
        self, call: Call, deadline: Deadline, headers: dict[str, str], way: str, cookies: list[str] | None = None
    ) -> "Reply":
        """One request and the head of its answer. Raises Failed, Late, Problem."""
        from ameide_ws.web.reply import Reply
        from ameide_ws.web.transport import signed, timeouts

        url = self._url(call)
        deadline.to_end()
        if call.content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        client = self._ready().client
        request = client.build_request(
            call.method, url, content=call.content, headers=headers,
            extensions={"timeout": timeouts(deadline), **signed(way, cookies or ())},
        )  # fmt: skip
        with self._noting(call.method, url.path) as note:
            reply = Reply(client.send(request, stream=True), deadline)
            note(str(reply.status), reply.headers.get("x-coder-request-id", ""))
        return reply

    @contextlib.contextmanager
    def _noting(self, method: str, path: str) -> Iterator[Callable[[str, str], None]]:
        """Writes the debug line of one exchange, of which status and request id are told while it runs."""
        begun = self._host.monotonic()
        said = ["no answer", ""]

        def note(*seen: str) -> None:
            said[:] = seen

        try:
            yield note
        except Refused as refused:
            note(str(refused.answer.status), refused.answer.request_id)
            raise
        finally:
            if self._debug is not None:
                took = round((self._host.monotonic() - begun) * 1000)
                self._debug(f"{method} {safe(path)} {said[0]} {took} ms {safe(said[1])}".rstrip())

    def _failed(self, error: Failed | Late | body.Fault, deadline: Deadline, ref: str = "") -> Failed:
        """What went wrong in one try, as the person will be told."""
        if isinstance(error, Failed):
            error.wrote = deadline.wrote and not isinstance(error, Unwanted)
            return error
        if isinstance(error, Late):
            again = retry.NEVER if error.stage == "command" else retry.ALWAYS
            return Failed(words.too_slow(self.origin, error), again=again, wrote=deadline.wrote, slow=True)
        if error.kind == "large":
            return Failed(words.too_large(self.origin, error.why, ref), again=retry.NEVER, wrote=deadline.wrote)
        if error.kind == "cut":
            return Failed(words.broken(self.origin, error.why), again=retry.ALWAYS, wrote=deadline.wrote)
        return Failed(words.bad_answer(self.origin, error.why, ref), again=retry.NEVER, wrote=deadline.wrote)

    def _listing(self, call: Call, reply: "Reply") -> "Reply | Answer":
        """The reply, open, when it is a list to be read; else the answer, whole."""
        if reply.status == 200 and body.is_json(reply.kind):
            return reply
        answer = self._answer(call, reply)
        if not answer.is_success:
            return answer
        raise words.bad_answer(self.origin, "a list was due, and there was none", words.request_ref(answer.request_id))

    def _answer(self, call: Call, reply: "Reply") -> Answer:
        """The whole answer. Raises Failed, Late, Fault, Unsure."""
        with contextlib.closing(reply):
            if 300 <= reply.status < 400 and reply.status != 304:
                raise words.redirected(self.origin, reply.status, self._target(reply))
            fine = 200 <= reply.status < 300
            data = reply.read(body.WHOLE if fine else body.ERROR, cut=not fine)
        if not data.strip() and (fine or reply.is_coder or reply.status == 304):
            value, problem = None, None
        else:
            value, problem = self._value(reply, data)
        from_coder = problem is None and (isinstance(value, dict) or value is None)
        answer = Answer(reply.status, reply.headers, value, call.method, call.path.partition("?")[0])
        final = problem or self._giving_up(answer)
        if retry.is_unsure(reply.status, safe=call.safe, from_coder=from_coder):
            raise Unsure(final or words.server_error(self.origin, reply.status, reply.request_ref))
        worth = retry.repeats(reply.status, safe=call.safe, from_coder=from_coder)
        if worth:
            raise Unwanted(
                final or words.server_error(self.origin, reply.status, reply.request_ref),
                again=worth, asked=retry.asked_wait(reply.headers), answer=answer if final is None else None,
            )  # fmt: skip
        if problem is not None:
            raise Unsure(problem) if fine and not call.safe and body.is_json(reply.kind) else problem
        return answer

    def _value(self, reply: "Reply", data: bytes) -> tuple[Any, Any]:
        """What a body says, or the Problem that it is not an answer of Coder's."""
        if body.is_json(reply.kind) and not body.is_html("", data):
            try:
                return body.parse(data), None
            except body.Fault as fault:
                return None, self._failed(fault, reply.deadline, reply.request_ref).problem
        from ameide_ws.web.socket import refusal

        if reply.status >= 400 and reply.is_coder and reply.is_text:
            return refusal(reply.headers, data), None
        html = body.is_html(reply.kind, data)
        name = body.title(data) if html else ""
        kind = "text/html" if html else reply.kind
        return None, words.not_coder(self.origin, reply.status, name, kind, reply.request_ref)

    def _giving_up(self, answer: Answer) -> Any:
        """The Problem for a status that no caller is left to judge."""
        if answer.status != 429:
            return None
        asked = retry.asked_wait(answer.headers)
        return words.busy(self.origin, asked, words.request_ref(answer.request_id))

    def _target(self, reply: "Reply") -> Origin | None:
        """Where a redirect leads, as an origin."""
        location = next(iter(reply.aside("location")), "")
        if location.startswith("/") and not location.startswith(("//", "/\\")):
            return self.origin
        return origin_of(location)


_END = object()
