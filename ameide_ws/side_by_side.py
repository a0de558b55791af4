"""Several sources at once: each on a daemon thread, one bounded queue, one reader.

Order, Ctrl-C and closing stay with the reader. A daemon thread never keeps the process from ending, so a source only
reads, and each of its waits has a deadline of its own.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Closed(Exception):
    """Raised in a source whose reader has gone; a source lets it pass."""


class SideBySide(Generic[T]):
    """Threads that put, one reader that gets. A context manager: leaving it turns the sources away."""

    def __init__(self, limit: int = 10_000) -> None:
        self._queue: queue.Queue[tuple[str, T | None, BaseException | None]] = queue.Queue(limit)
        self._closed = threading.Event()
        self._started: set[str] = set()
        self._running: set[str] = set()

    def __enter__(self) -> "SideBySide[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()

    def start(self, name: str, source: Callable[[Callable[[T], None]], None]) -> None:
        """Run `source(put)` on a daemon thread. What it raises reaches the reader under its name."""
        self._started.add(name)
        self._running.add(name)

        def put(item: T) -> None:
            self._put((name, item, None))

        def run() -> None:
            error: BaseException | None = None
            try:
                source(put)
            except Closed:
                return
            except BaseException as raised:  # noqa: BLE001  the reader raises it, on the thread that can handle it
                error = raised
            try:
                self._put((name, None, error))
            except Closed:
                return

        threading.Thread(target=run, name=name, daemon=True).start()

    def _put(self, item: tuple[str, T | None, BaseException | None]) -> None:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=0.1)
                return
            except queue.Full:
                continue
        raise Closed

    @property
    def closed(self) -> threading.Event:
        """Set when the reader has gone: what a source waits on instead of sleeping."""
        return self._closed

    def started(self, name: str) -> bool:
        """Whether a source of that name was ever started."""
        return name in self._started

    def running(self, name: str) -> bool:
        """Whether a source of that name was started and its end has not been read."""
        return name in self._running

    def get(self, seconds: float | None) -> tuple[str, T | None] | None:
        """The next (name, item); (name, None) when that source has ended; None when nothing came in `seconds`.

        Raises what a source raised.
        """
        try:
            name, item, error = self._queue.get(timeout=seconds)
        except queue.Empty:
            return None
        if item is None:
            self._running.discard(name)
        if error is not None:
            raise error
        return name, item


def together(asks: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The answers of several calls made at the same time; raises the first error, in the order of `asks`."""
    answers: dict[str, tuple[Any, BaseException | None]] = {}
    with SideBySide[tuple[Any, BaseException | None]]() as sources:
        for name, ask in asks.items():
            sources.start(name, _once(ask))
        while len(answers) < len(asks):
            got = sources.get(None)
            if got is not None and got[1] is not None:
                answers[got[0]] = got[1]
    for name in asks:
        error = answers[name][1]
        if error is not None:
            raise error
    return {name: answers[name][0] for name in asks}


def _once(ask: Callable[[], Any]) -> Callable[[Callable[[tuple[Any, BaseException | None]], None]], None]:
    def source(put: Callable[[tuple[Any, BaseException | None]], None]) -> None:
        try:
            put((ask(), None))
        except Exception as error:  # noqa: BLE001  raised again by `together`, in order
            put((None, error))

    return source


def ahead(ask: Callable[[], T]) -> Callable[[], T]:
    """Begin a call now, on a daemon thread; what comes back waits for its answer, or raises what it raised."""
    sources = SideBySide[tuple[Any, BaseException | None]](limit=1)
    sources.start("ahead", _once(ask))

    def wait() -> T:
        got = sources.get(None)
        answer, error = (None, None) if got is None or got[1] is None else got[1]
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]

    return wait
