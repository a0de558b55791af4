"""How long a whole command may take."""

from ameide_ws.host import Host


class Deadline:
    """An end on the monotonic clock, or none. That clock stands still while the machine sleeps: sleep costs nothing."""

    def __init__(self, host: Host, seconds: float | None) -> None:
        self._host = host
        self._slept = host.slept()
        self.seconds = seconds
        self._end = None if not seconds else host.monotonic() + seconds

    @property
    def rest(self) -> float | None:
        """Seconds left, never below 0; None without an end."""
        return None if self._end is None else max(0.0, self._end - self._host.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return self.rest == 0.0

    def extend(self, seconds: float) -> None:
        """Give back time that was not ours."""
        if self._end is not None:
            self._end += seconds

    def woke(self) -> float:
        """Seconds the machine has slept since the last call; 0 for less than ten."""
        slept = self._host.slept() - self._slept
        if slept <= 10:
            return 0.0
        self._slept += slept
        return slept
