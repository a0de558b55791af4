"""The one way onto a stream: redacted, fitted to the encoding, and honest about a stream that has gone."""

from typing import TextIO

from ameide_ws.problems import CannotWrite
from ameide_ws.render.look import fitted
from ameide_ws.render.redact import Redactor
from ameide_ws.text import LINE_BYTES, SafeText, cut_line


class Gone(Exception):
    """Whoever read the stream has closed it."""


class Pen:
    """Writes safe text to a stream. Also file enough for Rich to write through.

    forgiving: errors mute it instead of being raised, which is right for stderr: there is nowhere left to complain.
    mutes: a reader that has gone only mutes it, for commands that have more to do than to write.
    """

    mutes = False

    def __init__(self, stream: TextIO, redact: Redactor, *, terminal: bool, forgiving: bool = False) -> None:
        self.stream = stream
        self.redact = redact
        self.terminal = terminal
        self.forgiving = forgiving
        self.muted = False

    def line(self, text: SafeText) -> None:
        """One or several whole lines; over-long ones are cut on a terminal, never in a pipe."""
        if self.terminal and len(text) > LINE_BYTES:
            text = SafeText("\n".join(cut_line(SafeText(line)) for line in text.split("\n")))
        self.write(f"{text}\n")
        self.flush()

    def write(self, text: str) -> int:
        """For Rich and for `line`: everything else goes through `line`, which takes safe text only."""
        if self.muted:
            return len(text)
        try:
            self.stream.write(fitted(self.redact(text), self.stream))
        except (OSError, ValueError) as error:
            self._lost(error)
        return len(text)

    def flush(self) -> None:
        """Hand over what is held back."""
        if self.muted:
            return
        try:
            self.stream.flush()
        except (OSError, ValueError) as error:
            self._lost(error)

    def _lost(self, error: OSError | ValueError) -> None:
        """Be quiet from now on, and raise Gone or CannotWrite where that matters."""
        self.muted = True
        if self.forgiving:
            return
        if isinstance(error, BrokenPipeError):
            if not self.mutes:
                raise Gone from error
            return
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise CannotWrite(
            f"cannot write output: {why}",
            cause="what stdout leads to takes no more",
            tries=("make room there, or send the output elsewhere",),
        ) from error

    def isatty(self) -> bool:
        """Whether a person's screen is at the other end."""
        return self.terminal

    def fileno(self) -> int:
        """The stream's number, which Rich asks for the size of the screen."""
        return self.stream.fileno()

    @property
    def encoding(self) -> str:
        """How characters become bytes."""
        return self.stream.encoding or "utf-8"
