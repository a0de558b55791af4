"""The provisioners and the queue in front of them."""

from __future__ import annotations

from .logs import Bell
from .workspaces import Build


class Provisioners:
    """So many builds at a time, first come first served; builds of others may be ahead."""

    def __init__(self, count: int, ahead: int = 0) -> None:
        self.count = count
        self._others_running = min(count, ahead)
        self._others_waiting = ahead - self._others_running
        self._waiting: list[Build] = []
        self._running: set[str] = set()
        self._bell = Bell()

    def line_up(self, build: Build) -> None:
        self._waiting.append(build)

    def leave(self, build: Build) -> None:
        """Its turn is over, or it does not want one any more."""
        if build in self._waiting:
            self._waiting.remove(build)
        self._running.discard(build.id)
        self._bell.ring()

    def has(self, build: Build) -> bool:
        return build in self._waiting

    async def turn(self, build: Build) -> None:
        """Wait until a provisioner takes this build. With no provisioner at all that is never."""
        while not self._is_next(build):
            await self._bell.wait()
        self._waiting.remove(build)
        self._running.add(build.id)

    def _is_next(self, build: Build) -> bool:
        busy = len(self._running) + self._others_running
        return self._others_waiting == 0 and busy < self.count and self._waiting[:1] == [build]

    def others_move_on(self) -> bool:
        """One of the others' builds ends and the next of theirs begins; whether any are left."""
        if self._others_running:
            self._others_running -= 1
        if self._others_waiting and self.count:
            self._others_waiting -= 1
            self._others_running += 1
        self._bell.ring()
        return self._others_running > 0

    def position(self, build: Build) -> tuple[int, int]:
        """(position, size), counted from 1; both 0 when it does not wait, or waits for nobody."""
        if build not in self._waiting or not self.count:
            return 0, 0
        return self._others_waiting + self._waiting.index(build) + 1, self._others_waiting + len(self._waiting)

    def matched(self, seen: str) -> dict[str, object]:
        """What the answer to a POST says about who could take the job."""
        return {"count": self.count, "available": self.count, "most_recently_seen": seen if self.count else None}
