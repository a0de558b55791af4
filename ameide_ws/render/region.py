"""The part of the screen that is drawn anew, ten times a second. The only module with Rich.

Rich draws on a thread of its own, so the core may wait for as long as it likes.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook
from rich.live import Live
from rich.segment import ControlType, Segment
from rich.text import Text

from ameide_ws.render.look import Look
from ameide_ws.render.pen import Pen
from ameide_ws.text import SafeText, cut_line

# Often enough for a spinner to look alive, and for a resized window to be noticed.
PICTURES = 10
# Lines that wait for the next picture; more are drawn at once, so that a slow terminal holds up the core, not memory.
HELD = 1000
_STYLES = {"ok": "green", "failed": "red"}

Draw = Callable[[int], list[tuple[str, SafeText, SafeText]]]


class Region(RenderHook):
    """Open from the start until `stop`; `draw` gives its lines for a number of columns."""

    def __init__(self, pen: Pen, look: Look, draw: Draw, columns: int | None) -> None:
        self._look = look
        self._draw = draw
        self._held: deque[SafeText] = deque()
        console = Console(
            file=pen, force_terminal=True, color_system="standard" if look.colour else None,  # type: ignore[arg-type]
            no_color=not look.colour, markup=False, highlight=False, emoji=False, legacy_windows=False,
            width=columns, _environ={},
        )  # fmt: skip
        console.push_render_hook(self)  # before Live's own, which puts the region below whatever it is given
        self._live = Live(
            get_renderable=self._picture, console=console, refresh_per_second=PICTURES,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._live.start(refresh=True)

    def show(self, text: SafeText) -> None:
        """Lines above the region, now."""
        self._hold(text)
        self._live.refresh()

    def hold(self, text: SafeText) -> None:
        """Lines above the region, with the next picture: a region drawn for each line of a long log takes minutes."""
        self._hold(text)
        if len(self._held) >= HELD:
            self._live.refresh()

    def stop(self) -> None:
        """The last picture stays, and the cursor is shown again."""
        self._live.stop()

    def _hold(self, text: SafeText) -> None:
        self._held.append(SafeText("\n".join(cut_line(SafeText(line)) for line in text.split("\n"))))

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Rich asks before each picture: what is held goes above it."""
        held = []
        while self._held:
            held.append(self._held.popleft())
        return [Raw(SafeText("\n".join(held))), *renderables] if held else renderables

    def _picture(self) -> "Picture":
        return Picture(self._draw, self._look.colour)


@dataclass(frozen=True, slots=True)
class Picture:
    """The layers, drawn for whatever width the terminal has by now."""

    draw: Draw
    colour: bool

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for state, sign, rest in self.draw(options.max_width):
            line = Text(no_wrap=True, overflow="crop")
            line.append(f"  {sign} ", style=_STYLES.get(state, "cyan") if self.colour else "")
            line.append(rest)
            yield line


@dataclass(frozen=True, slots=True)
class Raw:
    """Lines that are safe already. As a control code, Rich passes them on without measuring or cropping them."""

    text: SafeText

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(f"{self.text}\n", None, [(ControlType.CARRIAGE_RETURN,)])
