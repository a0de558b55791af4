"""The sentences: each has its four parts, and makes sense alone."""

import errno
from collections.abc import Iterator

import pytest

from ameide_ws.problems import Problem
from ameide_ws.web import Origin, words
from ameide_ws.web.deadline import Late

HERE = Origin("https", "coder.example.com", 443)
THERE = Origin("https", "sso.example.com", 443)


def everything() -> Iterator[Problem]:
    for error in (
        None,
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
        TimeoutError(),
        OSError(errno.EACCES, "Permission denied"),
        OSError("no number"),
    ):
        yield words.unreachable(HERE, error)
        yield words.unreachable(HERE, error, "proxy:3128 (from HTTPS_PROXY)")
    for passing in (True, False):
        yield words.no_such_name("coder.example.com", passing=passing)
        yield words.no_such_name("proxy", passing=passing, through="proxy:3128 (from HTTPS_PROXY)")
    for stage in ("connect", "answer", "whole", "command"):
        yield words.too_slow(HERE, Late(stage, 15.0))
    yield words.broken(HERE, "what came was cut short, or was not HTTP")
    yield words.proxy_kind("ALL_PROXY", "socks5")
    yield words.proxy_kind("ALL_PROXY", "quic")
    yield words.proxy_address("ALL_PROXY")
    for status in (407, 403, None):
        yield words.proxy_refused(HERE, "proxy:3128 (from HTTPS_PROXY)", status)
    for target in (None, HERE, THERE, Origin("http", "coder.example.com", 80)):
        yield words.redirected(HERE, 302, target)
    yield words.redirected(Origin("http", "coder.example.com", 80), 301, HERE)
    yield words.foreign(HERE)
    for title, kind in (("Sign in", "text/html"), ("", "text/html"), ("", "text/plain; charset=utf-8"), ("", "")):
        yield words.not_coder(HERE, 200, title, kind, "request r-1")
    yield words.bad_answer(HERE, "the answer is not valid JSON")
    yield words.too_large(HERE, "the answer is larger than 16 MiB")
    yield words.busy(HERE, 60.0)
    yield words.busy(HERE, None)
    yield words.server_error(HERE, 503)
    yield words.bug("it holds a header that cannot be sent")
    yield words.tls(HERE, "its certificate has expired", "the certificate says …", ("check date and time",))


@pytest.mark.parametrize("problem", list(everything()), ids=lambda problem: type(problem).__name__)
def test_C20_every_problem_has_its_parts(problem: Problem) -> None:
    assert problem.message
    assert problem.cause
    assert problem.tries
    assert "\n" not in f"{problem.message}{problem.cause}{''.join(problem.tries)}"
    assert len(problem.message) < 160
    assert not problem.message.endswith(".")
    for part in (problem.message, problem.cause, *problem.tries):
        assert "None" not in part
        assert "Error" not in part
        assert "  " not in part.replace("   #", "")
    for line in problem.tries:
        if line.startswith("ameide-ws "):
            assert line.split()[1] in ("up", "list", "show", "version", "help")


def test_F01_the_first_line_says_what_and_where() -> None:
    refused = words.unreachable(HERE, ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"))
    assert refused.message == "nothing answers at coder.example.com:443 (connection refused)"
    assert words.unreachable(HERE, None).message == "nothing answers at coder.example.com:443 (no reply)"


def test_T01_http_that_leads_to_https_says_so() -> None:
    assert words.redirected(Origin("http", "coder.example.com", 80), 301, HERE).tries == (
        "use https://coder.example.com instead",
    )
