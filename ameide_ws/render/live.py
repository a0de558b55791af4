"""The live region: one line per layer, a spinner while it moves, other lines above it. The only module with Rich.

Rich turns the spinner on a thread of its own, so the core may wait for as long as it likes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.live import Live as Region
from rich.segment import Segment
from rich.text import Text

from ameide_ws.events import Asked, Event, Finished, Line, Progress, Started
from ameide_ws.host import Host
from ameide_ws.render.look import Look
from ameide_ws.render.pen import Pen
from ameide_ws.render.watch import LAYERS, STEP_CELLS, Plain, logged
from ameide_ws.text import SafeText, cells, cut_line, safe, shorten
from ameide_ws.when import spoken

# Ten pictures a second: a spinner that looks alive, and as often as a resized window is noticed.
PICTURES = 10
_SPINS_FOR_SOME_TIME = 1.0
_STYLES = {"ok": "green", "failed": "red"}


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
        self._layers_seen: dict[str, Layer] = {}
        self._region: Region | None = None

    def see(self, event: Event) -> None:
        match event:
            case Started() | Progress() | Finished() if event.step in LAYERS:
                self._change(event)
            case Line() if self.verbose:
                self.show(logged(event, colour=self.look.colour))
            case _:
                super().see(event)

    def show(self, text: SafeText) -> None:
        if self._region is None:
            super().show(text)
            return
        text = SafeText("\n".join(cut_line(SafeText(line)) for line in text.split("\n")))
        self._region.console.print(Raw(text), soft_wrap=True)

    def ask(self, asked: Asked) -> str:
        self._pause()
        return super().ask(asked)

    def close(self) -> None:
        """The last picture stays, without a spinner."""
        for layer in self._layers_seen.values():
            if layer.state == "moving":
                layer.state = "waiting"
        self._pause()

    def _pause(self) -> None:
        region, self._region = self._region, None
        if region is not None:
            region.stop()

    def _change(self, event: Started | Progress | Finished) -> None:
        layer = self._layers_seen.setdefault(event.step, Layer(event.step, self.elapsed))
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
        width = {"COLUMNS": str(self.look.columns)} if self.host.env.get("COLUMNS") else {}
        console = Console(
            file=self.pen, force_terminal=True, color_system="standard" if self.look.colour else None,  # type: ignore[arg-type]
            no_color=not self.look.colour, markup=False, highlight=False, emoji=False, legacy_windows=False,
            _environ=width,
        )  # fmt: skip
        self._region = Region(
            get_renderable=self.picture, console=console, refresh_per_second=PICTURES,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._region.start(refresh=True)

    def picture(self) -> "Picture":
        """What the region shows at this moment."""
        seen = dict(self._layers_seen)
        return Picture([seen[step] for step in LAYERS if step in seen], self.look, self.elapsed)


@dataclass(frozen=True, slots=True)
class Picture:
    """The layers, drawn for whatever width the terminal has by now."""

    layers: list[Layer]
    look: Look
    elapsed: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for layer in self.layers:
            sign, rest = drawn_layer(layer, self.look, self.elapsed, options.max_width)
            line = Text(no_wrap=True, overflow="crop")
            line.append(f"  {sign} ", style=_STYLES.get(layer.state, "cyan") if self.look.colour else "")
            line.append(rest)
            yield line


def drawn_layer(layer: Layer, look: Look, elapsed: float, columns: int) -> tuple[SafeText, SafeText]:
    """The sign of a layer, and the rest of its line: step, note, and the time at the right."""
    sign = look.frame(elapsed) if layer.state == "moving" else look.glyph(layer.state)
    seconds = layer.took
    if layer.state == "moving" and elapsed - layer.began >= _SPINS_FOR_SOME_TIME:
        seconds = elapsed - layer.began
    time = spoken(seconds) if seconds is not None else ""
    space = min(columns, 72) - 4 - STEP_CELLS - len(time) - 2
    note = shorten(safe(layer.note), space) if space > 4 else SafeText("")
    pad = " " * max(1, space - cells(note) + 2) if time else ""
    return sign, SafeText(f"{layer.step:<{STEP_CELLS}}{note}{pad}{time}".rstrip())


@dataclass(frozen=True, slots=True)
class Raw:
    """Lines that are safe already: Rich passes them on as they are, which keeps a long log quick."""

    text: SafeText

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(f"{self.text}\n")
