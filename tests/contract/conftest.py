"""The `coder` fixture, and the two Coders behind it: the sandbox always, a real one when three variables name it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from ameide_ws.sandbox.serve import Sandbox
from tests.contract.target import Names, Target

VARIABLES = ("AMEIDE_WS_CONTRACT_URL", "AMEIDE_WS_CONTRACT_TOKEN", "AMEIDE_WS_CONTRACT_TEMPLATE")
# Read now: the product's own Host takes tokens out of the environment when a test makes one.
SAID = {name: os.environ.get(name, "").strip() for name in VARIABLES}
PRODUCTION = "coder.dev.ameide.io"
PATH = "/usr/bin:/bin"
# Three builds at a time is what a Coder without a licence does; others may be waiting there, too.
PATIENCE = 240


class Real(NamedTuple):
    """Where a real Coder is, and how to get in."""

    url: str
    token: str
    template: str


def named(said: dict[str, str]) -> Real | None:
    """The real Coder that the variables name; None without any. Raises UsageError for half a name, or production."""
    missing = [name for name in VARIABLES if not said[name]]
    if len(missing) == len(VARIABLES):
        return None
    if missing:
        raise pytest.UsageError(f"the contract with a real Coder needs {' and '.join(missing)} as well")
    url = said["AMEIDE_WS_CONTRACT_URL"].rstrip("/")
    refuse_production(url)
    return Real(url, said["AMEIDE_WS_CONTRACT_TOKEN"], said["AMEIDE_WS_CONTRACT_TEMPLATE"])


def refuse_production(url: str) -> None:
    """People work there: nothing is created and deleted beside them, whatever the variables say."""
    host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    if host.rstrip(".").lower() == PRODUCTION:
        raise pytest.UsageError(
            f"the contract tests create and delete workspaces, and https://{PRODUCTION} is where people work: "
            f"they never run there; name another Coder in {VARIABLES[0]}"
        )


REAL = named(SAID)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "coder" in metafunc.fixturenames:
        metafunc.parametrize("coder", ["sandbox", "real"] if REAL else ["sandbox"], indirect=True)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sandbox_differs(how): Coder is right, and the sandbox is not there yet")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        callspec = getattr(item, "callspec", None)
        target = callspec.params.get("coder") if callspec is not None else None
        differs = item.get_closest_marker("sandbox_differs")
        if target == "real":
            item.add_marker(pytest.mark.timeout(PATIENCE))
        elif target == "sandbox" and differs is not None:
            # Not strict: whoever mends the sandbox need not wait for whoever takes the mark away.
            item.add_marker(pytest.mark.xfail(reason=f"the sandbox differs: {differs.args[0]}", strict=False))


@pytest.fixture(scope="session")
def real_address() -> Real | None:
    return REAL


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(path=PATH, folder=tmp_path_factory.mktemp("contract")) as running:
        yield running


@pytest.fixture(scope="session")
def real() -> Iterator[Target]:
    """The real Coder. At the end nothing of this run is left there, or the run fails."""
    assert REAL is not None
    target = Target(*REAL, Names(secrets.token_hex(3)))
    try:
        yield target
    finally:
        target.sweep()
        target.close()


@pytest.fixture
def coder(request: pytest.FixtureRequest) -> Iterator[Target]:
    """One Coder: a fresh world in the sandbox; on a real one, what the test made is deleted when it ends."""
    if request.param == "real":
        yield from borrowed(request.getfixturevalue("real"))
    else:
        yield from arranged(request.getfixturevalue("sandbox"))


@pytest.fixture
def stand_in(sandbox: Sandbox) -> Iterator[Target]:
    """The sandbox alone, for what a real Coder has said already."""
    yield from arranged(sandbox)


def arranged(sandbox: Sandbox) -> Iterator[Target]:
    world = sandbox.fresh()
    target = Target(world.url, world.token, "ameide-dev", Names("sandbox"), sandbox)
    try:
        yield target
        assert target.nonsense_is_meant or sandbox.world.unexpected == []
    finally:
        target.close()


def borrowed(target: Target) -> Iterator[Target]:
    kept = len(target.names.given)
    try:
        yield target
    finally:
        shared = target.shared_name
        made = [name for name in target.names.given[kept:] if name != shared]
        for workspace in target.living() if made else []:
            if workspace["name"] in made:
                target.forget(workspace)
