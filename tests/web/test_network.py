"""Names, connections, deadlines, and connections that break: everything below HTTP."""

import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from ameide_ws.problems import Broken, NameNotResolved, Problem, TooSlow, Unreachable
from ameide_ws.web import Jar, Limits, Unsure, Web
from tests.web.conftest import LIMITS, Maker, Server, WebHost
from tests.wire import Relay, closed_port

V4, V6 = socket.AF_INET, socket.AF_INET6


def test_F01_nothing_listens(web_to: Maker, host: WebHost) -> None:
    port = closed_port()
    with pytest.raises(Unreachable) as caught:
        web_to(f"http://127.0.0.1:{port}").get("/api/v2/x")
    assert caught.value.message == f"nothing answers at 127.0.0.1:{port} (connection refused)"
    assert len(host.waits) == 5
    assert caught.value.exit == 7


def test_F01_a_server_that_comes_up_meanwhile_is_found(server: Server, web_to: Maker) -> None:
    tried: list[int] = []

    def resolver(name: str, port: int) -> Sequence[Any]:
        tried.append(port)
        return [(V4, ("127.0.0.1", server.port if len(tried) > 3 else closed_port()))]

    assert web_to("http://coder.test", insecure_http=True, resolver=resolver).get("/").status == 200
    assert len(tried) == 4


def resolver_failing(code: int, tried: list[str]) -> Any:
    def resolver(name: str, port: int) -> Sequence[Any]:
        tried.append(name)
        raise socket.gaierror(code, "x")

    return resolver


def test_F02_a_name_that_is_not_known_is_asked_for_once_more(web_to: Maker) -> None:
    tried: list[str] = []
    web = web_to("https://nosuch.example", resolver=resolver_failing(socket.EAI_NONAME, tried))
    with pytest.raises(NameNotResolved, match=r"the name nosuch\.example is not known"):
        web.get("/api/v2/x")
    assert len(tried) == 2


def test_F02_a_name_server_in_trouble_is_asked_again(web_to: Maker) -> None:
    tried: list[str] = []
    web = web_to("https://coder.example", resolver=resolver_failing(socket.EAI_AGAIN, tried))
    with pytest.raises(NameNotResolved, match="could not be looked up just now"):
        web.get("/api/v2/x")
    assert len(tried) == 6


def test_D3_a_lookup_that_never_answers_ends_with_the_deadline(web_to: Maker, host: WebHost) -> None:
    ended = threading.Event()

    def resolver(name: str, port: int) -> Sequence[Any]:
        ended.wait(20)
        return []

    web = web_to("https://coder.example", resolver=resolver, until=host.monotonic() + 0.3)
    begun = time.monotonic()
    with pytest.raises(TooSlow, match="time is up"):
        web.get("/api/v2/x")
    assert 0.25 < time.monotonic() - begun < 5
    ended.set()


def test_F11_a_dead_first_address_costs_a_moment(server: Server, web_to: Maker) -> None:
    dead = socket.create_server(("127.0.0.1", 0), backlog=1)
    full = [socket.socket() for _ in range(8)]
    for sock in full:  # a full queue takes no more connections: as silent as a broken route
        sock.setblocking(False)
        sock.connect_ex(dead.getsockname())
    addresses = [(V4, dead.getsockname()), (V4, ("127.0.0.1", server.port))]
    web = web_to("http://coder.test", insecure_http=True, resolver=lambda name, port: addresses)
    begun = time.monotonic()
    assert web.get("/api/v2/x").status == 200
    assert time.monotonic() - begun < 1
    for sock in (*full, dead):
        sock.close()


def test_F11_a_refused_ipv6_address_costs_nothing(server: Server, web_to: Maker) -> None:
    addresses = [(V6, ("::1", closed_port(), 0, 0)), (V4, ("127.0.0.1", server.port))]
    web = web_to("http://coder.test", insecure_http=True, resolver=lambda name, port: addresses)
    begun = time.monotonic()
    assert web.get("/api/v2/x").status == 200
    assert time.monotonic() - begun < 0.2


def test_F11_only_dead_addresses_are_no_reply(web_to: Maker, host: WebHost) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as dead:
        full = [socket.socket() for _ in range(8)]
        for sock in full:
            sock.setblocking(False)
            sock.connect_ex(dead.getsockname())
        web = web_to(f"http://127.0.0.1:{dead.getsockname()[1]}", until=host.monotonic() + 0.9)
        with pytest.raises((Unreachable, TooSlow)):
            web.get("/api/v2/x")
        for sock in full:
            sock.close()


@pytest.mark.parametrize("how", ["head", "body"])
def test_F06_a_dripping_server_is_left_at_the_deadline(how: str, web_to: Maker, host: WebHost) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def drip() -> None:
            client, _ = listener.accept()
            with client, suppress(OSError):
                client.recv(4096)
                client.sendall(head + (b"\r\n" if how == "body" else b"X: "))
                while not ended.wait(0.05):
                    client.sendall(b" ")

        threading.Thread(target=drip, daemon=True).start()
        limits = LIMITS._replace(total=0.6)
        web = web_to(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=limits, until=host.monotonic() + 0.7)
        begun = time.monotonic()
        with pytest.raises(TooSlow):
            web.get("/api/v2/x")
        assert 0.5 < time.monotonic() - begun < 2.5
        ended.set()


def test_F06_a_silent_server_is_left_before_the_whole_time(web_to: Maker, host: WebHost) -> None:
    said: list[str] = []
    with Relay() as relay:
        relay.hold()
        limits = LIMITS._replace(first_byte=0.2)
        web = web_to(relay.url, limits=limits, say=said.append)
        begun = time.monotonic()
        with pytest.raises(TooSlow, match=r"has not begun to answer within 0\.2 s"):
            web.get("/api/v2/x")
        assert time.monotonic() - begun < 3
        assert relay.connections == 6
        assert len(said) == 5  # lost time is said, however short the wait that follows
        with pytest.raises(Unsure) as caught:
            web.post("/api/v2/x", {})
        assert isinstance(caught.value.problem, TooSlow)


def test_R4_a_slow_reader_does_not_use_up_the_networks_time(server: Server, web_to: Maker, host: WebHost) -> None:
    server.always(200, [{"id": n, "output": "x" * 1000} for n in range(500)])
    web = web_to(server.url, limits=LIMITS._replace(total=2))
    count = 0
    for _ in web.items("/api/v2/logs"):
        host.pass_time(1)
        count += 1
    assert count == 500


GARBAGE = {
    "empty": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Type: appl",
    "short body": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{",
    "short chunk": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    "bad chunk": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "binary": b"\x00\x15\x03\x01\x00\x02\x02\x28" * 9,
    "HTTP/0.9": b"{}",
    "bad status": b"HTTP/1.1 abc OK\r\n\r\n",
    "bad header": b"HTTP/1.1 200 OK\r\nX Y\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_F07_what_is_cut_short_is_tried_again(answer: bytes, server: Server, web_to: Maker) -> None:
    server.always(200, {"ok": True})
    with Relay("127.0.0.1", server.port) as relay:
        relay.say(answer, times=2)
        assert web_to(relay.url).get("/api/v2/x").body == {"ok": True}
        assert relay.connections == 3


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_F07_what_stays_cut_short_is_broken(answer: bytes, web_to: Maker) -> None:
    with Relay() as relay:
        relay.say(answer)
        web = web_to(relay.url)
        with pytest.raises(Broken, match="broke before the whole answer had come"):
            web.get("/api/v2/x")
        with pytest.raises(Unsure):
            web.post("/api/v2/x", {})
        with pytest.raises(Broken):
            web.page("/@dev1/demo/apps/x/", Jar())
        assert relay.connections == 8


def test_F07_a_reset_is_broken_too(server: Server, web_to: Maker) -> None:
    with Relay("127.0.0.1", server.port) as relay:
        relay.reset(times=1)
        web = web_to(relay.url)
        assert web.get("/api/v2/x").status == 200
        relay.drop()
        assert web.get("/api/v2/x").status == 200


def test_F07_a_reset_that_stays_is_broken(web_to: Maker) -> None:
    with Relay() as relay:
        relay.reset()
        web = web_to(relay.url)
        with pytest.raises(Broken, match="broke before"):
            web.get("/api/v2/x")
        with pytest.raises(Unsure):
            web.post("/api/v2/x", {"a": "x" * 3_000_000})


def test_F06_a_server_that_does_not_take_the_request(web_to: Maker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        limits = LIMITS._replace(total=0.3)
        web = web_to(f"http://127.0.0.1:{deaf.getsockname()[1]}", limits=limits)
        with pytest.raises(Unsure) as caught:
            web.post("/api/v2/x", {"a": "x" * 20_000_000})
        assert isinstance(caught.value.problem, TooSlow)


def test_F11_an_address_of_an_unknown_family_is_passed_over(server: Server, web_to: Maker) -> None:
    addresses = [(9999, ("x", 1)), (V4, ("127.0.0.1", server.port))]
    web = web_to("http://coder.test", insecure_http=True, resolver=lambda name, port: addresses)
    assert web.get("/api/v2/x").status == 200


def test_F02_a_name_without_addresses_is_no_reply(web_to: Maker) -> None:
    with pytest.raises(Unreachable):
        web_to("http://coder.test", insecure_http=True, resolver=lambda name, port: []).get("/")


def test_F07_a_long_answer_cut_in_the_middle(server: Server, web_to: Maker) -> None:
    server.always(200, [{"id": n} for n in range(20_000)])
    with Relay("127.0.0.1", server.port) as relay:
        relay.cut_after(100_000, times=1)
        web = web_to(relay.url)
        assert len(web.get("/api/v2/x").body) == 20_000
        relay.drop()
        relay.cut_after(100_000)
        got: list[Any] = []
        with pytest.raises(Broken):
            got.extend(web.items("/api/v2/x"))
        assert [item["id"] for item in got] == list(range(len(got)))
        assert len(got) > 5000


def test_F08_an_idle_connection_is_used_again_and_dropped_after_sleep(
    server: Server, web_to: Maker, host: WebHost
) -> None:
    with Relay("127.0.0.1", server.port) as relay:
        web = web_to(relay.url)
        for _ in range(3):
            web.get("/api/v2/x")
        assert relay.connections == 1
        host.suspended = 9.0
        web.get("/api/v2/x")
        assert relay.connections == 1
        host.suspended = 2460.0
        web.get("/api/v2/x")
        web.get("/api/v2/x")
        assert relay.connections == 2


def test_F08_a_half_open_connection_is_noticed(server: Server, web_to: Maker, host: WebHost) -> None:
    with Relay("127.0.0.1", server.port) as relay:
        web = web_to(relay.url, limits=LIMITS._replace(probe=0.2))
        web.get("/api/v2/x")
        relay.hold()
        with pytest.raises(TooSlow):
            web.page("/@dev1/demo/apps/x/", Jar())
        hasty = web_to(relay.url, limits=LIMITS._replace(first_byte=0.1))
        with pytest.raises(TooSlow):
            hasty.get("/api/v2/x")


def test_threads_share_one_web(server: Server, web: Web) -> None:
    server.answer = lambda asked: (200, {}, [asked.target] * 3)
    wrong: list[Any] = []

    def ask(n: int) -> None:
        for turn in range(10):
            target = f"/api/v2/{n}-{turn}"
            if web.get(target).body != [target] * 3 or list(web.items(target)) != [target] * 3:
                wrong.append(target)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_no_message_ever_holds_the_query(web_to: Maker) -> None:
    with Relay() as relay:
        relay.say(b"nonsense")
        with pytest.raises(Problem) as caught:
            web_to(relay.url).get("/api/v2/x", {"q": "hidden"})
    assert "hidden" not in f"{caught.value} {caught.value.cause} {caught.value.tries} {caught.value.ref}"


def test_importing_the_room_costs_no_library() -> None:
    import subprocess

    more = "import ameide_ws.web.libraries as l; l.load(); print('rich' in sys.modules, 'click' in sys.modules)"
    heavy = "{'httpx', 'httpcore', 'h11', 'websockets', 'ssl', 'truststore', 'idna', 'email', 'rich', 'click'}"
    begin = "import sys; from ameide_ws.web import Web, Answer, Refused, Unsure, SocketEnded, Jar, Seen, Limits"
    done = subprocess.run(
        [sys.executable, "-c", f"{begin}; print(sorted({heavy} & set(sys.modules))); {more}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[]\nFalse False\n", "")


def test_the_limits_are_those_promised() -> None:
    assert Limits()[:5] == (10.0, 15.0, 30.0, 3.0, 5.0)
