"""Foreign text on its way to a terminal: nothing that a terminal obeys, or that hides, gets through."""

import os
import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ameide_ws.text import NAME_CELLS, SafeText, cells, cut_line, near, safe, shorten

MODES = {
    "name": {},
    "lines": {"multiline": True},
    "coloured lines": {"multiline": True, "colour": True},
    "a colourful name": {"colour": True},
}
each_mode = pytest.mark.parametrize("mode", MODES)
# A quarter of an hour's worth of ideas on a build server, a quick look at a desk.
MANY = settings(max_examples=10_000 if os.environ.get("CI") else 500, deadline=None)

# Characters of no width that Unicode files under letters and marks.
FILLERS = "\u034f\u115f\u1160\u180b\u180c\u180d\u180f\u3164\uffa0"
PIECES = [
    "\x1b", "[", "]", "P", "X", "^", "_", "\\", "\x07", "\x9b", "\x9d", "\x90", "\x9c", "\x98", "\r", "\n", "\t",
    "\x00", "\x08", "\x7f", "\x85", "\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\ud800", "\udfff", "\U000e0041",
    "m", "J", "H", "0", "1", ";", "38;5;0", "?", ":", " ", "!", "/", "x", "é", "漢", "e\u0301", "\x1b[31m", "\x1b[0m",
    "\x1b[", "\x1b]8;;", "\x1b]52;c;", "\x1bP$q", *FILLERS,
]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=40).map("".join)


def forbidden(char: str) -> bool:
    """Told apart from `text`: by Unicode's own categories, plus the fillers."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in FILLERS


def leaks(text: str, *, multiline: bool = False, colour: bool = False) -> str:
    """What is left in a safe text that may not be."""
    if multiline and colour:
        text = re.sub(r"\x1b\[[0-9]{1,3}(;[0-9]{1,3})*m", "", text)
    return "".join(char for char in text if forbidden(char) and not (multiline and char in "\n\t"))


@MANY
@given(text=hostile)
@pytest.mark.timeout(300)
def test_t32_no_forbidden_code_point_and_the_second_time_changes_nothing(text: str) -> None:
    for mode in MODES.values():
        out = safe(text, **mode)
        assert leaks(out, **mode) == ""
        assert safe(out, **mode) == out
        if "multiline" not in mode:
            assert cells(out) <= NAME_CELLS


@each_mode
@pytest.mark.parametrize("around", ["{}", "a{}b", "\x1b[1m{}"])
def test_t32_every_code_point_there_is(mode: str, around: str) -> None:
    found = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if forbidden(chr(code)) and leaks(safe(around.format(chr(code)), **MODES[mode]), **MODES[mode])
    ]
    assert found == []


@given(text=hostile)
def test_t32_each_line_ends_without_a_colour(text: str) -> None:
    for line in safe(text, multiline=True, colour=True).split("\n"):
        codes = re.findall(r"\x1b\[([0-9;]*)m", line)
        assert not codes or codes[-1] == "0" or codes[-1].endswith(";0")


@pytest.mark.parametrize("colour", ["38;5;0", "48;2;255;255;0", "1", "31", "0;7"])
def test_t32_a_colour_whose_number_is_nought_is_ended_too(colour: str) -> None:
    assert safe(f"\x1b[{colour}mx", multiline=True, colour=True) == f"\x1b[{colour}mx\x1b[0m"


@pytest.mark.parametrize("mode", ["lines", "coloured lines"])
@pytest.mark.parametrize(
    "text",
    [
        "\x1b[" + "0" * 1_000_000,
        "\x1b[" * 500_000,
        "\x1b[0;" * 250_000,
        "\x1b]" + "x" * 1_000_000,
        "\x1b]" * 500_000,
        "\x1bP" + "\x1b[31m" * 200_000,
        "\x1b" + " " * 1_000_000,
        "\x1b[31m" * 200_000,
        "\x9d" * 1_000_000,
        "\r" * 1_000_000,
        "\u200b" * 1_000_000,
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_t32_a_megabyte_that_never_ends_is_read_once(mode: str, text: str) -> None:
    # A pattern that looked back would need hours: the suite's time limit is the judge.
    assert leaks(safe(text, **MODES[mode]), **MODES[mode]) == ""


GOLDENS = [
    ("the clipboard (OSC 52)", "a\x1b]52;c;cm0gLXJmIC8=\x07b", "ab", "ab"),
    ("a link to a file (OSC 8)", "\x1b]8;;file:///etc/passwd\x1b\\text\x1b]8;;\x1b\\", "text", "text"),
    ("a question for settings (DECRQSS)", "a\x1bP$qm\x1b\\b", "ab", "ab"),
    ("a question for the cursor (DSR)", "a\x1b[6nb", "ab", "ab"),
    ("a title", "a\x1b]0;owned\x07b", "ab", "ab"),
    ("a title in C1", "a\x9d0;owned\x9cb", "ab", "ab"),
    ("a cleared screen", "a\x1b[2J\x1b[Hb", "ab", "ab"),
    ("an alternate screen", "a\x1b[?1049hb", "ab", "ab"),
    ("a reset", "a\x1bcb", "ab", "ab"),
    ("a string that never ends", "a\x1b]0;b\nc", "a\nc", "a c"),
    ("bare returns", "progress\rdone\r\nnext", "progress\ndone\nnext", "progress done next"),
    ("backspaces", "rm\x08\x08ls", "rmls", "rmls"),
    ("text that runs backwards", "\u202egpj.exe", "gpj.exe", "gpj.exe"),
    ("a tab", "a\tb", "a\tb", "a b"),
    ("a colour", "\x1b[31mred", "red", "red"),
    ("half of a pair", "a\ud800b", "ab", "ab"),
    ("an invisible letter", "a\u3164b", "ab", "ab"),
    ("markup", "[red]x[/nope] %s {0}", "[red]x[/nope] %s {0}", "[red]x[/nope] %s {0}"),
]


@pytest.mark.parametrize(("what", "text", "lines", "name"), GOLDENS, ids=[golden[0] for golden in GOLDENS])
def test_t32_goldens(what: str, text: str, lines: str, name: str) -> None:
    assert safe(text, multiline=True) == lines
    assert safe(text) == name


def test_t32_colours_are_written_anew_from_their_numbers() -> None:
    assert safe("\x1b[m\x1b[01;999mx\ny", multiline=True, colour=True) == "\x1b[0m\x1b[1;255mx\x1b[0m\ny"
    assert safe("\x1b[38:5:1mx\x1b[>1mx\x1b[1 mx", multiline=True, colour=True) == "xxx"


def test_t32_a_name_is_one_line_of_at_most_128_cells() -> None:
    assert safe("a\nb\tc\r\nd") == "a b c d"
    assert safe("x" * 128) == "x" * 128
    assert safe("x" * 129) == "x" * 127 + "…"
    assert safe("漢" * 64) == "漢" * 64
    assert safe("漢" * 65) == "漢" * 63 + "…"
    assert cells(safe("漢" * 500)) <= 128


def test_t38_a_line_is_cut_and_says_what_is_missing() -> None:
    assert cut_line(SafeText("x" * 16384)) == "x" * 16384
    assert cut_line(SafeText("x" * 20000)) == "x" * 16384 + " … (+3616 bytes)"
    assert cut_line(SafeText("é" * 12), limit=10) == "é" * 10 + " … (+4 bytes)"
    assert cut_line(SafeText("\x1b[31m" + "x" * 10), limit=10) == "\x1b[31mxxxxx\x1b[0m … (+5 bytes)"


@given(text=hostile, limit=st.integers(1, 40))
def test_t38_no_cut_line_ends_in_the_middle_of_a_colour(text: str, limit: int) -> None:
    line = SafeText(safe(text, multiline=True, colour=True).replace("\n", " "))
    assert leaks(cut_line(line, limit), multiline=True, colour=True) == ""


@given(text=st.text(), limit=st.integers(-1, 200))
def test_a_shortened_text_fits(text: str, limit: int) -> None:
    assert cells(shorten(safe(text), limit)) <= max(1, limit)


def test_near_is_the_word_that_was_probably_meant() -> None:
    assert near("lst", ["list", "show", "up"]) == "list"
    assert near("Temp", ["template", "timeout"]) == "template"
    assert near("xyz", ["list", "show", "up"]) is None
    assert near("", ["list"]) is None
