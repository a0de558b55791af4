"""When to try again, and how long to wait before. Pure: chance and time are given.

A *safe* request changes nothing and may be repeated. Any other is repeated only where it provably reached nobody.
"""

from collections.abc import Mapping

from ameide_ws.web.answer import parse_date

TRIES = 6
IN_ALL = 60.0
ALWAYS = TRIES
ONCE = 1
NEVER = 0
SAID_ABOVE = 2.0
_LONGEST_ASKED = 120.0
_ABSURD = 86400.0
_SAFE = {408: ALWAYS, 425: ALWAYS, 429: ALWAYS, 500: ONCE, 502: ALWAYS, 503: ALWAYS, 504: ALWAYS}


def repeats(status: int, *, safe: bool, from_coder: bool) -> int:
    """How many more tries an answer with this status is worth. from_coder: it has the form of Coder's own answers."""
    if safe:
        return _SAFE.get(status, NEVER)
    return ALWAYS if status == 429 or (status == 503 and not from_coder) else NEVER


def is_unsure(status: int, *, safe: bool, from_coder: bool) -> bool:
    """Whether a request that changes something may have been carried out although this came back."""
    return not safe and (status in (502, 504) or (status >= 500 and status != 503 and not from_coder))


def pause(tries: int, chance: float) -> float:
    """Full jitter: anything from nothing to a limit that doubles with each try. chance: from 0 up to 1."""
    return chance * min(10.0, 0.5 * 2.0 ** min(tries, 16))


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks us to wait; None where it does not, or asks for what makes no sense.

    Coder's Retry-After is always its whole window; X-RateLimit-Reset holds the true end of it, on the server's clock
    (go-chi/httprate issue 47).
    """
    now = parse_date(headers.get("date", ""))
    said = headers.get("retry-after", "").strip()
    waits: list[float] = []
    if said.isascii() and said.isdigit() and len(said) < 10:
        waits.append(float(said))
    else:
        until = parse_date(said)
        if until is not None and now is not None:
            waits.append((until - now).total_seconds())
    reset = headers.get("x-ratelimit-reset", "").strip()
    if waits and now is not None and reset.isascii() and reset.isdigit() and len(reset) < 14:
        waits.append(max(0.0, float(reset) - now.timestamp()))
    if not waits or waits[0] < 0 or waits[0] > _ABSURD:
        return None
    return min(_LONGEST_ASKED, *waits)


class Pace:
    """One call's tries: how many there were, and how much time is left for all of them together."""

    def __init__(self, now: float, until: float | None = None) -> None:
        """now, until: on one clock; until: when the whole command ends, None for never."""
        self._end = now + IN_ALL
        self._until = until
        self.tries = 0

    def left(self, now: float) -> float:
        """Seconds left for this call, whoever limits them."""
        return self._end - now

    def wait(self, worth: int, asked: float | None, now: float, chance: float) -> float | None:
        """Seconds to wait before the next try, None to give up. worth: see `repeats`."""
        if self.tries >= TRIES or self.tries > worth:
            return None
        seconds = max(asked or 0.0, pause(self.tries - 1, chance))
        end = self._end if self._until is None else min(self._end, self._until)
        return seconds if now + seconds < end else None
