"""A machine whose sleep costs nothing, and a loopback server that answers what a test says."""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from ameide_ws.settings import Secret
from ameide_ws.web import Limits, Web, parse_origin
from tests.fakes import MORNING, TOKEN, FakeHost

# Long enough for a busy machine; a test that waits for a deadline brings a short one.
LIMITS = Limits(connect=5.0, first_byte=5.0, total=10.0, address=0.5, probe=5.0)


class WebHost(FakeHost):
    """Its clock really runs, since sockets do; `sleep` only sets it forward."""

    def __init__(self, env: Mapping[str, str] | None = None) -> None:
        self.begun = time.monotonic()
        self.ahead = 0.0
        super().__init__(env=env)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.monotonic() - self.begun)

    def pass_time(self, seconds: float) -> None:
        self.ahead += seconds


class Asked(NamedTuple):
    """A request as the server saw it; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Server:
    """Answers with what `answer(request)` gives: (status, headers, body); keeps all it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], tuple[int, dict[str, str], Any]] = lambda asked: (200, {}, {})
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one write: two would wait for each other (Nagle) 40 ms each time

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, body)
                keeper.asked.append(asked)
                status, said, content = keeper.answer(asked)
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                kind = {} if isinstance(content, bytes) else {"Content-Type": "application/json; charset=utf-8"}
                self.send_response_only(status)
                for name, value in {**kind, "Content-Length": str(len(data)), **said}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is what is being tested."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self.port: int = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def always(self, status: int, content: Any = None, **headers: str) -> None:
        """Answer everything alike; `_` in a header's name stands for a dash."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda asked: (status, said, {} if content is None else content)

    def in_turn(self, *answers: tuple[int, dict[str, str], Any]) -> None:
        """One answer after the other; the last stays."""
        due = list(answers)
        self.answer = lambda asked: due.pop(0) if len(due) > 1 else due[0]


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    threading.Thread(target=one._http.serve_forever, args=(0.01,), daemon=True).start()
    yield one
    one._http.shutdown()
    one._http.server_close()


@pytest.fixture
def other(server: Server) -> Iterator[Server]:
    """A second server, which is to hear nothing."""
    one = Server()
    threading.Thread(target=one._http.serve_forever, args=(0.01,), daemon=True).start()
    yield one
    one._http.shutdown()
    one._http.server_close()


@pytest.fixture
def host() -> WebHost:
    return WebHost()


Maker = Callable[..., Web]


@pytest.fixture
def web_to(host: WebHost) -> Iterator[Maker]:
    """Makes a Web for an address; all are closed in the end."""
    made: list[Web] = []

    def make(url: str, *, insecure_http: bool = False, **more: Any) -> Web:
        given = {"token": Secret(TOKEN), "user_agent": "ameide-ws/0 (test)", "limits": LIMITS, **more}
        web = Web(parse_origin(url, insecure_http=insecure_http), given.pop("host", host), **given)
        made.append(web)
        return web

    yield make
    for web in made:
        web.close()


@pytest.fixture
def web(server: Server, web_to: Maker) -> Web:
    return web_to(server.url)
