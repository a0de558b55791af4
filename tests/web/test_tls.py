"""TLS: whom we trust, what is said when we do not, and that nothing of a request gets out before."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.problems import BadConfig, Broken, Problem, TlsTrouble
from ameide_ws.web import Jar, Unsure
from ameide_ws.web.certificate import parse
from tests.web.conftest import LIMITS, Maker, WebHost
from tests.wire import Relay

NAME = "coder.test"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Example Authority")


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@contextmanager
def tls_server(made: ssl.SSLContext) -> Iterator[tuple[Any, list[bytes]]]:
    """Answers each request with `{}`; gives a resolver that leads to it, and what it was told after the handshake."""
    told: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(client,), daemon=True).start()

        def answer(client: socket.socket) -> None:
            try:
                with made.wrap_socket(client, server_side=True) as secure:
                    while data := secure.recv(65536):
                        told.append(data)
                        secure.sendall(HEAD)
            except OSError:
                client.close()

        threading.Thread(target=serve, daemon=True).start()
        address = (socket.AF_INET, listener.getsockname())
        yield (lambda name, port: [address]), told
        listener.close()


def test_T12_a_certificate_of_ones_own_is_trusted_by_ca_file(
    authority: trustme.CA, ca_file: str, web_to: Maker, tmp_path: Path
) -> None:
    with tls_server(context(authority.issue_cert(NAME))) as (resolver, told):
        web = web_to(f"https://{NAME}", resolver=resolver, ca_file=ca_file)
        assert web.get("/api/v2/x").body == {}
        assert web.page("/@dev1/demo/apps/x/", Jar()).status == 200
        with pytest.raises(Exception, match="HTTP 200"):
            web.dial("/api/v2/w")
        host = WebHost({"SSL_CERT_FILE": ca_file})
        assert web_to(f"https://{NAME}", resolver=resolver, host=host).get("/api/v2/x").body == {}
    assert len(told) == 4


def failing(made: ssl.SSLContext, web_to: Maker, **more: Any) -> TlsTrouble:
    """The problem that each way of asking ends with; the server was told nothing."""
    with tls_server(made) as (resolver, told):
        web = web_to(f"https://{NAME}", resolver=resolver, **more)
        problems = []
        asks: list[Callable[[str], Any]] = [web.get, web.post, web.dial]
        asks += [lambda path: web.page(path, Jar()), lambda path: list(web.items(path))]
        for ask in asks:
            with pytest.raises(TlsTrouble) as caught:
                ask("/api/v2/x")
            problems.append(caught.value)
        assert len({problem.message for problem in problems}) == 1
        assert told == []
    return problems[0]


def test_F03_T12_an_unknown_issuer(authority: trustme.CA, web_to: Maker, host: WebHost) -> None:
    problem = failing(context(authority.issue_cert(NAME, common_name="the server")), web_to)
    assert "made by nobody this machine trusts" in problem.message
    assert problem.cause == "the certificate says it is for “the server”, made by “Example Authority”"
    assert problem.tries[0].startswith("--ca-file FILE")
    assert problem.exit == 7
    assert host.waits == []


def test_F03_an_expired_certificate(authority: trustme.CA, ca_file: str, web_to: Maker) -> None:
    begin, end = datetime(2019, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)
    old = authority.issue_cert(NAME, not_before=begin, not_after=end)
    problem = failing(context(old), web_to, ca_file=ca_file)
    assert "its certificate has expired" in problem.message
    assert "the clock of this machine says 2026-11-24 14:0" in problem.cause


def test_F03_a_certificate_that_is_not_valid_yet(authority: trustme.CA, ca_file: str, web_to: Maker) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    early = authority.issue_cert(NAME, not_before=later, not_after=later + timedelta(days=1))
    problem = failing(context(early), web_to, ca_file=ca_file)
    assert "not valid yet" in problem.message
    assert "the clock of this machine says 2026-11-24 14:0" in problem.cause
    assert "check date and time" in problem.tries[0]


def test_F03_a_certificate_for_another_name(authority: trustme.CA, ca_file: str, web_to: Maker) -> None:
    problem = failing(context(authority.issue_cert("other.test", common_name="other.test")), web_to, ca_file=ca_file)
    assert "for another name than coder.test" in problem.message
    assert "“other.test”" in problem.cause


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_T12_outdated_tls_is_refused(authority: trustme.CA, ca_file: str, web_to: Maker) -> None:
    old = context(authority.issue_cert(NAME))
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    problem = failing(old, web_to, ca_file=ca_file)
    assert "it knows only outdated TLS" in problem.message or "no encryption could be agreed on" in problem.message


def leading_to(relay: Relay) -> Any:
    return lambda name, port: [(socket.AF_INET, ("127.0.0.1", relay.port))]


def test_T12_a_server_without_tls_is_told_apart(web_to: Maker) -> None:
    with Relay() as relay:
        relay.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(TlsTrouble, match="does not speak TLS"):
            web_to(f"https://{NAME}", resolver=leading_to(relay)).get("/api/v2/x")
        assert b"CANARY" not in relay.sent
        with pytest.raises(TlsTrouble) as caught:
            web_to(f"localhost:{relay.port}").get("/api/v2/x")
        assert caught.value.tries == (f"if plain http is meant, write it: http://localhost:{relay.port}",)


def test_R2_a_reset_handshake_is_tried_again(web_to: Maker, host: WebHost) -> None:
    with Relay() as relay:
        relay.reset()
        web = web_to(f"https://{NAME}", resolver=leading_to(relay))
        with pytest.raises(Broken) as caught:
            web.get("/api/v2/x")
        assert "while the connection was being secured" in caught.value.cause
        assert relay.connections == 6
        with pytest.raises(Broken):  # nothing was sent, so nothing is unsure
            web.post("/api/v2/x", {})
        relay.say(b"")
        with pytest.raises(Broken):
            web.get("/api/v2/x")


def test_R4_a_silent_handshake_ends_with_the_deadline(web_to: Maker, host: WebHost) -> None:
    with Relay() as relay:
        relay.hold()
        web = web_to(
            f"https://{NAME}", resolver=leading_to(relay), limits=LIMITS._replace(connect=0.2),
            until=host.monotonic() + 0.5,
        )  # fmt: skip
        with pytest.raises(Problem, match=r"no connection to coder\.test:443 within 0\.2 s|time is up"):
            web.get("/api/v2/x")
        with pytest.raises(Problem) as caught:
            web.post("/api/v2/x")
        assert not isinstance(caught.value, Unsure)


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_T12_a_ca_file_that_holds_nothing_is_named(content: str | None, web_to: Maker, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with Relay() as relay:
        elsewhere = WebHost({"SSL_CERT_FILE": str(path)})
        for more, said in (({"ca_file": str(path)}, "--ca-file"), ({"host": elsewhere}, "SSL_CERT_FILE")):
            web = web_to(f"https://{NAME}", resolver=leading_to(relay), **more)
            with pytest.raises(BadConfig, match="no certificates could be read") as caught:
                web.get("/api/v2/x")
            assert caught.value.message.startswith(said)
            assert caught.value.exit == 2


def test_T12_what_a_certificate_says_is_made_safe(authority: trustme.CA) -> None:
    leaf = authority.issue_cert(NAME, common_name="evil\x1b]0;x\x07", organization_name="x" * 60)
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    seen = parse(der)
    assert seen is not None
    assert seen == ("evil", "Example Authority")
    for end in range(0, len(der), 7):
        parse(der[:end])


@given(st.binary(max_size=200))
def test_T12_any_bytes_are_a_certificate_or_none(data: bytes) -> None:
    parse(data)
