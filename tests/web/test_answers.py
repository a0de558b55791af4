"""Answers: JSON of any status, text, web pages, and what is none of them."""

import gzip
import json
from typing import Any

import pytest

from ameide_ws.problems import BadAnswer, Broken, NotCoder, Problem, TooLarge
from ameide_ws.web import Refused, Unsure, Web
from tests.web.conftest import Maker, Server

NGINX = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>"
)
KEYCLOAK = b'<!DOCTYPE html>\n<html class="login-pf"><head>\n<title>Sign in to ameide</title></head><body>SECRET</body>'
CLOUDFLARE = b"<!DOCTYPE html><!--[if lt IE 7]> <html> <![endif]--><title>Just a moment...</title>"
ENVOY = b"upstream connect error or disconnect/reset before headers. reset reason: connection failure"


def test_json_of_any_status_is_an_answer(server: Server, web: Web) -> None:
    for status in (200, 201, 400, 401, 403, 404, 409, 410, 412, 500):
        server.always(status, {"message": "m"}, X_Coder_Request_Id="r1", Date="Tue, 24 Nov 2026 14:00:00 GMT")
        answer = web.get("/api/v2/x", {"a": "b"})
        assert (answer.status, answer.body, answer.request_id) == (status, {"message": "m"}, "r1")
        assert answer.date is not None
        assert (answer.method, answer.path, answer.is_success) == ("GET", "/api/v2/x", status < 300)


def test_a_post_sends_json_and_an_empty_answer_has_no_body(server: Server, web: Web) -> None:
    server.always(200, b"")
    assert web.post("/api/v2/x", {"ü": "\ud800"}).body is None
    assert json.loads(server.asked[0].body) == {"ü": "\ud800"}
    assert server.asked[0].headers["content-type"] == "application/json"
    assert web.post("/api/v2/x").status == 200
    assert server.asked[1].headers["content-length"] == "0"


def test_gzip_is_taken_apart(server: Server, web: Web) -> None:
    data = gzip.compress(json.dumps([{"id": n} for n in range(1000)]).encode())
    server.always(200, data, Content_Type="application/json", Content_Encoding="gzip")
    assert len(web.get("/api/v2/x").body) == 1000
    assert len(list(web.items("/api/v2/x"))) == 1000


@pytest.mark.parametrize(
    "page", [NGINX, KEYCLOAK, CLOUDFLARE, b"\xef\xbb\xbf  <p>"], ids=["nginx", "keycloak", "cloudflare", "bom"]
)
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "text/plain", ""])
@pytest.mark.parametrize("status", [200, 401, 403, 404, 502])
def test_F20_a_web_page_is_not_coder(page: bytes, kind: str, status: int, server: Server, web: Web) -> None:
    server.always(status, page, Content_Type=kind)
    with pytest.raises(NotCoder) as caught:
        web.get("/api/v2/users/me", {"q": "hidden"})
    said = f"{caught.value.message} {caught.value.cause} {caught.value.tries}"
    assert f"HTTP {status}" in said
    assert f"127.0.0.1:{server.port}" in caught.value.message
    assert "SECRET" not in said
    assert "hidden" not in said
    assert caught.value.exit == 7


def test_F05_a_portal_page_is_named_by_its_title(server: Server, web: Web) -> None:
    server.always(200, KEYCLOAK, Content_Type="text/html")
    with pytest.raises(NotCoder) as caught:
        web.get("/api/v2/users/me")
    assert "“Sign in to ameide”" in caught.value.cause
    with pytest.raises(NotCoder):
        list(web.items("/api/v2/logs"))


def test_F20_coders_own_page_without_a_page_is_not_an_answer(server: Server, web: Web) -> None:
    text = b"Slim build of Coder, does not contain the frontend static files."
    server.always(200, text, Content_Type="text/html; charset=utf-8", X_Coder_Build_Version="v2.36.0")
    with pytest.raises(NotCoder):
        web.get("/nothing/here")


def test_W13_plain_text_refusals_of_coder_are_answers(server: Server, web: Web) -> None:
    text = b'WebSocket protocol violation: Connection header "keep-alive"\n{"message":"Internal error"}\n'
    server.always(426, text, Content_Type="text/plain; charset=utf-8", X_Coder_Build_Version="v2.36.0")
    answer = web.get("/api/v2/workspaces/1/watch-ws")
    assert answer.status == 426
    assert answer.body == {"message": 'WebSocket protocol violation: Connection header "keep-alive"'}
    with pytest.raises(Refused) as caught:
        list(web.items("/api/v2/logs"))
    assert caught.value.answer.status == 426
    server.always(400, b"Something is wrong with your CSRF token.\n", Content_Type="text/plain", X_Coder_Request_Id="r")
    assert web.post("/api/v2/x", {}).body["message"].startswith("Something is wrong")


def test_F20_plain_text_of_somebody_else_is_not_coder(server: Server, web: Web) -> None:
    server.always(404, b"default backend - 404", Content_Type="text/plain")
    with pytest.raises(NotCoder, match="answered with text/plain instead of data"):
        web.get("/api/v2/x")


BAD = {
    "truncated": b'{"a": ',
    "not JSON": b"hello",
    "not UTF-8": b'"\xff"',
    "deep": b"[" * 5000,
    "long number": b"1" * 5000,
    "NaN": b"NaN",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_F24_T56_json_that_is_none_is_a_bad_answer(data: bytes, server: Server, web: Web) -> None:
    server.always(200, data, Content_Type="application/json", X_Coder_Request_Id="r-77")
    with pytest.raises(BadAnswer) as caught:
        web.get("/api/v2/x")
    assert caught.value.ref == "request r-77"
    with pytest.raises(Problem):
        list(web.items("/api/v2/x"))


def test_F24_a_change_with_an_unreadable_answer_is_unsure(server: Server, web: Web) -> None:
    server.always(201, b"{", Content_Type="application/json")
    with pytest.raises(Unsure) as caught:
        web.post("/api/v2/x", {})
    assert isinstance(caught.value.problem, BadAnswer)


def test_T54_compression_that_was_not_asked_for_is_a_bad_answer(server: Server, web: Web) -> None:
    server.always(200, b"xx", Content_Type="application/json", Content_Encoding="br")
    with pytest.raises(BadAnswer, match="does not know"):
        web.get("/api/v2/x")


def test_T53_a_body_above_its_cap_is_too_large(server: Server, web: Web) -> None:
    server.always(200, b" " * (16 * 1024 * 1024) + b"{}", Content_Type="application/json")
    with pytest.raises(TooLarge, match="more data than"):
        web.get("/api/v2/x")
    server.always(200, gzip.compress(b" " * 17_000_000), Content_Type="application/json", Content_Encoding="gzip")
    with pytest.raises(TooLarge):
        web.get("/api/v2/x")


def test_T53_a_long_error_is_read_only_in_part(server: Server, web: Web) -> None:
    server.always(404, b"<html>" + b"x" * 300_000, Content_Type="text/html")
    with pytest.raises(NotCoder):
        web.get("/api/v2/x")


def test_T53_a_huge_head_is_refused(server: Server, web: Web) -> None:
    server.answer = lambda asked: (200, {f"X-{n}": "y" * 1000 for n in range(70)}, {})
    with pytest.raises(TooLarge, match="more data than"):
        web.get("/api/v2/x")
    server.answer = lambda asked: (200, {"X-Long": "y" * 200_000}, {})
    with pytest.raises(Problem):
        web.get("/api/v2/x")


def test_items_are_refused_with_the_answer(server: Server, web: Web) -> None:
    server.always(404, {"message": "Resource not found."})
    with pytest.raises(Refused) as caught:
        next(web.items("/api/v2/logs"))
    assert (caught.value.answer.status, caught.value.answer.body) == (404, {"message": "Resource not found."})
    server.always(500, {"message": "x"})
    with pytest.raises(Refused):
        next(web.items("/api/v2/logs"))
    assert len(server.asked) == 3  # a 500 is tried once more


def test_other_calls_may_be_made_while_items_are_taken(server: Server, web: Web) -> None:
    server.answer = lambda asked: (200, {}, [1, 2, 3] if "logs" in asked.target else {"a": 1})
    got = []
    for item in web.items("/api/v2/logs"):
        got.append((item, web.get("/api/v2/x").body))
    assert got == [(1, {"a": 1}), (2, {"a": 1}), (3, {"a": 1})]


def test_F07_items_break_midway_with_a_problem(server: Server, web: Web) -> None:
    server.always(200, b'[{"id": 1}, {"id": 2}, {"id"', Content_Type="application/json")
    got: list[Any] = []
    with pytest.raises(Broken):
        got.extend(web.items("/api/v2/logs"))
    assert got == [{"id": 1}, {"id": 2}]


def test_debug_lines_hold_no_query_and_no_token(server: Server, web_to: Maker) -> None:
    lines: list[str] = []
    server.always(200, {}, X_Coder_Request_Id="r-1")
    web = web_to(server.url, debug=lines.append)
    web.get("/api/v2/x", {"q": "secret"})
    server.always(404, b"<html>", Content_Type="text/html")
    with pytest.raises(NotCoder):
        web.get("/api/v2/y")
    assert lines[0].startswith("GET /api/v2/x 200 ")
    assert lines[0].endswith(" ms r-1")
    assert lines[1].startswith("GET /api/v2/y 404 ")
    with pytest.raises(Refused):
        web.dial("/api/v2/w", {"q": "secret"})
    assert lines[2].startswith("GET /api/v2/w 404 ")
    assert "secret" not in "".join(lines)


def test_F23_the_trace_is_kept_for_the_reference(server: Server, web: Web) -> None:
    server.always(200, b"{", Content_Type="application/json", X_Coder_Request_Id="r-7", X_Trace_Id="t-9")
    with pytest.raises(BadAnswer) as caught:
        web.get("/api/v2/x")
    assert caught.value.ref == "request r-7 trace t-9"
