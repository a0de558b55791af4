"""The machines these tests run on: one whose clock stands until it is moved, and one whose clock really runs."""

import threading
import time
from datetime import UTC, datetime

from tests.fakes import MORNING, FakeHost


class Still(FakeHost):
    """FakeHost as it is: no thread waits on its clock."""

    # There from the start, since a Host looks at the clock while it is made.
    clock = MORNING
    ticks = 1000.0


class Running(FakeHost):
    """The real clock, because real threads wait on it; pauses between tries are cut short, and `ahead` leaps."""

    ahead = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        threading.Event().wait(min(seconds, 0.01))

    def pass_time(self, seconds: float) -> None:
        self.ahead += seconds
