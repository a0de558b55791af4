"""Log lines as Coder keeps them, and a bell for those who follow them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import timedelta

from .answers import Json, moment, now

DONE = "done"


class Bell:
    """Wakes everybody who waits; ringing with nobody waiting is forgotten."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


class Log:
    """Rows with rising ids, which are counted for the whole deployment as in Coder's database."""

    def __init__(self, ids: Iterator[int]) -> None:
        self.rows: list[Json] = []
        self.length = 0
        self.overflowed = False
        self.closed = False
        self.bell = Bell()
        self._ids = ids

    def add(self, row: Json) -> None:
        # Ids come first, as in Coder's JSON; a sequence leaves gaps, so nobody may count with them.
        self.rows.append({"id": next(self._ids), "created_at": moment(now()), **row})
        self.length += len(row["output"].encode())
        self.bell.ring()

    def after(self, last: int) -> list[Json]:
        return [row for row in self.rows if row["id"] > last]

    def close(self) -> None:
        self.closed = True
        self.bell.ring()


def build_row(source: str, level: str, stage: str, output: str) -> Json:
    return {"log_source": source, "log_level": level, "stage": stage, "output": output}


def agent_row(output: str, level: str, source_id: str) -> Json:
    return {"output": output, "level": level, "source_id": source_id}


def counter(start: int = 1) -> Iterator[int]:
    return itertools.count(start)


def soon(seconds: float) -> str:
    return moment(now() + timedelta(seconds=seconds))
