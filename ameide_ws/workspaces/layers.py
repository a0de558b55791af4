"""The five layers as a person sees them: what began, what moved on, what ended, and how long each took."""

from collections.abc import Iterator

from ameide_ws.events import Event, Finished, Progress, Started
from ameide_ws.host import Host
from ameide_ws.results import Layer
from ameide_ws.workspaces.ready import Stand, Standing, State
from ameide_ws.workspaces.wish import STEPS


class Layers:
    """Turns one standing after another into events. `is_ours`: we began the build, so every layer is timed."""

    def __init__(self, host: Host, *, is_ours: bool, resume: str) -> None:
        self._host, self._resume = host, resume
        self._is_timed = is_ours
        self._stands = {step: Stand() for step in STEPS}
        self._since: dict[str, float] = {}
        self._took: dict[str, float | None] = {}

    def changes(self, standing: Standing) -> Iterator[Event]:
        """What is different from the standing before."""
        for step in STEPS:
            before, after = self._stands[step], getattr(standing, step)
            if after == before or (before.state is State.DONE and after.state is not State.MOVING):
                continue
            self._stands[step] = after
            if before.state is State.DONE:  # an agent that was there has gone, perhaps to come back
                self._since.pop(step)
            if after.state is not State.WAITING and step not in self._since:
                self._since[step] = self._host.monotonic()
                yield Started(step, resume=self._resume)
            if after.state is State.MOVING and after.note:
                yield Progress(step, after.note)
            elif after.state in (State.DONE, State.FAILED):
                # What was over before we looked was not ours to time.
                self._took[step] = self._host.monotonic() - self._since[step] if self._is_timed else None
                yield Finished(step, after.state is State.DONE, self._took[step], after.note)
        self._is_timed = True

    def results(self) -> tuple[Layer, ...]:
        """The layers as they stand: ok is None for what was still under way."""
        ok = {State.DONE: True, State.FAILED: False}
        return tuple(
            Layer(step, ok.get(stand.state), self._took.get(step), stand.note) for step, stand in self._stands.items()
        )

    @property
    def step(self) -> str:
        """The first layer that is not done: where time is being spent."""
        return next((step for step, stand in self._stands.items() if stand.state is not State.DONE), STEPS[-1])
