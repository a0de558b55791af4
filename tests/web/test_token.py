"""The token: on requests to its own origin, and nowhere else."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ameide_ws.problems import BadToken, ForeignOrigin, Redirected
from ameide_ws.settings import Secret
from ameide_ws.web import Jar, Unsure, Web
from ameide_ws.web.origin import Origin
from ameide_ws.web.seal import COOKIE, HEADER, Seal
from tests.fakes import TOKEN
from tests.web.conftest import Maker, Server

REDIRECTS = (300, 301, 302, 303, 307, 308, 399)
METHODS: dict[str, Callable[[Web], Any]] = {
    "get": lambda web: web.get("/api/v2/users/me", {"q": "x"}),
    "post": lambda web: web.post("/api/v2/files", {"a": 1}),
    "post that reads": lambda web: web.post("/api/v2/evaluate", {"a": 1}, reads=True),
    "items": lambda web: list(web.items("/api/v2/logs")),
    "dial": lambda web: web.dial("/api/v2/watch-ws"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("status", REDIRECTS)
def test_T01_no_redirect_is_followed_by_any_method(
    method: str, status: int, server: Server, other: Server, web: Web
) -> None:
    server.always(status, b"", Location=f"{other.url}/api/v2/users/me?secret=1")
    with pytest.raises(Redirected) as caught:
        METHODS[method](web)
    assert f"redirect to {other.url}" in caught.value.message
    assert "secret" not in f"{caught.value.message}{caught.value.cause}{caught.value.tries}"
    assert len(server.asked) == 1
    assert other.asked == []


@pytest.mark.parametrize("probe", ["page", "upgrade"])
def test_T01_no_probe_follows_a_redirect(probe: str, server: Server, other: Server, web: Web) -> None:
    server.always(307, b"", Location=f"{other.url}/login?message=x")
    seen = getattr(web, probe)("/@dev1/demo.main/apps/code-server/", Jar())
    assert (seen.status, seen.location) == (307, f"{other.url}/login")
    assert other.asked == []


def test_T02_a_websocket_handshake_follows_nothing(server: Server, other: Server, web: Web) -> None:
    for location in (other.url.replace("http", "ws"), other.url, "/elsewhere", "::not an address::", "//x.example"):
        server.always(302, b"", Location=location)
        with pytest.raises(Redirected):
            web.dial("/api/v2/watch-ws")
    assert other.asked == []


def test_T01_a_redirect_says_where_it_leads_and_no_more(server: Server, web: Web) -> None:
    for location, said in (
        ("https://sso.example.com/login?state=abc#x", "https://sso.example.com"),
        ("/login", "another page of its own"),
        ("https://user:secret@evil.example/", "another place"),
        ("\\\\evil", "another place"),
        ("", "another place"),
    ):
        server.always(302, b"", Location=location)
        with pytest.raises(Redirected) as caught:
            web.get("/api/v2/users/me")
        assert f"redirect to {said}, which is not followed" in caught.value.message
        assert caught.value.exit == 7
        assert "secret" not in str(caught.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    begin=st.sampled_from(
        ["https://", "http://", "//", "ws://", "\\\\", "http://127.0.0.1:1", "/", "///", "javascript:"]
    ),
    rest=st.text("abc.:@/\\?#%127[]é\t ", max_size=16),
)
def test_T03_an_absolute_address_goes_nowhere_else(begin: str, rest: str, web: Web, other: Server) -> None:
    for path in (begin + rest, f"http://localhost:{other.port}/{rest}", f"//127.0.0.1:{other.port}{rest}"):
        with suppress(ForeignOrigin):  # any other Problem would mean that something was sent
            web.get(path)
    assert other.asked == []


def test_T03_it_is_held_back_before_a_socket_opens(web: Web, other: Server) -> None:
    for ask in (web.get, web.post, web.dial, lambda path: list(web.items(path)), lambda path: web.page(path, Jar())):
        with pytest.raises(ForeignOrigin):
            ask(f"{other.url}/api/v2/users/me")
        with pytest.raises(ForeignOrigin):
            ask(web.origin.url.replace("//", "//dev1:secret@") + "/api/v2/users/me")
    assert other.asked == []


def test_T04_the_seal_signs_for_one_origin_only() -> None:
    seal = Seal(Origin("https", "coder.example.com", 443), Secret(TOKEN))
    assert seal.headers("https", "coder.example.com", 443, HEADER, []) == {"Coder-Session-Token": TOKEN}
    assert seal.headers("wss", "coder.example.com", 443, COOKIE, ["a=b"]) == {
        "Cookie": f"coder_session_token={TOKEN}; a=b"
    }
    for scheme, name, port in (
        ("http", "coder.example.com", 443),
        ("ws", "coder.example.com", 443),
        ("https", "coder.example.com", 8443),
        ("https", "evil.example.com", 443),
        ("https", "coder.example.com.", 443),
    ):
        with pytest.raises(ForeignOrigin):
            seal.headers(scheme, name, port, HEADER, [])


def test_T04_without_a_token_none_is_sent(server: Server, web_to: Maker) -> None:
    web = web_to(server.url, token=None)
    web.get("/api/v2/buildinfo")
    web.page("/@dev1/demo/apps/x/", Jar())
    for asked in server.asked:
        assert not {"cookie", "authorization", "coder-session-token"} & set(asked.headers)


def test_T08_the_token_stands_in_one_header_and_nowhere_else(server: Server, web: Web) -> None:
    web.get("/api/v2/users/me", {"q": "owner:me"})
    asked = server.asked[0]
    assert asked.headers.pop("coder-session-token") == TOKEN
    assert TOKEN not in f"{asked}"
    assert asked.headers["user-agent"] == "ameide-ws/0 (test)"
    assert asked.headers["accept-encoding"] == "gzip"
    assert TOKEN not in repr(web) + repr(web.__dict__)


def test_W8_an_app_gets_the_token_as_a_cookie_only(server: Server, web: Web) -> None:
    web.page("/@dev1/demo.main/apps/code-server/?folder=/w", Jar())
    web.upgrade("/@dev1/demo.main/apps/code-server/?folder=/w", Jar())
    for asked in server.asked:
        assert asked.headers["cookie"] == f"coder_session_token={TOKEN}"
        assert "coder-session-token" not in asked.headers
        assert asked.target == "/@dev1/demo.main/apps/code-server/?folder=/w"


def test_T08_no_cookie_of_an_answer_is_ever_sent_back(server: Server, web: Web) -> None:
    server.always(200, {}, Set_Cookie="coder_session_token=other; Path=/")
    first = web.get("/api/v2/users/me")
    web.get("/api/v2/users/me")
    assert "set-cookie" not in first.headers
    assert all("cookie" not in asked.headers for asked in server.asked)


@given(st.text(max_size=50).filter(lambda text: not text.isascii() or not text.isprintable() or " " in text))
def test_T09_a_malformed_token_never_reaches_a_header(text: str) -> None:
    with pytest.raises(BadToken) as caught:
        Seal(Origin("https", "coder.example.com", 443), Secret(text))
    assert len(text) < 4 or text not in f"{caught.value}{caught.value.cause}{caught.value.tries}"


def test_T09_a_token_of_100_kilobytes_is_refused() -> None:
    with pytest.raises(BadToken):
        Seal(Origin("https", "coder.example.com", 443), Secret("x" * 100_000))


def test_T01_a_redirected_post_is_not_unsure(server: Server, web: Web) -> None:
    server.always(302, b"", Location="/login")
    with pytest.raises(Redirected):
        web.post("/api/v2/users/me/workspaces", {})
    server.always(502, b"<html>", Content_Type="text/html")
    with pytest.raises(Unsure):
        web.post("/api/v2/users/me/workspaces", {})
