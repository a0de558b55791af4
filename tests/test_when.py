"""Times and durations: as Coder writes them, as people say them."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.host import Host
from ameide_ws.when import age, parse_duration, parse_time, rfc3339, spoken

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ZONES = ["UTC", "America/New_York", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Kiritimati"]
TZ = {"UTC": "UTC0", "America/New_York": "EST5EDT", "Asia/Tokyo": "JST-9", "Asia/Kathmandu": "NPT-5:45"}
numbers = st.integers


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = TZ.get(request.param, "LINT-14")  # the rule itself: a bare machine has no zone files
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@st.composite
def stamps(draw: st.DrawFn) -> str:
    """What RFC 3339 allows, from the year 1 to the year 9999."""
    year = draw(st.sampled_from([1, 2, 1969, 1970, 2026, 2038, 9998, 9999]) | numbers(1, 9999))
    day = f"{year:04}-{draw(numbers(1, 12)):02}-{draw(numbers(1, 28)):02}"
    clock = f"{draw(numbers(0, 23)):02}:{draw(numbers(0, 59)):02}:{draw(numbers(0, 59)):02}"
    parts = draw(st.none() | st.text("0123456789", min_size=1, max_size=9))
    sign = draw(st.sampled_from("+-"))
    offset = draw(st.sampled_from(["Z", f"{sign}{draw(numbers(0, 23)):02}:{draw(numbers(0, 59)):02}"]))
    return f"{day}T{clock}{'.' + parts if parts else ''}{offset}"


def test_t57_every_stamp_is_read_in_every_time_zone(zone: str) -> None:
    host = Host(env={})

    @given(stamp=stamps(), now=stamps())
    def holds(stamp: str, now: str) -> None:
        at = parse_time(stamp)
        again = rfc3339(at)
        assert parse_time(again) == (at.replace(microsecond=0) if at else None)
        if at is not None:
            assert at.tzinfo is UTC
            assert host.local(at).utcoffset() is not None
            assert len(again or "") == 20
        assert isinstance(age(at, parse_time(now) or NOON), str)

    holds()


@pytest.mark.parametrize("zero", [None, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00.0Z"])
def test_t57_gos_zero_time_means_never(zero: str | None) -> None:
    assert parse_time(zero) is None
    assert rfc3339(parse_time(zero)) is None
    assert age(parse_time(zero), NOON) == "never"


def test_t57_the_edges_of_the_calendar_hold(zone: str) -> None:
    last = parse_time("9999-12-31T23:59:59.999999999-23:59")
    assert last == datetime.max.replace(tzinfo=UTC)
    assert Host(env={}).local(last).year == 9999
    assert parse_time("0002-01-01T00:00:00Z") is not None


def test_nine_digits_of_a_second_are_read() -> None:
    assert parse_time("2026-11-24T12:00:00.123456789Z") == NOON + timedelta(microseconds=123456)
    assert parse_time("2026-11-24T14:00:00+02:00") == NOON


@pytest.mark.parametrize(
    "nonsense", ["", "now", "2026-13-01T00:00:00Z", "2026-11-24T12:00:00", "2026-11-24", 5, [], {}]
)
def test_what_is_no_time_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(nonsense)


@given(days=numbers(0, 300), hours=numbers(0, 23), minutes=numbers(0, 59), seconds=numbers(0, 59))
def test_a_duration_comes_back_as_it_was_said(days: int, hours: int, minutes: int, seconds: int) -> None:
    whole = days * 86400 + hours * 3600 + minutes * 60 + seconds
    assert parse_duration(f"{days}d{hours}h{minutes}m{seconds}s") == whole
    assert parse_duration(f" {days}D {hours}H {minutes}Min {seconds}S ") == whole
    assert parse_duration(f"{whole}s") == whole


@given(st.floats(0, 300 * 86400))
def test_a_spoken_duration_is_read_as_what_it_says(seconds: float) -> None:
    unit = 3600 if seconds >= 86400 else 60 if seconds >= 3600 else 1 if seconds >= 9.95 else 0.1
    assert abs(parse_duration(spoken(seconds)) - seconds) <= unit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("90s", 90),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1min", 60),
        ("366d", 31622400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "nonsense",
    ["", "s", "5", "-1s", "+1s", "1e3s", "1h-5m", "367d", "٣s", "1s;", "nan", "inf", "1w", "1.s", ".5s",
     "9" * 40 + "s", "1h" * 20],
)  # fmt: skip
def test_what_is_no_duration_is_refused(nonsense: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(nonsense)


@given(st.text(max_size=40))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert 0 <= parse_duration(text) <= 366 * 86400
    except ValueError as error:
        assert "duration" in str(error)  # noqa: PT017  either outcome is fine


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0.0 s"), (0.3, "0.3 s"), (9.94, "9.9 s"), (9.96, "10 s"), (14.2, "14 s"), (59.6, "1 min"),
        (125, "2 min 5 s"), (3600, "1 h"), (3900, "1 h 5 min"), (266400, "3 d 2 h"),
    ],
)  # fmt: skip
def test_spoken(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-60, "now"), (0, "now"), (59, "now"), (60, "1 min"), (7200, "2 h"), (86400 * 3, "3 d"), (86400 * 800, "2 y")],
)
def test_age(seconds: float, words: str) -> None:
    assert age(NOON - timedelta(seconds=seconds), NOON) == words
