"""Proxies: which one is taken, what it is told, and what is said when it does not work."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.problems import ProxyTrouble, TooSlow
from ameide_ws.web import Jar
from ameide_ws.web.origin import Origin
from ameide_ws.web.proxy import choose
from ameide_ws.web.words import Failed
from tests.web.conftest import LIMITS, Maker, Server, WebHost
from tests.wire import Relay, closed_port

HERE = Origin("https", "coder.example.com", 443)
PLAIN = Origin("http", "coder.example.com", 80)
PROXY = "http://proxy.example.com:3128"


def chosen(env: dict[str, str], origin: Origin = HERE) -> str | None:
    proxy = choose(origin, env)
    return proxy.spoken if proxy else None


def test_T11_the_variables_in_their_order() -> None:
    assert chosen({}) is None
    assert chosen({"HTTPS_PROXY": PROXY}) == "proxy.example.com:3128 (from HTTPS_PROXY)"
    assert chosen({"https_proxy": PROXY, "HTTPS_PROXY": "http://b"}) == "proxy.example.com:3128 (from https_proxy)"
    assert chosen({"https_proxy": "", "ALL_PROXY": PROXY}) == "proxy.example.com:3128 (from ALL_PROXY)"
    assert chosen({"HTTP_PROXY": PROXY}) is None
    assert chosen({"HTTP_PROXY": PROXY}, PLAIN) == "proxy.example.com:3128 (from HTTP_PROXY)"
    assert chosen({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, PLAIN) is None
    assert chosen({"HTTPS_PROXY": "proxy.example.com"}) == "proxy.example.com:80 (from HTTPS_PROXY)"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_T11_loopback_is_always_direct(host: str) -> None:
    assert chosen({"ALL_PROXY": PROXY, "HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY}, Origin("http", host, 80)) is None


@pytest.mark.parametrize(
    ("no_proxy", "direct"),
    [
        ("*", True),
        ("coder.example.com", True),
        ("example.com", True),
        (".example.com", True),
        ("*.example.com", True),
        ("CODER.example.com:443", True),
        ("a.test, example.com", True),
        ("a.test example.com", True),
        ("coder.example.com:8443", False),
        ("ample.com", False),
        ("coder.example.co", False),
        ("", False),
        (",", False),
        (".", False),
    ],
)
def test_T11_no_proxy(no_proxy: str, direct: bool) -> None:
    assert (chosen({"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}) is None) == direct
    assert (chosen({"HTTPS_PROXY": PROXY, "no_proxy": no_proxy}) is None) == direct


def test_T11_no_proxy_by_address() -> None:
    for host, entry in (("192.0.2.7", "192.0.2.0/24"), ("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::/32")):
        assert chosen({"ALL_PROXY": PROXY, "NO_PROXY": entry}, Origin("https", host, 443)) is None
    for entry in ("192.0.3.0/24", "192.0.2.0/99", "x/y", "::/0"):
        assert chosen({"ALL_PROXY": PROXY, "NO_PROXY": entry}, Origin("https", "192.0.2.7", 443)) is not None


@pytest.mark.parametrize("kind", ["socks5", "socks5h", "SOCKS4", "https", "quic"])
def test_T11_F04_other_kinds_are_refused_by_name(kind: str) -> None:
    with pytest.raises(Failed) as caught:
        choose(HERE, {"ALL_PROXY": f"{kind}://user:secret@proxy.example.com:1080"})
    problem = caught.value.problem
    assert isinstance(problem, ProxyTrouble)
    assert "ALL_PROXY" in problem.message
    assert "not supported" in problem.message
    assert "secret" not in f"{problem.message}{problem.cause}{problem.tries}"


@given(st.text(min_size=1, max_size=40))
def test_T11_any_value_is_a_proxy_or_refused_without_being_shown(value: str) -> None:
    try:
        proxy = choose(HERE, {"HTTPS_PROXY": f"http://SECRET:{value}@{value}"})
        said = f"{proxy!r}{proxy.spoken if proxy else ''}"
    except Failed as failed:
        said = f"{failed.problem}{failed.problem.cause}{failed.problem.tries}"
    assert "SECRET" not in said


@contextmanager
def connect_proxy(server: Server, answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that writes down what it is told, and leads everything to `server`."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, Relay("127.0.0.1", server.port) as relay:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                heads.append(client.recv(4096))
                client.sendall(answer)
                if not answer.startswith(b"HTTP/1.1 200"):
                    client.close()
                    continue
                threading.Thread(target=_join, args=(client, relay.port), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], heads
        listener.close()


def _join(client: socket.socket, port: int) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:

        def back() -> None:
            with suppress(OSError):
                while data := server.recv(65536):
                    client.sendall(data)

        threading.Thread(target=back, daemon=True).start()
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)


def test_T11_requests_and_websockets_go_through_the_same_tunnel(server: Server, web_to: Maker) -> None:
    with connect_proxy(server) as (port, heads):
        env = {"HTTP_PROXY": f"http://dev%31:s%40cret@127.0.0.1:{port}", "HTTPS_PROXY": "http://127.0.0.1:1"}
        web = web_to("http://coder.test:8080", insecure_http=True, host=WebHost(env))
        assert web.get("/api/v2/x").status == 200
        web.page("/@dev1/demo/apps/x/", Jar())
        with pytest.raises(Exception, match="HTTP 200"):
            web.dial("/api/v2/w")
        web.close()
    assert len(heads) == 2
    for head in heads:
        assert head.startswith(b"CONNECT coder.test:8080 HTTP/1.1\r\nHost: coder.test:8080\r\n")
        assert b"Proxy-Authorization: Basic ZGV2MTpzQGNyZXQ=\r\n" in head
        assert b"CANARY" not in head
    assert all("proxy-authorization" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants credentials"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "refuses to connect to coder.test:80"),
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n<html>", "refuses to connect"),
        (b"SSH-2.0-x\r\n\r\n", "refuses to connect"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore", "refuses to connect"),
        (b"x" * 20_000, "refuses to connect"),
        (b"", "refuses to connect"),
    ],
)
def test_F04_a_proxy_that_refuses_is_named(answer: bytes, said: str, web_to: Maker, host: WebHost) -> None:
    with Relay() as relay:
        relay.say(answer)
        env = {"ALL_PROXY": f"http://user:secret@127.0.0.1:{relay.port}"}
        web = web_to("http://coder.test", insecure_http=True, host=WebHost(env))
        for ask in (web.get, web.post, web.dial):
            with pytest.raises(ProxyTrouble, match=said) as caught:
                ask("/api/v2/x")
            assert f"127.0.0.1:{relay.port} (from ALL_PROXY)" in caught.value.message
            assert "secret" not in f"{caught.value}{caught.value.cause}{caught.value.tries}"
        assert relay.connections == 3


def test_F04_a_silent_proxy_ends_with_the_deadline(web_to: Maker) -> None:
    with Relay() as relay:
        relay.hold()
        host = WebHost({"ALL_PROXY": f"http://127.0.0.1:{relay.port}"})
        web = web_to("http://coder.test", insecure_http=True, host=host, limits=LIMITS._replace(connect=0.1))
        with pytest.raises(TooSlow, match=r"no connection to coder\.test:80 within 0\.1 s"):
            web.get("/api/v2/x")
        relay.pass_on()
        relay.reset()
        with pytest.raises(ProxyTrouble, match="does not answer"):
            web.get("/api/v2/x")


def test_F04_a_proxy_that_is_not_there_is_named(web_to: Maker) -> None:
    host = WebHost({"HTTPS_PROXY": f"http://127.0.0.1:{closed_port()}"})
    with pytest.raises(ProxyTrouble, match=r"\(from HTTPS_PROXY\) does not answer \(connection refused\)"):
        web_to("https://coder.example.com", host=host).get("/api/v2/x")
    assert len(host.waits) == 5


def test_T11_the_environment_of_the_process_does_not_count(
    server: Server, web_to: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    addresses = [(socket.AF_INET, ("127.0.0.1", server.port))]
    web = web_to("http://coder.test", insecure_http=True, resolver=lambda name, port: addresses)
    assert web.get("/api/v2/x").status == 200
