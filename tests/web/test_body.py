"""Bodies: caps before and after decompression, JSON of bounded depth, arrays item by item at any chunk border."""

import gzip
import json
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.web import body
from ameide_ws.web.answer import parse_date

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
CUTS = st.lists(st.integers(1, 40), max_size=12)


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    for cut in cuts:
        yield data[:cut]
        data = data[cut:]
    yield data


@given(st.lists(JSON, max_size=6), CUTS, st.sampled_from([1, 7, 65536]), st.sampled_from([None, 1]))
def test_T53_items_are_the_same_at_any_chunk_border(rows: list[Any], cuts: list[int], step: int, indent: Any) -> None:
    data = json.dumps(rows, indent=indent, ensure_ascii=indent is None).encode()
    assert list(body.items(pieces(data, cuts), step=step)) == rows


@given(st.lists(JSON, min_size=1, max_size=4), st.data())
def test_T53_a_list_cut_anywhere_gives_its_first_items_and_then_a_fault(rows: list[Any], data: st.DataObject) -> None:
    text = json.dumps(rows).encode()
    end = data.draw(st.integers(0, len(text) - 1))
    got: list[Any] = []
    with pytest.raises(body.Fault):
        got.extend(body.items(pieces(text[:end], [3, 5])))
    assert got == rows[: len(got)] or end < len(text)


@given(st.binary(max_size=60), CUTS)
def test_T56_any_bytes_are_items_or_a_fault(data: bytes, cuts: list[int]) -> None:
    with suppress(body.Fault):
        list(body.items(pieces(data, cuts), step=4))


def test_T53_go_spells_an_empty_list_null() -> None:
    assert list(body.items([b"null"])) == []
    assert list(body.items([b" nu", b"ll "], step=1)) == []
    assert list(body.items([b"[ ]"])) == []


@pytest.mark.parametrize("data", [b"", b"[", b"{}", b"[1 2]", b"[1,]", b"[1] 2", b"nul", b"[,]", b"[1,,2]", b"\xff[]"])
def test_T53_what_is_no_list_is_a_fault(data: bytes) -> None:
    with pytest.raises(body.Fault):
        list(body.items([data]))


def test_T53_one_item_may_not_be_endless() -> None:
    with pytest.raises(body.Fault, match="one item of the answer is larger than 2 MiB"):
        list(body.items(b'["' + b"x" * 3_000_000 + b'"]' for _ in range(1)))
    with pytest.raises(body.Fault, match="one item"):
        list(body.items([b'["'] + [b"x" * 65536] * 40))


def test_T53_a_million_lines_are_never_held_whole() -> None:
    row = json.dumps({"id": 1, "output": "x" * 200}).encode()

    def chunks() -> Iterator[bytes]:
        yield b"[" + row
        for _ in range(10_000):
            yield b"," + row
        yield b"]"

    tracemalloc.start()
    count = sum(1 for _ in body.items(chunks()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 10_001
    assert peak < 2 * body.MIB


def test_T58_small_chunks_of_a_large_item_cost_linear_time() -> None:
    begun = time.process_time()
    assert len(list(body.items([b'["'] + [b"y"] * 1_000_000 + [b'"]']))) == 1
    assert time.process_time() - begun < 2


def test_T58_a_page_made_of_title_tags_costs_nothing() -> None:
    begun = time.process_time()
    for text in (b"<title" * 170_000, b"<" * 1_000_000, b" " * 1_000_000, b"<title>" + b"&" * 1_000_000):
        body.title(text)
        body.is_html("", text)
    assert time.process_time() - begun < 0.4


def bomb(size: int) -> bytes:
    return gzip.compress(b"0" * size, compresslevel=9)


def test_T54_a_decompression_bomb_ends_at_the_cap() -> None:
    data = bomb(64 * body.MIB)
    tracemalloc.start()
    with pytest.raises(body.Fault, match="larger than 16 MiB"):
        for _ in body.plain([data], "gzip", body.WHOLE):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < body.MIB


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "\x1b[31m"])
def test_T54_other_compression_is_refused(encoding: str) -> None:
    with pytest.raises(body.Fault, match="not asked for"):
        list(body.plain([b"x"], encoding, 100))


@given(st.binary(max_size=3000), CUTS)
def test_T54_gzip_comes_out_as_it_went_in(data: bytes, cuts: list[int]) -> None:
    assert b"".join(body.plain(pieces(gzip.compress(data), cuts), " GZip ", 4000)) == data


def test_F07_damaged_gzip_is_a_cut() -> None:
    data = gzip.compress(b"hello" * 100)
    for broken in (data[:-1], data[:5], b"no gzip at all", b""):
        with pytest.raises(body.Fault) as caught:
            list(body.plain([broken], "gzip", 1000))
        assert caught.value.kind == "cut"
    with pytest.raises(body.Fault, match="more data behind"):
        list(body.plain([data + b"x"], "gzip", 1000))


def test_T53_a_cut_body_ends_at_its_cap() -> None:
    assert b"".join(body.plain([b"abc", b"def", b"ghi"], "", 5, cut=True)) == b"abcde"


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b"9" * 5000,
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"[Infinity]",
        b"{",
        b"",
        b"<html>",
    ],
)
def test_T56_json_bombs_are_one_fault(data: bytes) -> None:
    with pytest.raises(body.Fault):
        body.parse(data)
    with pytest.raises(body.Fault):
        list(body.items([b"[", data, b"]"] if data else [data]))


def test_T56_depth_sixty_four_is_still_read() -> None:
    assert body.parse(b"[" * 64 + b"]" * 64) is not None


@given(st.text(max_size=80))
def test_T57_any_text_is_a_date_or_none(text: str) -> None:
    at = parse_date(text)
    assert at is None or at.tzinfo is not None


@pytest.mark.parametrize(
    "text", ["Mon, 01 Jan 0001 00:00:00 +2300", "Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 99 Foo 2026", "0", "," * 60]
)
def test_T57_dates_at_the_edge_of_the_calendar_raise_nothing(text: str) -> None:
    parse_date(text)


def test_T57_a_date_without_a_zone_is_utc() -> None:
    at = parse_date("Tue, 24 Nov 2026 14:00:00 -0000")
    assert at is not None
    assert at.isoformat() == "2026-11-24T14:00:00+00:00"


def test_F20_a_title_is_safe_and_short() -> None:
    page = b"<!doctype html><TITLE lang=en>\n  Sign in \x1b]0;evil\x07 &amp; wait" + b"x" * 300 + b"</title>"
    assert body.title(page).startswith("Sign in & waitx")
    assert len(body.title(page)) <= 80
    assert body.title(b"<html>") == ""
    assert body.title(b"<title>never closed") == ""
