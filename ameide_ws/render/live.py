"""The live look: one line per layer, a spinner while it moves, other lines above. The first layer loads Rich."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ameide_ws.events import Asked, Event, Finished, Line, Progress, Started
from ameide_ws.host import Host
from ameide_ws.render.look import Look
from ameide_ws.render.pen import Pen
from ameide_ws.render.watch import LAYERS, STEP_CELLS, Plain, logged
from ameide_ws.text import SafeText, cells, safe, shorten
from ameide_ws.when import spoken

if TYPE_CHECKING:
    from ameide_ws.render.region import Region

# How far to the right a layer's time stands, at most.
WIDEST = 72
# A layer that ends at once needs no running clock.
UNTIMED = 1.0


@dataclass(slots=True)
class Layer:
    """One line of the region. `state` is moving, ok, failed, or waiting once nobody looks any more."""

    step: str
    began: float
    state: str = "moving"
    note: str = ""
    took: float | None = None


class Live(Plain):
    """Layers side by side, each on a line of its own; everything else scrolls by above them."""

    def __init__(self, host: Host, pen: Pen, look: Look, *, verbose: bool = False) -> None:
        super().__init__(host, pen, look, verbose=verbose)
        self._seen: dict[str, Layer] = {}
        self._region: Region | None = None

    def see(self, event: Event) -> None:
        match event:
            case Started() | Progress() | Finished() if event.step in LAYERS:
                self._change(event)
            case Line() if self.verbose and self._region is not None:
                self._region.hold(logged(event, colour=self.look.colour))
            case _:
                super().see(event)

    def show(self, text: SafeText) -> None:
        if self._region is None:
            super().show(text)
        else:
            self._region.show(text)

    def ask(self, asked: Asked) -> str:
        self._pause()
        return super().ask(asked)

    def close(self) -> None:
        """The last picture stays, without a spinner."""
        for layer in self._seen.values():
            if layer.state == "moving":
                layer.state = "waiting"
        self._pause()

    def _pause(self) -> None:
        region, self._region = self._region, None
        if region is not None:
            region.stop()

    def _change(self, event: Started | Progress | Finished) -> None:
        layer = self._seen.setdefault(event.step, Layer(event.step, self.elapsed))
        match event:
            case Started():
                layer.began, layer.state, layer.note, layer.took = self.elapsed, "moving", event.subject, None
            case Progress():
                layer.note = event.note
            case Finished():
                layer.state = "ok" if event.ok else "failed"
                layer.note, layer.took = event.note or ("" if event.ok else "failed"), event.took
        if self._region is None:
            self._open()

    def _open(self) -> None:
        from ameide_ws.render.region import Region

        columns = self.look.columns if self.host.env.get("COLUMNS") else None
        self._region = Region(self.pen, self.look, self.drawn, columns)

    def drawn(self, columns: int) -> list[tuple[str, SafeText, SafeText]]:
        """The lines of this moment: state, sign and the rest. Called on Rich's thread too."""
        seen, elapsed = dict(self._seen), self.elapsed
        layers = [seen[step] for step in LAYERS if step in seen]
        return [(layer.state, *drawn_layer(layer, self.look, elapsed, columns)) for layer in layers]


def drawn_layer(layer: Layer, look: Look, elapsed: float, columns: int) -> tuple[SafeText, SafeText]:
    """The sign of a layer, and the rest of its line: step, note, and the time at the right."""
    sign = look.frame(elapsed) if layer.state == "moving" else look.glyph(layer.state)
    seconds = layer.took
    if layer.state == "moving" and elapsed - layer.began >= UNTIMED:
        seconds = elapsed - layer.began
    time = spoken(seconds) if seconds is not None else ""
    space = min(columns, WIDEST) - 4 - STEP_CELLS - len(time) - 2
    note = shorten(safe(layer.note), space) if space > 4 else SafeText("")
    pad = " " * max(1, space - cells(note) + 2) if time else ""
    return sign, SafeText(f"{layer.step:<{STEP_CELLS}}{note}{pad}{time}".rstrip())
