"""What Coder's refusals mean: a status code and its JSON become a Problem.

The recordings of a real server are the source; a 403 or 404 in another spelling (W10) is told apart here too.
"""

from typing import Any, NamedTuple

from ameide_ws.problems import (
    BadAnswer,
    BadParameter,
    Conflict,
    Forbidden,
    LinkMissing,
    NotFound,
    Problem,
    RateLimited,
    ServerError,
)
from ameide_ws.settings import signed_out
from ameide_ws.text import safe, sentence
from ameide_ws.web import Answer

# Two who create the same name at the same moment: the slower one gets PostgreSQL's own words, in a 500.
_TAKEN = "duplicate key value violates unique constraint"


class Said(NamedTuple):
    """Coder's error object: `{"message", "detail"?, "validations"?: [{"field", "detail"}]}`."""

    message: str
    detail: str
    validations: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """Message and detail as one, without saying a thing twice."""
        return self.message if self.detail in ("", self.message) else f"{self.message.rstrip('.')}: {self.detail}"


def said(body: Any) -> Said:
    """The error object of an answer; whatever has another form counts as saying nothing."""
    if not isinstance(body, dict):
        return Said("", "", ())
    rows = body.get("validations")
    validations = tuple(
        (safe(str(row.get("field", ""))), sentence(str(row.get("detail", ""))))
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    )
    return Said(sentence(str(body.get("message") or "")), sentence(str(body.get("detail") or "")), validations)


def refusal(answer: Answer, url: str, doing: str) -> Problem:
    """The Problem behind an answer that is no success. `doing` completes "Coder refused to …"."""
    told = said(answer.body)
    ref = f"request {safe(answer.request_id)}" if answer.request_id else ""
    status = answer.status
    missing = [detail for field, detail in told.validations if field == "external_auth"]
    if status == 401:
        return signed_out(url, f"Coder does not accept the token{f': {told.detail}' if told.detail else ''}", ref)
    if status == 403 and missing:
        return link_missing([(name, f"{url}/external-auth/{name}") for name in missing], ref)
    if status == 403 or (status == 500 and "rbac: forbidden" in told.detail):
        cause = told.sentence or "your account may not do this"
        return Forbidden(f"Coder refused to {doing}", cause=cause, tries=("ask an administrator of Coder",), ref=ref)
    if status in (404, 410):
        tries = ("ameide-ws list   # what you can see",)
        return NotFound(f"Coder cannot {doing}", cause=told.message or "not found", tries=tries, ref=ref)
    if status == 400:
        return _bad_request(told, doing, ref)
    if status in (406, 409, 412, 425) or (status == 500 and _TAKEN in told.sentence):
        cause = told.sentence or f"Coder answered {status}"
        return Conflict(f"Coder cannot {doing} now", cause=cause, tries=("wait a moment and run this again",), ref=ref)
    if status == 429:
        tries = ("wait a minute and run this again",)
        return RateLimited(
            f"Coder is too busy to {doing}", cause=told.message or "too many requests", tries=tries, ref=ref
        )
    if status >= 500:
        cause = f"Coder answered {status}" + (f": {told.sentence}" if told.sentence else "")
        both = ("run this again in a minute", "ask an administrator of Coder, quoting the line below")
        return ServerError(f"Coder failed to {doing}", cause=cause, tries=both, ref=ref)
    return BadAnswer(
        f"Coder answered in a way this version does not know, asked to {doing}",
        cause=f"HTTP status {status}" + (f": {told.sentence}" if told.sentence else ""),
        tries=("ameide-ws version   # compare the two versions",),
        ref=ref,
    )


def _bad_request(told: Said, doing: str, ref: str) -> Problem:
    """A 400: what Coder complains about, field by field."""
    lines = [f"{field}: {detail}" for field, detail in told.validations]
    problem = BadParameter(
        f"Coder refused to {doing}",
        cause="; ".join(lines) or told.sentence or "the request was not valid",
        tries=("ameide-ws up --help   # names and parameters",),
        ref=ref,
    )
    if "parameter" in told.message.lower():
        problem.fields = tuple(field for field, _ in told.validations)
    return problem


def link_missing(providers: list[tuple[str, str]], ref: str = "") -> LinkMissing:
    """The (name, address) of each provider that has to be connected first, all at once."""
    names = ", ".join(name for name, _ in providers)
    return LinkMissing(
        f"{names} is not connected to your Coder account" if len(providers) == 1 else f"not connected yet: {names}",
        cause="the template needs it to build your workspace",
        tries=[f"open {address} in a browser, connect {name}, then run this again" for name, address in providers],
        ref=ref,
    )
