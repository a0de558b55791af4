"""Probes of an app's address: every status is seen, Coder's cookies are kept where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.problems import TooSlow, Unreachable
from ameide_ws.web import Jar, Web
from tests.fakes import TOKEN
from tests.web.conftest import LIMITS, Maker, Server, WebHost
from tests.wire import Relay, closed_port

APP = "/@dev1/demo.main/apps/code-server/"
SIGNED = f"coder_signed_app_token=abc.def; Path={APP}; Expires=Tue, 24 Nov 2026 02:49:53 GMT; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize("status", [200, 303, 307, 400, 403, 404, 429, 500, 502, 503])
def test_W7_any_status_is_seen_once(status: int, server: Server, web: Web) -> None:
    page = f"<!doctype html><html><head><title>{status} - What</title></head>…".encode()
    server.always(status, page, Content_Type="text/html; charset=utf-8", X_RateLimit_Remaining="508")
    for look in (web.page, web.upgrade):
        seen = look(f"{APP}?folder=/home/dev1/ws", Jar())
        assert seen[:5] == (status, True, f"{status} - What", 508, None)
    assert len(server.asked) == 2


def test_W27_a_rate_limit_is_seen_with_its_wait(server: Server, web: Web, host: WebHost) -> None:
    server.always(429, {"message": "x"}, Retry_After="60", X_RateLimit_Remaining="0")
    seen = web.page(APP, Jar())
    assert (seen.status, seen.html, seen.remaining, seen.retry_after) == (429, False, 0, 60.0)
    assert host.waits == []


def test_a_redirect_is_seen_without_its_query(server: Server, web: Web) -> None:
    server.always(303, b"", Location=f"{server.url}/login?message=signed+out&redirect=%2F")
    assert web.page(APP, Jar()).location == f"{server.url}/login"
    server.always(307, b"", Location="/@dev1/demo/apps/x/\x1b[31m")
    assert web.page(APP, Jar()).location == "/@dev1/demo/apps/x/"


def test_a_long_page_is_read_only_in_part(server: Server, web: Web) -> None:
    server.always(200, b"<title>Code</title>" + b"x" * 3_000_000, Content_Type="text/html")
    assert web.page(APP, Jar()).title == "Code"
    server.always(200, b"\x1f\x8b garbage", Content_Type="text/html", Content_Encoding="gzip")
    assert web.page(APP, Jar()) == (200, True, "", None, None, "")


def test_a_probe_that_reaches_nobody_is_a_problem(web_to: Maker, host: WebHost) -> None:
    with pytest.raises(Unreachable):
        web_to(f"http://127.0.0.1:{closed_port()}").page(APP, Jar())
    with Relay() as relay:
        relay.hold()
        with pytest.raises(TooSlow):
            web_to(relay.url, limits=LIMITS._replace(probe=0.2)).page(APP, Jar())
        assert relay.connections == 1
    assert host.waits == []


def test_W27_coders_app_cookie_is_kept_for_its_path(server: Server, web: Web) -> None:
    jar = Jar()
    server.always(200, {}, Set_Cookie=SIGNED)
    web.page(f"{APP}?folder=/w", jar)
    web.page(f"{APP}?folder=/w", jar)
    web.upgrade(f"{APP}?folder=/w", jar)
    web.page("/@dev1/other.main/apps/code-server/", jar)
    mine = f"coder_session_token={TOKEN}"
    assert [asked.headers["cookie"] for asked in server.asked] == [
        mine,
        f"{mine}; coder_signed_app_token=abc.def",
        f"{mine}; coder_signed_app_token=abc.def",
        mine,
    ]
    web.get("/api/v2/x")
    assert "cookie" not in server.asked[-1].headers
    assert "abc.def" not in repr(jar)


@pytest.mark.parametrize(
    "line",
    [
        "csrf_token=x; Path=/; HttpOnly",
        f"coder_session_token=stolen; Path={APP}",
        f"vscode-tkn=x; Path={APP}",
        "coder_signed_app_token=x; Path=/",
        "coder_signed_app_token=x; Path=/@dev1/demo.main/apps/code",
        "coder_signed_app_token=x; Path=/@dev1/other/apps/x/",
        f"coder_signed_app_token=a b; Path={APP}",
        f"coder_signed_app_token=x\r\nEvil: 1; Path={APP}",
        f"coder_signed_app_token={'x' * 5000}; Path={APP}",
        f"coder_signed_app_token=; Path={APP}",
        "",
        "=",
    ],
)
def test_T08_no_other_cookie_is_kept(line: str) -> None:
    jar = Jar()
    jar.keep(APP, [line])
    assert jar.cookies(APP) == []


def test_T08_no_cookie_is_kept_from_the_api_and_an_empty_one_removes() -> None:
    jar = Jar()
    jar.keep("/api/v2/x", ["coder_signed_app_token=x; Path=/api/v2/"])
    jar.keep(APP, [SIGNED, f"coder_path_app_session_token=p; path={APP}", "coder_signed_app_token_23db1dde=q"])
    assert jar.cookies(APP) == [
        "coder_signed_app_token=abc.def",
        "coder_path_app_session_token=p",
        "coder_signed_app_token_23db1dde=q",
    ]
    assert jar.cookies("/api/v2/x") == []
    jar.keep(APP, [f"coder_signed_app_token=; Path={APP}"])
    assert len(jar.cookies(APP)) == 2


@given(st.lists(st.text(max_size=80) | st.builds("coder_signed_app_token={}; Path=/@{}".format, st.text(), st.text())))
def test_T08_whatever_is_kept_is_one_header_value(lines: list[str]) -> None:
    jar = Jar()
    jar.keep("/@a/b/", lines)
    for pair in jar.cookies("/@a/b/"):
        assert pair.isascii()
        assert pair.isprintable()
        assert ";" not in pair
        assert " " not in pair
