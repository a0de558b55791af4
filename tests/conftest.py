"""Three fixtures for whatever goes through main(): the sandbox with a fresh world, a machine, and the command line."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ameide_ws.cli import main
from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from ameide_ws.settings import TOKEN, VARIABLES
from tests.commands.machine import Machine, Outcome
from tests.commands.stored import compare, name_of, spelt

PATH = "/usr/bin:/bin"
Cli = Callable[..., Outcome]
Stored = Callable[[Outcome], None]
NewMachine = Callable[..., Machine]


def pytest_configure() -> None:
    """A build server may start us with signals ignored, and children would inherit that: ours are there to be ended."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One server for all tests of this process; nothing in it waits."""
    with Sandbox(path=PATH, folder=tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def story() -> str:
    """What happens in the world; a test parametrises it to have another."""
    return "good-morning"


@pytest.fixture
def world(sandbox: Sandbox, story: str) -> Iterator[World]:
    """A fresh world. A test that asks for something Coder does not know fails, unless it empties `unexpected`."""
    before = set(threading.enumerate())
    made = sandbox.fresh(story)
    yield made
    # What a command leaves running ends with the process; here it has to end before the next world begins.
    sandbox.fresh()
    for thread in _left(before):
        thread.join(5)
    assert made.unexpected == []


def _left(before: set[threading.Thread]) -> Iterator[threading.Thread]:
    """The threads of commands, one after the other, until none is left; those of the sandbox and of relays stay."""
    while True:
        here = [one for one in set(threading.enumerate()) - before if not one.name.startswith(("asyncio_", "Thread-"))]
        if not here:
            return
        yield from (one for one in here if one.ident is not None)


@pytest.fixture
def new_machine(world: World, tmp_path: Path) -> NewMachine:
    """Makes machines that know the world's address and token by the environment; the keywords are Machine's."""

    def make(env: dict[str, str] | None = None, **more: object) -> Machine:
        known = {VARIABLES["url"]: world.url, TOKEN: world.token, "PATH": PATH}
        return Machine(tmp_path / "machine", env={**known, **(env or {})}, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def host(new_machine: NewMachine) -> Machine:
    """A machine in a pipe: no terminal anywhere."""
    return new_machine()


@pytest.fixture
def cli(world: World, host: Machine) -> Cli:
    """Runs main() in this process, on the machine `on` or the fixture's. The token may be nowhere in what is left."""

    def run(*words: str, on: Machine | None = None) -> Outcome:
        machine = on or host
        before = len(machine.out.text), len(machine.err.text)
        code = main(words, machine)
        outcome = Outcome(int(code), machine.out.text[before[0] :], machine.err.text[before[1] :])
        left = {"stdout": outcome.out, "stderr": outcome.err, **machine.kept()}
        for token in {world.token, machine.env.get(TOKEN, "")}:
            if len(token) < 24:
                continue
            assert [place for place, text in left.items() if token[11:] in text] == []
        assert "Traceback" not in outcome.out + outcome.err
        return outcome

    return run


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Stored:
    """Compares an outcome with the test's own file below tests/commands/expected."""
    return lambda outcome: compare(name_of(request.node.nodeid), spelt(outcome))
