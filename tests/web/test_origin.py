"""Addresses: what is one, what may carry a token, what may be opened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.problems import BadUrl
from ameide_ws.web import Origin, openable, parse_origin

GOOD = {
    "https://coder.example.com": "https://coder.example.com",
    "https://coder.example.com/": "https://coder.example.com",
    "coder.example.com": "https://coder.example.com",
    "coder.example.com:8443": "https://coder.example.com:8443",
    "HTTPS://Coder.Example.COM:443": "https://coder.example.com",
    "https://coder.example.com.": "https://coder.example.com",
    "https://coder.example.com:0443": "https://coder.example.com",
    " https://coder.example.com\n": "https://coder.example.com",
    "https://192.0.2.7": "https://192.0.2.7",
    "https://[2001:DB8::0:1]:8443": "https://[2001:db8::1]:8443",
    "https://bücher.example": "https://xn--bcher-kva.example",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "http://localhost:3000": "http://localhost:3000",
    "http://127.0.0.1:7080": "http://127.0.0.1:7080",
    "http://127.8.9.1": "http://127.8.9.1",
    "http://[::1]:80": "http://[::1]",
}
BAD = [
    "",
    "https://",
    "https:///path",
    "//coder.example.com",
    "ftp://coder.example.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://good.com@evil.com",
    "https://good.com:pass@evil.com",
    "https://good.com\\@evil.com",
    "https://evil.com#@good.com",
    "https://evil.com\\.good.com",
    "https://evil.com/path",
    "https://evil.com?query=1",
    "https://evil.com#fragment",
    "https://good.com%2eevil.com",
    "https://good.com%00.evil.com",
    "https://2130706433",
    "https://127.1",
    "https://0x7f.1",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://1.2.3.4.5",
    "https://256.1.1.1",
    "https://192.0.2.07",
    "https://[::1%25lo]",
    "https://[::1",
    "https://[v1.x]",
    "https://::1",
    "https://good.com:0",
    "https://good.com:65536",
    "https://good.com:443:443",
    "https://good.com:",
    "https://good.com:４４３",
    "https://good.com:+443",
    "https://good..com",
    "https://.good.com",
    "https://good.com..",
    "https://-good.com",
    "https://good-.com",
    "https://good_com.example",
    "https://go od.com",
    "https://good.com\t.evil.com",
    "https://good.com\r\nHost: evil.com",
    "https://good\u200b.com",
    "https://good\u202e.com",
    "https://xn--zzzzzz-.example",
    "https://xn--a.example",
    "https://x\u2100y.example",
    "https://" + "a" * 64 + ".com",
    "https://" + "a." * 130 + "com",
    "https://a.example/" + "x" * 3000,
    "http:/coder.example.com",
    "http://coder.example.com",
    "http://localhost.evil.com",
    "http://127.0.0.1.evil.com",
    "http://0.0.0.0",
]
HERE = Origin("https", "coder.example.com", 443)


@pytest.mark.parametrize(("text", "url"), GOOD.items())
def test_T06_an_address_is_read_in_one_way(text: str, url: str) -> None:
    assert parse_origin(text).url == url
    assert parse_origin(url).url == url


@pytest.mark.parametrize("text", BAD)
def test_T06_a_deceptive_address_is_refused(text: str) -> None:
    with pytest.raises(BadUrl) as caught:
        parse_origin(text, where="AMEIDE_WS_URL")
    assert caught.value.message.startswith("AMEIDE_WS_URL: ")
    assert caught.value.cause
    assert caught.value.tries


def test_T05_plain_http_needs_a_flag_of_its_own() -> None:
    with pytest.raises(BadUrl, match="not an address this program sends anything to") as caught:
        parse_origin("http://coder.example.com")
    assert "could read the token" in caught.value.cause
    assert parse_origin("http://coder.example.com", insecure_http=True) == Origin("http", "coder.example.com", 80)
    assert parse_origin("http://coder.example.com", insecure_http=True) != parse_origin("https://coder.example.com")


def test_T06_a_refused_address_is_shown_without_its_password_and_query() -> None:
    with pytest.raises(BadUrl) as caught:
        parse_origin("https://dev1:secret@coder.example.com?token=hidden")
    said = f"{caught.value} {caught.value.cause} {caught.value.tries}"
    assert "secret" not in said
    assert "hidden" not in said


def test_T06_a_homograph_is_shown_as_what_it_is() -> None:
    origin = parse_origin("https://cоder.example.com")  # noqa: RUF001  the second letter is Cyrillic
    assert origin.host == "xn--cder-55d.example.com"
    assert origin.spoken.startswith("https://xn--cder-55d.example.com (looks like c")
    assert parse_origin("https://coder.example.com").spoken == "https://coder.example.com"


@given(st.text(max_size=60))
def test_T06_any_text_is_an_origin_or_refused(text: str) -> None:
    try:
        origin = parse_origin(text)
    except BadUrl:
        return
    assert origin.url.isascii()
    assert parse_origin(origin.url) == origin


@given(st.sampled_from(["https://", "https://coder.example.com", "//"]), st.text("/@:\\.#?%[]a1-", max_size=20))
def test_T03_what_may_be_opened_is_always_of_our_origin(begin: str, rest: str) -> None:
    opened = openable(begin + rest, HERE)
    assert opened is None or opened.startswith("https://coder.example.com/")


OPEN = {
    "https://coder.example.com/@dev1/demo.main/apps/code-server/?folder=/work": (
        "https://coder.example.com/@dev1/demo.main/apps/code-server/?folder=/work"
    ),
    "HTTPS://CODER.example.com:443/a b".replace(" ", "%20"): "https://coder.example.com/a%20b",
    "https://coder.example.com": "https://coder.example.com/",
    "https://coder.example.com#?": "https://coder.example.com/#?",
    "https://coder.example.com?a#b#c": "https://coder.example.com/?a#b%23c",
    "https://app--demo--dev1.apps.example.com/x": "https://app--demo--dev1.apps.example.com/x",
    'https://coder.example.com/"><x>?q="&a=$(id)`': "https://coder.example.com/%22%3E%3Cx%3E?q=%22&a=$(id)%60",
}
SHUT = [
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/html,x",
    "ms-msdt:/id",
    "vscode://coder.example.com/",
    "--new-window=evil",
    "-flag",
    "/etc/passwd",
    "coder.example.com/",
    "//coder.example.com/",
    "http://coder.example.com/",
    "https://evil.example.com/",
    "https://coder.example.com.evil.com/",
    "https://coder.example.com:8443/",
    "https://coder.example.com@evil.com/",
    "https://evil.com\\@coder.example.com/",
    "https://coder.example.com/\nx",
    "https://coder.example.com/\x1b]8;;",
    "https://coder.example.com/\u202egnp",
    "https://apps.example.com/",
    "https://a.b.apps.example.com/",
    "https://evilapps.example.com/",
    "https://x.apps.example.com:444/",
    "http://127.0.0.1:9/",
    "",
    " https://coder.example.com/",
]


@pytest.mark.parametrize(("url", "opened"), OPEN.items())
def test_T35_an_address_of_ours_is_written_anew(url: str, opened: str) -> None:
    assert openable(url, HERE, "*.apps.example.com") == opened
    assert openable(opened, HERE, "*.apps.example.com") == opened


@pytest.mark.parametrize("url", SHUT)
def test_T35_nothing_else_is_opened(url: str) -> None:
    assert openable(url, HERE, "*.apps.example.com") is None


@pytest.mark.parametrize("wildcard", ["", "*", "*.com", "**.example.com", "evil.com", "*.apps.*", "*.example.com:x"])
def test_T35_a_wildcard_that_is_none_opens_nothing(wildcard: str) -> None:
    assert openable("https://x.apps.example.com/", HERE, wildcard) is None


def test_T35_loopback_may_be_plain_http_when_it_is_ours() -> None:
    assert openable("http://127.0.0.1:3000/x", Origin("http", "127.0.0.1", 3000)) == "http://127.0.0.1:3000/x"
    assert openable("http://a.test/", Origin("http", "a.test", 80)) is None
    assert openable("https://demo-apps.example.com:8443/", HERE, "*-apps.example.com:8443") is not None
