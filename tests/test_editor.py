"""One path with the real code-server, from npm or elsewhere: on the PATH, or named by AMEIDE_WS_TEST_EDITOR."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from tests.commands.asked import is_an_error
from tests.conftest import Cli, NewMachine

PROGRAM = os.environ.get("AMEIDE_WS_TEST_EDITOR") or shutil.which("code-server")
pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="no code-server on the PATH, and AMEIDE_WS_TEST_EDITOR names none"),
    pytest.mark.timeout(120),
]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose workspaces start the real editor."""
    with Sandbox(path=os.environ["PATH"], folder=tmp_path_factory.mktemp("editor"), editor=PROGRAM) as running:
        yield running


def test_up_is_ready_only_once_the_real_editor_answers_and_not_when_it_is_dead(
    cli: Cli, world: World, new_machine: NewMachine
) -> None:
    outcome = cli("up", "--json", "--wait", "scripts")
    assert outcome.exit == 0, outcome.err
    assert "not listening yet" in outcome.err, "the port was looked at before the editor had it"
    layers = {layer["step"]: layer["note"] for layer in outcome.json["data"]["layers"]}
    assert layers["editor"] == "answering"
    agent = world.find("dev").agent
    assert agent is not None
    log = (Path(world.find("dev").folder) / ".code-server.log").read_text(errors="replace")
    assert "HTTP server listening on" in log
    before = world.find("dev").latest.number

    agent.processes.end()
    late = cli("up", "--timeout", "2s", on=new_machine())
    is_an_error(late, 13)
    assert late.first == "error: the editor of “dev” did not answer within 2.0 s"
    assert "  cause: not listening yet\n" in late.err
    assert world.find("dev").latest.number == before, "a dead editor is no reason to build"
