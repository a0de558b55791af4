"""Several sources, one reader: order, errors, bounds, and ends."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from ameide_ws.side_by_side import Closed, SideBySide, together

SOON = 10.0  # how long a thread may take on a busy machine before a test calls it stuck


def counting(until: int) -> Callable[[Callable[[int], None]], None]:
    """A source of numbers."""

    def source(put: Callable[[int], None]) -> None:
        for number in range(until):
            put(number)

    return source


def test_what_a_source_puts_comes_in_its_order_and_then_its_end() -> None:
    with SideBySide[int]() as sources:
        sources.start("numbers", counting(5))
        assert sources.running("numbers")
        assert [sources.get(SOON) for _ in range(6)] == [
            *(("numbers", number) for number in range(5)),
            ("numbers", None),
        ]
        assert not sources.running("numbers")
        assert not sources.running("never started")


def test_several_sources_each_keep_their_order() -> None:
    with SideBySide[int]() as sources:
        for name in ("a", "b", "c"):
            sources.start(name, counting(100))
        seen: dict[str, list[int]] = {"a": [], "b": [], "c": []}
        while any(sources.running(name) for name in seen):
            got = sources.get(SOON)
            assert got is not None
            if got[1] is not None:
                seen[got[0]].append(got[1])
        assert all(numbers == list(range(100)) for numbers in seen.values())


def test_an_error_comes_after_what_was_put_before_it() -> None:
    def source(put: Callable[[str], None]) -> None:
        put("first")
        raise KeyError("then this")

    with SideBySide[str]() as sources:
        sources.start("one", source)
        assert sources.get(SOON) == ("one", "first")
        with pytest.raises(KeyError, match="then this"):
            sources.get(SOON)
        assert not sources.running("one")


def test_even_an_exit_raised_in_a_source_reaches_the_reader() -> None:
    with SideBySide[str]() as sources:
        sources.start("one", lambda put: sys.exit(3))
        with pytest.raises(SystemExit):
            sources.get(SOON)


def test_nothing_in_time_is_none() -> None:
    with SideBySide[str]() as sources:

        def quiet(put: Callable[[str], None]) -> None:
            sources.closed.wait(SOON)

        sources.start("quiet", quiet)
        assert sources.get(0.01) is None
        assert sources.running("quiet")


def test_a_source_waits_for_a_slow_reader() -> None:
    done = threading.Event()

    def source(put: Callable[[int], None]) -> None:
        for number in range(5):
            put(number)
        done.set()

    with SideBySide[int](limit=2) as sources:
        sources.start("eager", source)
        assert not done.wait(0.3)
        assert [sources.get(SOON) for _ in range(5)] == [("eager", number) for number in range(5)]
        assert done.wait(SOON)


def test_leaving_turns_the_sources_away() -> None:
    ended: list[BaseException] = []
    away = threading.Event()

    def source(put: Callable[[int], None]) -> None:
        try:
            while True:
                put(1)
        except BaseException as error:
            ended.append(error)
            raise
        finally:
            away.set()

    with SideBySide[int](limit=1) as sources:
        sources.start("endless", source)
        assert sources.get(SOON) == ("endless", 1)
    assert away.wait(SOON)
    assert isinstance(ended[0], Closed)
    assert sources.closed.is_set()


def test_together_gives_each_answer_under_its_name() -> None:
    assert together({"a": lambda: 1, "b": lambda: None, "c": lambda: "x"}) == {"a": 1, "b": None, "c": "x"}
    assert together({}) == {}


def test_together_asks_at_the_same_time() -> None:
    meet = threading.Barrier(3, timeout=SOON)
    assert set(together(dict.fromkeys("abc", meet.wait))) == {"a", "b", "c"}


def test_together_raises_the_first_error_in_the_order_asked() -> None:
    second_failed = threading.Event()

    def first() -> None:
        second_failed.wait(SOON)
        raise KeyError("first")

    def second() -> None:
        second_failed.set()
        raise ValueError("second")

    with pytest.raises(KeyError, match="first"):
        together({"first": first, "second": second, "third": lambda: 3})


def test_no_source_keeps_the_process() -> None:
    program = (
        "import threading\n"
        "from ameide_ws.side_by_side import SideBySide\n"
        "with SideBySide() as sources:\n"
        "    sources.start('stuck', lambda put: threading.Event().wait())\n"
        "    sources.start('full', lambda put: [put(1) for _ in range(10**9)])\n"
        "print('out')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "")
