"""One sandbox for all tests of this folder, a fresh world for each, and the core's own client of it."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ameide_ws.coder.client import Coder
from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from ameide_ws.settings import Secret
from ameide_ws.web import Web, parse_origin

from .hosts import Running

MakeCoder = Callable[..., Coder]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(path=os.environ["PATH"], folder=tmp_path_factory.mktemp("sandbox"), pace=0.0) as running:
        yield running
        # A source notices within a second that its reader has gone; until then it may still hold a socket.
        for thread in threading.enumerate():
            if thread.name in ("watch", "build", "agent", "probe"):
                thread.join(5)


TOKENS: set[str] = set()


@pytest.fixture
def story() -> str:
    return "good-morning"


@pytest.fixture
def world(sandbox: Sandbox, story: str) -> Iterator[World]:
    """A fresh world. A test that asks for something Coder does not know fails."""
    made = sandbox.fresh(story)
    # Sources of the test before may ask once more, with the token of their own world.
    TOKENS.update(made.issued)
    made.issued |= TOKENS
    made.unexpected.clear()
    yield made
    assert made.unexpected == []


@pytest.fixture
def host() -> Running:
    return Running()


@pytest.fixture
def coder_for(world: World, host: Running) -> Iterator[MakeCoder]:
    """Makes clients, each with connections of its own; all are closed in the end."""
    made: list[Web] = []

    def make(machine: Running | None = None, **more: Any) -> Coder:
        token = more.pop("token", world.token)
        web = Web(
            parse_origin(world.url), machine or host, token=Secret(token), user_agent="ameide-ws/0 (test)", **more
        )
        made.append(web)
        return Coder(web)

    yield make
    for web in made:
        web.close()


@pytest.fixture
def coder(coder_for: MakeCoder) -> Coder:
    return coder_for()
