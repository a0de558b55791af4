"""WebSockets: dialled with the token, capped, pinged, refused, ended."""

import logging
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET
from typing import Any

import pytest
import trustme
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from ameide_ws.problems import Broken, Problem, TooSlow, Unreachable
from ameide_ws.web import Jar, Refused, SocketEnded
from tests.fakes import TOKEN
from tests.web.conftest import LIMITS, Maker, Server, WebHost
from tests.wire import Relay, closed_port

Handler = Callable[[ServerConnection], Any]


@contextmanager
def serving(handler: Handler, seen: list[Any] | None = None, **more: Any) -> Iterator[int]:
    def look(connection: ServerConnection, request: Request) -> Response | None:
        if seen is not None:
            seen.append(request)
        return None

    logger = logging.getLogger("tests.websockets")
    logger.addHandler(logging.NullHandler())
    with serve(handler, "127.0.0.1", 0, process_request=look, logger=logger, **more) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


def greet(connection: ServerConnection) -> None:
    connection.send("hello")
    connection.send(b"\x00\xff")
    connection.recv()


def test_D2_a_socket_over_tls_is_dialled_the_same_way(web_to: Maker, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("coder.test").configure_cert(made)
    with serving(greet, ssl=made) as port:
        web = web_to(
            "https://coder.test",
            ca_file=str(tmp_path / "ca.pem"),
            resolver=lambda name, due: [(AF_INET, ("127.0.0.1", port))],
        )
        with web.dial("/api/v2/w") as socket:
            assert socket.recv(2) == "hello"
        assert web.upgrade("/@dev1/demo/apps/x/", Jar()).status == 101


def test_D2_a_socket_is_dialled_with_the_token_and_little_else(web_to: Maker) -> None:
    seen: list[Request] = []
    with serving(greet, seen) as port, web_to(f"http://127.0.0.1:{port}").dial("/api/v2/w", {"follow": ""}) as socket:
        assert socket.recv(2) == "hello"
        assert socket.recv(2) == b"\x00\xff"
        assert socket.recv(0.01) is None
        socket.send("bye")
        with pytest.raises(SocketEnded) as caught:
            socket.recv(2)
    assert caught.value.code == 1000
    headers = {name.lower(): value for name, value in seen[0].headers.raw_items()}
    assert seen[0].path == "/api/v2/w?follow="
    assert headers["coder-session-token"] == TOKEN
    assert headers["user-agent"] == "ameide-ws/0 (test)"
    assert not {"origin", "cookie", "authorization", "sec-websocket-extensions"} & set(headers)


@pytest.mark.parametrize("code", [1000, 1001, 1009, 1011, 1012])
def test_R5_every_end_is_told_with_its_code(code: int, web_to: Maker) -> None:
    with serving(lambda connection: connection.close(code, "why\x1b[31m")) as port:
        with web_to(f"http://127.0.0.1:{port}").dial("/w") as socket, pytest.raises(SocketEnded) as caught:
            socket.recv(2)
        assert (caught.value.code, caught.value.reason) == (code, "why")


def test_R5_a_broken_connection_has_no_code(web_to: Maker) -> None:
    with serving(lambda connection: connection.socket.shutdown(2)) as port:
        with web_to(f"http://127.0.0.1:{port}").dial("/w") as socket, pytest.raises(SocketEnded) as caught:
            socket.recv(2)
        assert caught.value.code is None


def test_T55_a_giant_message_ends_the_socket_with_1009(web_to: Maker) -> None:
    def flood(connection: ServerConnection) -> None:
        connection.send("x" * (17 * 1024 * 1024))

    with serving(flood, max_size=None) as port, web_to(f"http://127.0.0.1:{port}").dial("/w") as socket:
        with pytest.raises(SocketEnded) as caught:
            socket.recv(5)
        assert caught.value.code == 1009


def test_T55_fifteen_mebibytes_still_pass(web_to: Maker) -> None:
    def send(connection: ServerConnection) -> None:
        connection.send("x" * 15_000_000)

    with serving(send) as port, web_to(f"http://127.0.0.1:{port}").dial("/w") as socket:
        assert len(socket.recv(5) or "") == 15_000_000


def test_T55_compression_is_not_agreed_to(web_to: Maker) -> None:
    seen: list[Request] = []

    def send(connection: ServerConnection) -> None:
        connection.send("x" * 10_000)

    with serving(send, seen, compression="deflate") as port, web_to(f"http://127.0.0.1:{port}").dial("/w") as socket:
        assert len(socket.recv(2) or "") == 10_000
    assert "Sec-WebSocket-Extensions" not in seen[0].headers


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 426, 429, 500, 502, 503])
def test_F27_a_refused_upgrade_is_refused_with_its_status(status: int, server: Server, web_to: Maker) -> None:
    web = web_to(server.url)
    server.always(status, {"message": "no"}, X_Coder_Request_Id="r-1")
    with pytest.raises(Refused) as caught:
        web.dial("/api/v2/watch-ws", {"q": "x"})
    answer = caught.value.answer
    assert (answer.status, answer.body, answer.path) == (status, {"message": "no"}, "/api/v2/watch-ws")
    assert answer.request_id == "r-1"
    server.always(status, b"<html><title>no</title>", Content_Type="text/html")
    with pytest.raises(Refused) as caught:
        web.dial("/api/v2/watch-ws")
    assert caught.value.answer.body is None
    server.always(status, b"first line\nsecond", Content_Type="text/plain")
    with pytest.raises(Refused) as caught:
        web.dial("/api/v2/watch-ws")
    assert caught.value.answer.body == {"message": "first line"}
    assert len(server.asked) == 3


def test_F01_a_dial_to_nobody_is_tried_like_a_get(web_to: Maker, host: WebHost) -> None:
    with pytest.raises(Unreachable):
        web_to(f"http://127.0.0.1:{closed_port()}").dial("/w")
    assert len(host.waits) == 5


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 101 Switch", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 101 OK\r\n\r\n"])
def test_F07_a_handshake_that_is_none_is_broken(answer: bytes, web_to: Maker) -> None:
    with Relay() as relay:
        relay.say(answer)
        with pytest.raises(Broken):
            web_to(relay.url).dial("/w")
        assert relay.connections == 1


def test_F06_a_silent_handshake_ends_with_the_deadline(web_to: Maker) -> None:
    with Relay() as relay:
        relay.hold()
        begun = time.monotonic()
        with pytest.raises(TooSlow):
            web_to(relay.url, limits=LIMITS._replace(connect=0.4)).dial("/w")
        assert 0.2 < time.monotonic() - begun < 1.5
        assert relay.connections == 1


def test_D12_close_takes_at_most_half_a_second(server: Server, web_to: Maker) -> None:
    with serving(lambda connection: connection.recv()) as port, Relay("127.0.0.1", port) as relay:
        socket = web_to(relay.url).dial("/w")
        relay.hold()
        begun = time.monotonic()
        socket.close()
        assert time.monotonic() - begun < 0.8
        socket.close()
        with pytest.raises(SocketEnded):
            socket.recv(0)
        with pytest.raises(SocketEnded):
            socket.send("x")


def test_F36_libraries_have_no_voice(web_to: Maker, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(lambda connection: connection.recv()) as port, Relay("127.0.0.1", port) as relay:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            socket = web_to(relay.url).dial("/w")
        relay.drop()
        with pytest.raises(SocketEnded):
            socket.recv(2)
        socket.close()
        logging.getLogger("websockets.client").error("keepalive ping failed")
        logging.getLogger("httpx").warning("x")
        logging.getLogger("httpcore.connection").warning("x")
    assert capfd.readouterr() == ("", "")


def test_T02_the_token_is_in_no_error_of_a_handshake(web_to: Maker) -> None:
    with Relay() as relay:
        relay.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        with pytest.raises(Problem) as caught:
            web_to(relay.url).dial("/w", {"q": "hidden"})
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in f"{error!r}"
        assert "hidden" not in f"{error!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_an_upgrade_probe_sees_101_and_leaves_at_once(web_to: Maker) -> None:
    seen: list[Request] = []

    def wait(connection: ServerConnection) -> None:
        connection.recv()

    with serving(wait, seen, close_timeout=0.1) as port:
        web = web_to(f"http://127.0.0.1:{port}")
        begun = time.monotonic()
        assert web.upgrade("/@dev1/demo.main/apps/code-server/?folder=/w", Jar()).status == 101
        assert time.monotonic() - begun < 0.3
    assert seen[0].headers["Cookie"] == f"coder_session_token={TOKEN}"


def test_an_upgrade_probe_does_not_believe_any_101(web_to: Maker) -> None:
    with Relay() as relay:
        relay.say(b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        with pytest.raises(Problem):
            web_to(relay.url).upgrade("/@dev1/demo/apps/x/", Jar())
