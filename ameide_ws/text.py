"""What a server, a file or a person said, made fit for a terminal.

`safe` is the only way from a foreign string to a SafeText, and renderers take nothing else.
"""

import re
from collections.abc import Iterable
from typing import NewType

SafeText = NewType("SafeText", str)

NAME_CELLS = 128
SENTENCE = 2000
LINE_BYTES = 16 * 1024

# String sequences (OSC, DCS, SOS, PM, APC) go with their content. They end at a line's end too: one that is never
# closed must not swallow the rest of a log.
_STRING = r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
_CSI = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
_ESCAPE = r"\x1b[ -/]*[0-Z\\^-~]?"
# Controls, bidi and zero-width characters, BOM, fillers that look like nothing, lone surrogates.
_UNSEEN = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_FOREIGN = re.compile(f"(?:{_STRING}|{_CSI}|{_ESCAPE}|{_UNSEEN})+")
# The fillers among them are letters and marks to Python, which calls them printable.
_FILLER = re.compile(r"[\u034f\u115f\u1160\u180b-\u180f\u3164\uffa0]")
_SGR = re.compile(r"\x1b\[([0-9;]{0,64})m")
_HALF = re.compile(r"\x1b[^m]*\Z")
_RETURN = re.compile(r"\r\n?")
_PARTS = re.compile(r"(\x1b\[[0-9;]{0,64}m)")


def safe(text: str, *, multiline: bool = False, colour: bool = False) -> SafeText:
    """Foreign text without anything a terminal would obey.

    A name (not multiline) also loses line breaks and tabs, and is cut at 128 cells. With multiline and colour,
    colours (SGR) stay, written anew from their numbers, and each line ends without one.
    """
    if text.isprintable() and (text.isascii() or not _FILLER.search(text)):
        return SafeText(text if multiline else _cut_cells(text, NAME_CELLS))
    text = _RETURN.sub("\n", text)
    if not multiline:
        return SafeText(_cut_cells(_FOREIGN.sub("", text).replace("\n", " ").replace("\t", " "), NAME_CELLS))
    if not colour or "\x1b" not in text:
        return SafeText(_FOREIGN.sub("", text))
    return SafeText("\n".join(_coloured(line) for line in text.split("\n")))


def sentence(text: str) -> SafeText:
    """Foreign text as one line that may be longer than a name: a line break in it would forge a line of ours."""
    return SafeText(safe(text, multiline=True)[:SENTENCE].strip().replace("\n", " ").replace("\t", " "))


def word(text: str) -> SafeText:
    """Foreign text as one word of a command that a person may paste into a shell."""
    import shlex

    return SafeText(shlex.quote(sentence(text)))


def _coloured(line: str) -> str:
    """One line with its colours kept, and ended when the line does not end them itself."""
    out: list[str] = []
    lit = False
    for part in _PARTS.split(line):
        sgr = _SGR.fullmatch(part)
        if sgr is None:
            out.append(_FOREIGN.sub("", part))
            continue
        numbers = [str(min(int(number), 255)) if number else "0" for number in sgr[1].split(";")]
        lit = numbers != ["0"]  # a last 0 may be part of a colour, as in 38;5;0
        out.append(f"\x1b[{';'.join(numbers)}m")
    return "".join(out) + ("\x1b[0m" if lit else "")


def cut_line(line: SafeText, limit: int = LINE_BYTES) -> SafeText:
    """One line for a terminal: at most `limit` characters, and what was left out said."""
    if len(line) <= limit:
        return line
    head = _HALF.sub("", line[:limit])
    rest = len(line[len(head) :].encode(errors="replace"))
    return SafeText(head + ("\x1b[0m" if "\x1b" in head else "") + f" … (+{rest} bytes)")


def _width(char: str) -> int:
    import unicodedata

    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(_width(char) for char in text)


def _cut_cells(text: str, limit: int) -> str:
    if len(text) <= limit and cells(text) <= limit:
        return text
    width = 0
    for index, char in enumerate(text):
        width += _width(char)
        if width > limit - 1:
            return text[:index] + "…"
    return text


def shorten(text: SafeText, limit: int) -> SafeText:
    """A safe text of at most `limit` columns."""
    return SafeText(_cut_cells(text, max(1, limit)))


def near(word: str, among: Iterable[str]) -> str | None:
    """The one of `among` that was probably meant: it begins so, or a letter or two differ."""
    import difflib

    words = sorted(among)
    begins = [known for known in words if len(word) >= 2 and known.lower().startswith(word.lower())]
    if begins:
        return begins[0]
    found = difflib.get_close_matches(word.lower(), [known.lower() for known in words], n=1, cutoff=0.6)
    return next((known for known in words if known.lower() == found[0]), None) if found else None
