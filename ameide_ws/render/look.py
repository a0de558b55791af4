"""What a stream can show: colour, a live region, glyphs. Pure decisions over the host's facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from ameide_ws.host import Host
from ameide_ws.text import SafeText

NARROW = 40

# The terminal's own sixteen colours, so that a person's theme decides about contrast.
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_GLYPHS = {"ok": "✓", "failed": "✗", "waiting": "·", "warning": "!"}
_PLAIN_GLYPHS = {"ok": "+", "failed": "x", "waiting": ".", "warning": "!"}
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"
# Our own signs, for an encoding that has no room for them.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "·": "-", "…": "...", "“": '"', "”": '"', "’": "'", "–": "-", "—": "-", "→": "->"}
)


@dataclass(frozen=True, slots=True)
class Look:
    """What one stream can show."""

    colour: bool = False
    live: bool = False
    signs: bool = True
    terminal: bool = False
    columns: int = 80

    def paint(self, style: str, text: str) -> SafeText:
        """A safe text in a colour, where there is colour."""
        return SafeText(f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour and text else text)

    def glyph(self, name: str) -> SafeText:
        """The sign for ok, failed, waiting or warning; a word always stands beside it."""
        return SafeText((_GLYPHS if self.signs else _PLAIN_GLYPHS)[name])

    def frame(self, seconds: float) -> SafeText:
        """The picture of a spinner at a moment."""
        frames = _FRAMES if self.signs else _PLAIN_FRAMES
        return SafeText(frames[int(seconds * 10) % len(frames)])


def look_at(host: Host, stream: TextIO, color: str = "auto") -> Look:
    """The look of one stream. `color` is the person's own word: auto, always or never."""
    terminal = host.is_terminal(stream)
    dumb = host.value("TERM") == "dumb"
    return Look(
        colour=coloured(host.env, terminal, color),
        live=terminal and not dumb and not host.in_ci and host.columns >= NARROW,
        signs=carries(stream, "✓✗·⠋…"),
        terminal=terminal,
        columns=host.columns,
    )


def coloured(env: Mapping[str, str], terminal: bool, color: str) -> bool:
    """Whether to use colour: the person's word, then NO_COLOR, then what forces it, then the terminal."""
    if color != "auto":
        return color == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR", "").lower() not in ("", "0", "false"):
        return True
    if env.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if env.get("CLICOLOR") == "0" or env.get("TERM") == "dumb":
        return False
    return terminal


def carries(stream: TextIO, signs: str) -> bool:
    """Whether a stream's encoding has these characters."""
    try:
        signs.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def fitted(text: str, stream: TextIO) -> str:
    """Text with our own signs spelt in ASCII where the stream cannot carry them."""
    return text if text.isascii() or carries(stream, text) else text.translate(_ASCII)
