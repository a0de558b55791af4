"""Bodies, never trusted: bytes counted before and after decompression, JSON of bounded depth, arrays item by item.

What is wrong is raised as a Fault; which Problem that becomes is decided where the request is known.
"""

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

from ameide_ws.text import safe

KIB, MIB = 1024, 1024 * 1024
WHOLE = 16 * MIB
ERROR = 64 * KIB
STREAM = 64 * MIB
ITEM = 2 * MIB
DEPTH = 64
_STEP = 64 * KIB
_TITLE = 80


class Fault(Exception):
    """A body that is not what was due. kind: `large`, `bad`, or `cut` for one that ended too early."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why


def plain(chunks: Iterable[bytes], encoding: str, cap: int, *, cut: bool = False) -> Iterator[bytes]:
    """The body as it was before compression, in small steps. Raises Fault above `cap`, or ends there with `cut`."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        steps: Iterable[bytes] = chunks
    elif encoding in ("gzip", "x-gzip"):
        steps = _gunzip(chunks)
    else:
        raise Fault("bad", f"the answer is compressed in a way that was not asked for ({safe(encoding)[:20]})")
    size = 0
    for step in steps:
        size += len(step)
        if size > cap:
            if cut:
                yield step[: len(step) - (size - cap)]
                return
            raise Fault("large", f"the answer is larger than {_size(cap)}")
        yield step


def _size(cap: int) -> str:
    return f"{cap // MIB} MiB" if cap >= MIB else f"{max(1, cap // KIB)} KiB"


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    import zlib

    machine = zlib.decompressobj(31)
    try:
        for chunk in chunks:
            rest = chunk
            while rest and not machine.eof:
                yield machine.decompress(rest, _STEP)
                rest = machine.unconsumed_tail
            if machine.eof and machine.unused_data:
                raise Fault("bad", "there is more data behind the end of the compressed answer")
    except zlib.error:
        raise Fault("cut", "the compressed answer is damaged") from None
    if not machine.eof:
        raise Fault("cut", "the compressed answer ended too early")


def parse(data: bytes) -> Any:
    """The JSON of a whole body. Raises Fault for anything that is none, or is nested too deeply."""
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Fault("bad", "the answer is not valid JSON") from None
    _check_depth(value)
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise Fault("bad", f"the answer is nested more than {DEPTH} levels deep")


class _More(Exception):
    """What begins here is not all there yet."""


class Items:
    """Reads one JSON array from blocks of text, item by item; `null`, which is how Go spells an empty list, is empty.

    What is due next is kept between two blocks, and an item is looked at again only when a block has been added.
    """

    def __init__(self, limit: int = ITEM) -> None:
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._limit = limit
        self._text = ""
        self._due = "list"  # list, first (an item or the end), item, comma (or the end), nothing

    def feed(self, block: bytes, *, last: bool = False) -> Iterator[Any]:
        """The items that this block completes. last: nothing comes after it. Raises Fault."""
        try:
            self._text += self._utf8.decode(block, last)
        except UnicodeDecodeError:
            raise Fault("bad", "the answer is not UTF-8 text") from None
        at = 0
        try:
            while (at := _skip_space(self._text, at)) < len(self._text):
                if self._due == "item" or (self._due == "first" and self._text[at] != "]"):
                    value, at = self._item(at, last)
                    self._due = "comma"
                    yield value
                else:
                    at = self._sign(at, last)
        except _More:
            pass
        self._text = self._text[at:]
        if last and self._due != "nothing":
            raise Fault("cut", "the list in the answer ended too early")

    def _sign(self, at: int, last: bool) -> int:
        """Take one sign of the list's own, and tell where it ends."""
        sign = self._text[at]
        if self._due == "list" and sign == "[":
            self._due = "first"
            return at + 1
        word = self._text[at : at + 4]
        if self._due == "list" and "null".startswith(word) and not last and word != "null":
            raise _More
        if self._due == "list" and word == "null":
            self._due = "nothing"
            return at + 4
        if self._due in ("comma", "first") and sign == "]":
            self._due = "nothing"
            return at + 1
        if self._due == "comma" and sign == ",":
            self._due = "item"
            return at + 1
        raise Fault("bad", "the answer is not a JSON list")

    def _item(self, at: int, last: bool) -> tuple[Any, int]:
        """The item that begins here, and where it ends."""
        try:
            value, end = self._decoder.raw_decode(self._text, at)
        except RecursionError:
            raise Fault("bad", f"the answer is nested more than {DEPTH} levels deep") from None
        except json.JSONDecodeError:
            self._refuse_long(len(self._text) - at)
            if last:
                raise Fault("cut", "the list in the answer ended too early, or is not valid JSON") from None
            raise _More from None
        except ValueError:
            raise Fault("bad", "the answer is not valid JSON") from None
        self._refuse_long(end - at)
        # A number may go on in the next block: an item is whole only when something follows it.
        if _skip_space(self._text, end) == len(self._text) and not last:
            raise _More
        _check_depth(value)
        return value, end

    def _refuse_long(self, size: int) -> None:
        if size > self._limit:
            raise Fault("large", f"one item of the answer is larger than {_size(self._limit)}")


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def items(chunks: Iterable[bytes], limit: int = ITEM, step: int = _STEP) -> Iterator[Any]:
    """The items of one JSON array, as its text comes in. Raises Fault; a break midway leaves what came before it."""
    reader = Items(limit)
    gathered: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= step:
                yield from reader.feed(b"".join(gathered))
                gathered, size = [], 0
    except Exception:
        yield from reader.feed(b"".join(gathered))  # what had come before the break counts
        raise
    yield from reader.feed(b"".join(gathered), last=True)


def is_html(kind: str, data: bytes) -> bool:
    """Whether a body is a web page: its media type says so, or it begins as one."""
    return "html" in kind.lower() or data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def is_json(kind: str) -> bool:
    """Whether a media type is JSON."""
    name = kind.partition(";")[0].strip().lower()
    return name == "application/json" or (name.startswith("application/") and name.endswith("+json"))


def title(data: bytes) -> str:
    """What a page's title bar would show, fit for a terminal."""
    from html import unescape

    lower = data.lower()
    begin = lower.find(b">", lower.find(b"<title")) if b"<title" in lower else -1
    end = lower.find(b"</title", begin)
    if begin < 0 or end < 0:
        return ""
    text = unescape(data[begin + 1 : min(end, begin + 2048)].decode(errors="replace"))
    return " ".join(safe(text).split())[:_TITLE]
