"""One sandbox for all tests of this folder, a fresh world for each, and a client that speaks to it plainly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import NO_TLS, PATH, Dial, client, cookie, socket_url


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(path=PATH, folder=tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def story() -> str:
    return "good-morning"


@pytest.fixture
def world(sandbox: Sandbox, story: str) -> Iterator[World]:
    """A fresh world. A test that asks for something Coder does not know fails, unless it empties `unexpected`."""
    made = sandbox.fresh(story)
    yield made
    assert made.unexpected == []


@pytest.fixture
def api(world: World) -> Iterator[httpx.Client]:
    with client(world.url, world.token) as made:
        yield made


@pytest.fixture
def admin(world: World) -> Iterator[httpx.Client]:
    with client(world.url, world.admin_token) as made:
        yield made


@pytest.fixture
def browser(world: World) -> Iterator[httpx.Client]:
    """Who comes with the session cookie, as app routes want it."""
    with httpx.Client(base_url=world.url, headers=cookie(world), trust_env=False, verify=NO_TLS) as made:
        yield made


@pytest.fixture
def dial(world: World) -> Dial:
    def dialling(path: str, headers: dict[str, str] | None = None) -> AbstractContextManager[ClientConnection]:
        wanted = {"Coder-Session-Token": world.token} if headers is None else headers
        return connect(
            socket_url(world, path), additional_headers=wanted, compression=None, proxy=None, close_timeout=1
        )

    return dialling
