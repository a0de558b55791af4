"""Those who watch a command go along: Plain, one line per change; Quiet; and Jsonl, one object per event.

The fourth, with a live region, is in `live`. What a command answers in the end is not theirs.
"""

from ameide_ws.events import Asked, Event, Finished, Line, Noticed, Progress, Started
from ameide_ws.host import Host
from ameide_ws.render.asking import put
from ameide_ws.render.data import spell, stage
from ameide_ws.render.look import Look
from ameide_ws.render.pen import Pen
from ameide_ws.render.trouble import drawn
from ameide_ws.text import SafeText, safe
from ameide_ws.when import spoken

# The layers of `up`, in the order they are drawn in; a step of another name is a line of its own.
LAYERS = ("queue", "terraform", "agent", "scripts", "editor")
STEP_CELLS = max(map(len, LAYERS)) + 2


class Quiet:
    """Shows warnings, answers questions, and is what the others build on."""

    def __init__(self, host: Host, pen: Pen, look: Look) -> None:
        self.host = host
        self.pen = pen
        self.look = look
        self.began = host.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the command began."""
        return self.host.monotonic() - self.began

    def see(self, event: Event) -> None:
        """Take notice of one event."""
        if isinstance(event, Noticed):
            self.show(drawn(event.problem, self.look, warning=True))

    def say(self, note: str) -> None:
        """A remark from the network: a retry, a wait."""

    def show(self, text: SafeText) -> None:
        """Lines for the person."""
        self.pen.line(text)

    def ask(self, asked: Asked) -> str:
        """The person's answer. Raises EOFError when there is nobody after all. What they take is not counted."""
        told = self.host.monotonic()
        try:
            return put(asked, self.host, self.look)
        finally:
            self.began += self.host.monotonic() - told

    def close(self) -> None:
        """Leave the terminal as it was found."""


class Plain(Quiet):
    """One line per change, with the time since the start; nothing on the screen is ever changed afterwards."""

    def __init__(self, host: Host, pen: Pen, look: Look, *, verbose: bool = False) -> None:
        super().__init__(host, pen, look)
        self.verbose = verbose
        self._notes: dict[str, str] = {}

    def see(self, event: Event) -> None:
        match event:
            case Started() | Progress() | Finished() if event.step in LAYERS:
                self._layer(event)
            case Started():
                self._sentence(event.subject)
            case Progress() | Finished():
                self._sentence(event.note)
            case Line():
                if self.verbose:
                    self.show(logged(event, colour=self.look.colour))
            case _:
                super().see(event)

    def say(self, note: str) -> None:
        self._sentence(note)

    def _sentence(self, text: str) -> None:
        if text:
            self.show(SafeText(safe(text, multiline=True).replace("\n", " ")))

    def _layer(self, event: Started | Progress | Finished) -> None:
        match event:
            case Started():
                self._notes.pop(event.step, None)
                word, note = "started", event.subject
            case Progress():
                if self._notes.get(event.step) == event.note:
                    return
                self._notes[event.step] = event.note
                word, note = "", event.note
            case Finished():
                word, note = ("ok" if event.ok else "failed"), event.note
                if event.took is not None:
                    note = f"{note} in {spoken(event.took)}" if note else f"in {spoken(event.took)}"
        said = " ".join(part for part in (word, safe(note)) if part)
        self.show(SafeText(f"{spoken(self.elapsed):>10}  {event.step:<{STEP_CELLS}}{said}".rstrip()))


class Jsonl(Quiet):
    """One object per event on stdout; the person sees nothing but problems."""

    def __init__(self, host: Host, pen: Pen, look: Look, out: Pen) -> None:
        super().__init__(host, pen, look)
        self.out = out

    def see(self, event: Event) -> None:
        told = stage(event, self.elapsed)
        if told is not None:
            self.out.line(spell(told))


def logged(line: Line, *, colour: bool) -> SafeText:
    """A log entry of one or more lines, each behind the name of its source."""
    source = safe(line.source)
    text = safe(line.text.rstrip("\n"), multiline=True, colour=colour)
    return SafeText("\n".join(f"  {source} | {part}" for part in text.split("\n")))
