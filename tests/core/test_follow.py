"""A log as one stream: each line exactly once, whatever happens to the connections, and an end when there is one."""

from collections.abc import Iterator
from itertools import accumulate, cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ameide_ws.coder.follow import LOOK_BACK, PATIENCE, Entry, Ids, follow
from ameide_ws.problems import SignedOut, Unreachable

from .hosts import Still
from .model_server import Dial, Get, Instant, ModelLog, Row

CODES = (1000, 1001, 1006, 1009, 1011, 1012, None)
REFUSALS = (400, 403, 404, 426, 502, 503)


class Followed:
    """A log followed to its end: the entries in their order, what was said, and how long was waited."""

    def __init__(self, log: ModelLog) -> None:
        self.log, self.said = log, list[str]()
        self.closed = Instant(log.host)
        self.ids = [one.id for one in self.going()]

    def going(self) -> Iterator[Entry]:
        for one in follow(self.log, self.log.host, self.closed, self.said.append):
            assert one.text == f"line {one.id}"
            yield one


def followed(rows: list[Row], *, done: int, dials: tuple[Dial, ...] = (), gets: tuple[Get, ...] = ()) -> Followed:
    return Followed(ModelLog(rows, done=done, host=Still(), dials=dials, gets=gets))


def at_once(count: int) -> list[Row]:
    return [Row(number, 0) for number in range(1, count + 1)]


def one_by_one(count: int, *, every: int = 2) -> list[Row]:
    return [Row(number, number * every) for number in range(1, count + 1)]


# The property.


# Prepared, so that each is one choice for Hypothesis: (gap to the id before, steps until it can be seen).
ROWS = [(gap, pause) for gap in (1, 1, 2, 9, 60) for pause in (0, 0, 0, 1, 3, 9)]
DIALS = [
    *(Dial(refused=status) for status in REFUSALS * 3),
    *(Dial(fails=True) for _ in range(6)),
    *(
        Dial(drop=drop, code=code, garbled=garbled, giant=giant, replays=more == 1, doubles=more == 2, batch=batch)
        for drop, code, garbled, giant, more, batch in zip(
            cycle([0, 1, 2, 3, 5, None]), CODES * 11, cycle([None, None, None, 0, 2]),
            cycle([None, None, 3, None]), cycle([0, 1, 2]), cycle([0, 0, 3, 1, 0]),
        )
    ),
    *(Dial(drop=drop, code=1006, reorders=True) for drop in (1, 2, 3, 4)),
    *(Dial(drop=drop, code=None, reorders=True, replays=True, doubles=True, batch=3) for drop in (1, 2)),
]  # fmt: skip
GETS = [Get(), Get(fails=True), *(Get(cut=cut, reorders=odd) for cut in (None, 0, 2, 5) for odd in (False, True))]
schedules = st.tuples(
    st.integers(0, 500),
    st.lists(st.sampled_from(ROWS), max_size=25),
    st.sets(st.integers(0, 24), max_size=4),
    st.integers(0, 12),
    st.lists(st.sampled_from(DIALS), max_size=6),
    st.lists(st.sampled_from(GETS), max_size=6),
)
HOST = Still()


@settings(max_examples=3000, suppress_health_check=[HealthCheck.too_slow])
@given(schedules)
def test_F28_each_line_comes_exactly_once_under_any_schedule_and_the_end_comes_too(
    schedule: tuple[int, list[tuple[int, int]], set[int], int, list[Dial], list[Get]],
) -> None:
    first, gaps, late, after, dials, gets = schedule
    ids = list(accumulate((gap for gap, _ in gaps), initial=first))[1:]
    steps = list(accumulate(pause for _, pause in gaps))
    # Rows become visible out of order, but within what a GET looks back (R5(6)).
    rows = [
        Row(number, step + 7 if at in late and number > ids[-1] - LOOK_BACK else step)
        for at, (number, step) in enumerate(zip(ids, steps, strict=True))
    ]
    finished = max((row.step for row in rows), default=0) + after
    log = ModelLog(rows, done=finished, host=HOST, dials=dials, gets=gets)
    done = Followed(log)
    assert sorted(done.ids) == ids
    assert len(done.said) <= 1
    assert log.is_done
    # However it went, there are only so many steps and pauses beyond the log's own.
    assert log.step <= log.done + 4 * len(rows) + 100
    assert sum(done.closed.waits) < PATIENCE


# One end after the other.


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("after", [0, 1, 4])
def test_F28_F29_F30_no_close_code_ends_a_log_that_is_not_over(code: int | None, after: int) -> None:
    done = followed(one_by_one(9), done=40, dials=(Dial(drop=after, code=code),) * 3)
    assert done.ids == list(range(1, 10))
    assert [what for what, _ in done.log.asked].count("dial") >= 2
    assert done.said == []


@pytest.mark.parametrize("code", CODES)
def test_the_jobs_word_ends_it_whatever_the_close_code(code: int | None) -> None:
    done = followed(at_once(3), done=3, dials=(Dial(drop=0, code=code),))
    assert done.ids == [1, 2, 3]
    assert [what for what, _ in done.log.asked][-2:] == ["active", "get"]


def test_R5_the_backlog_comes_by_GET_and_the_socket_goes_on_from_the_last_id() -> None:
    done = followed([*at_once(5), Row(9, 4)], done=8)
    assert done.log.asked[:3] == [("active", 0), ("get", 0), ("dial", 5)]
    assert done.ids == [1, 2, 3, 4, 5, 9]


def test_R5_after_the_job_has_ended_it_is_asked_once_more_and_no_more() -> None:
    done = followed([Row(1, 0), Row(2, 5)], done=5, dials=(Dial(drop=0, code=1006),))
    assert done.ids == [1, 2]
    assert [what for what, _ in done.log.asked] == ["active", "get", "dial", "active", "get"]


def test_a_log_that_is_over_needs_no_socket() -> None:
    done = followed(at_once(4), done=0)
    assert (done.ids, done.log.asked) == ([1, 2, 3, 4], [("active", 0), ("get", 0)])


def test_F32_a_frame_too_large_for_a_socket_comes_by_GET() -> None:
    burst = [Row(1, 0), *(Row(number, 3) for number in range(2, 40))]
    done = followed(burst, done=30, dials=(Dial(giant=5),))
    assert done.ids == list(range(1, 40))


def test_F31_a_row_that_becomes_visible_late_is_told_once_although_its_id_is_lower() -> None:
    late = [Row(1, 0), Row(2, 20), Row(3, 0), Row(4, 3)]
    done = followed(late, done=25)
    assert done.ids == [1, 3, 4, 2]


def test_F31_what_was_seen_is_not_asked_for_from_the_beginning() -> None:
    rows = [Row(number * 10, 0) for number in range(1, 101)]
    done = followed(rows, done=10, dials=(Dial(drop=0, code=1006),))
    assert done.ids == [row.id for row in rows]
    assert [after for what, after in done.log.asked if what == "get"][1] == 1000 - LOOK_BACK


def test_F31_frames_that_come_twice_and_from_the_start_are_told_once() -> None:
    done = followed(one_by_one(8), done=30, dials=(Dial(drop=5, code=1006), Dial(replays=True, doubles=True)))
    assert done.ids == list(range(1, 9))


# Where sockets are not to be had.


@pytest.mark.parametrize("status", REFUSALS)
def test_F27_after_three_refusals_it_asks_every_few_seconds_and_says_so_once(status: int) -> None:
    done = followed(one_by_one(10), done=40, dials=(Dial(refused=status),) * 50)
    assert done.ids == list(range(1, 11))
    assert done.said == [
        f"live streams are unavailable (HTTP {status}), asking every few seconds instead"
    ]  # fmt: skip
    assert [what for what, _ in done.log.asked].count("dial") == 3
    polls = done.closed.waits[3:]
    assert len(polls) > 3
    assert all(1.0 <= wait <= 3.0 for wait in polls)
    assert polls == sorted(polls)


def test_F27_refusals_that_are_not_in_a_row_do_not_count() -> None:
    dials = (Dial(refused=502), Dial(refused=502), Dial(drop=1), Dial(refused=502), Dial(refused=502))
    done = followed(one_by_one(10), done=40, dials=dials)
    assert (done.ids, done.said) == (list(range(1, 11)), [])


def test_F27_each_refusal_is_followed_by_a_pause() -> None:
    done = followed(at_once(1), done=7, dials=(Dial(refused=502),) * 2)
    assert len(done.closed.waits) >= 2
    assert all(wait > 0 for wait in done.closed.waits[:2])


def test_sockets_that_bring_nonsense_three_times_are_given_up() -> None:
    done = followed(one_by_one(10), done=60, dials=(Dial(garbled=0),) * 50)
    assert done.ids == list(range(1, 11))
    assert done.said == ["live streams are unavailable (what comes is not JSON), asking every few seconds instead"]
    assert [what for what, _ in done.log.asked].count("dial") == 3


def test_a_server_that_takes_each_dial_and_ends_it_is_not_dialled_in_a_tight_loop() -> None:
    done = followed([Row(1, 0)], done=300, dials=(Dial(drop=0, code=1001),) * 500)
    dials = [what for what, _ in done.log.asked].count("dial")
    assert sum(done.closed.waits) / dials > 0.5


# What cannot be mended, and what can.


def test_F13_a_refused_token_ends_it_at_once() -> None:
    class SignedOutLog(ModelLog):
        def is_active(self) -> bool:
            if self.step > 4:
                raise SignedOut("signed out", cause="401", tries=("sign in",))
            return super().is_active()

    host = Still()
    closed = Instant(host)
    log = SignedOutLog(at_once(2), done=90, host=host, dials=[Dial(drop=0, code=1006)] * 9)
    with pytest.raises(SignedOut):
        list(follow(log, host, closed, print))
    assert log.step < 10


def test_R2_five_minutes_without_any_answer_raise_the_last_problem() -> None:
    host = Still()
    began = host.monotonic()
    log = ModelLog(at_once(2), done=10, host=host, gets=[Get(fails=True)] * 500)
    with pytest.raises(Unreachable):
        list(follow(log, host, Instant(host), print))
    assert PATIENCE < host.monotonic() - began < PATIENCE + 30


def test_R2_less_than_five_minutes_without_an_answer_lose_nothing() -> None:
    done = followed(one_by_one(6, every=5), done=60, gets=(Get(), *[Get(fails=True)] * 20))
    assert done.ids == list(range(1, 7))
    assert 60 < sum(done.closed.waits) < PATIENCE


# Ends.


def test_F37_a_reader_that_has_gone_is_not_followed_for() -> None:
    host = Still()
    log, closed = ModelLog(at_once(3), done=900, host=host), Instant(host)
    closed.set()
    assert list(follow(log, host, closed, print)) == []
    assert log.asked == []


@pytest.mark.parametrize("after", [1, 3, 4, 6])
def test_F37_closed_ends_it_wherever_it_is(after: int) -> None:
    host = Still()
    log, closed = ModelLog([*at_once(3), *one_by_one(9)[3:]], done=900, host=host), Instant(host)
    following, came, step = follow(log, host, closed, print), 0, 0
    for _ in following:
        came += 1
        if came == after:
            closed.set()
            step = log.step
    assert came <= max(3, after)
    assert log.step - step <= 1  # a dial that was due is made, and nothing is read from it


def test_F37_closed_ends_polling_too() -> None:
    host = Still()
    log, closed = ModelLog(at_once(1), done=900, host=host, dials=[Dial(refused=502)] * 3), Instant(host)
    list(follow(log, host, closed, lambda _: closed.set()))
    assert closed.is_set()
    assert log.step < 12


# Ids.


@given(st.lists(st.integers(0, 40), max_size=80))
def test_ids_are_a_set(numbers: list[int]) -> None:
    ids, known = Ids(), set[int]()
    for number in numbers:
        assert ids.add(number) is (number not in known)
        known.add(number)
        assert ids.last == max(known)
    for number in range(42):
        assert ids.add(number) is (number not in known)


@given(st.permutations(range(30)))
def test_ids_in_a_row_are_one_range_in_whatever_order_they_came(numbers: list[int]) -> None:
    ids = Ids()
    assert all(ids.add(number) for number in numbers)
    assert (ids._starts, ids._ends) == ([0], [29])


def test_before_the_first_id_the_last_is_none() -> None:
    assert Ids().last == 0
