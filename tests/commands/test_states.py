"""`up` and `up --plan` from every state a workspace can be in."""

from typing import Any, NamedTuple

import pytest

from ameide_ws.sandbox.arranging import STATES
from ameide_ws.sandbox.world import World
from tests.commands.asked import builds, changes, is_an_error, is_valid
from tests.commands.machine import Machine
from tests.conftest import Cli, Stored


class State(NamedTuple):
    """How a workspace is arranged, what `up` says it does, and what it asks for."""

    arranged: dict[str, Any]
    says: str
    asks: list[tuple[str, str]]


START = [("build", "start")]
CREATE = [("create", "dev")]
STATES_OF_A_WORKSPACE = {
    "running": State({"status": "running"}, "running", []),
    "running-outdated": State({"status": "running", "outdated": True}, "running", []),
    "stopped": State({"status": "stopped"}, "starting", START),
    "stopped-outdated": State({"status": "stopped", "outdated": True}, "starting", START),
    "dormant": State({"status": "dormant"}, "waking", START),
    "deleted": State({"status": "deleted"}, "creating", CREATE),
    "pending": State({"status": "pending"}, "joining the build that runs", []),
    "starting": State({"status": "starting"}, "joining the build that runs", []),
    "pending-stop": State({"status": "pending", "transition": "stop"}, "is being stopped", START),
    "stopping": State({"status": "stopping"}, "is being stopped", START),
    "deleting": State({"status": "deleting"}, "is being deleted", CREATE),
    "failed-start": State({"status": "failed-start"}, "cleaning up what is left", [("build", "stop"), *START]),
    "canceled-start": State({"status": "canceled"}, "cleaning up what is left", [("build", "stop"), *START]),
    "failed-stop": State({"status": "failed-stop"}, "starting", START),
    "failed-delete": State({"status": "failed-delete"}, "starting", START),
    "canceled-stop": State({"status": "canceled", "transition": "stop"}, "starting", START),
}
MOVING = ("pending", "starting", "pending-stop", "stopping", "deleting")


def test_every_state_that_can_be_arranged_is_here() -> None:
    arranged = {state.arranged["status"] for state in STATES_OF_A_WORKSPACE.values()}
    assert set(STATES) - arranged == {"canceling", "failed"}, "canceling has a test of its own, failed needs a word"


@pytest.mark.parametrize("name", STATES_OF_A_WORKSPACE)
def test_F54_up_reaches_the_editor_from_every_state(cli: Cli, world: World, host: Machine, name: str) -> None:
    state = STATES_OF_A_WORKSPACE[name]
    world.workspace("dev", **state.arranged)
    if name in MOVING:
        host.when(state.says, lambda: world.go_on("dev"))
    outcome = cli("up")
    assert outcome.exit == 0, outcome.err
    header = next(line for line in outcome.err.splitlines() if line.startswith("dev  ameide-dev ("))
    assert state.says in header
    assert builds(world) == state.asks
    assert outcome.lines[0].startswith(f"{world.url}/@dev1/dev.main/apps/code-server/")


@pytest.mark.parametrize("name", STATES_OF_A_WORKSPACE)
def test_C13_plan_tells_every_state_and_only_reads(
    cli: Cli, world: World, host: Machine, stored: Stored, name: str
) -> None:
    world.workspace("dev", **STATES_OF_A_WORKSPACE[name].arranged)
    outcome = cli("up", "--plan", "-o", "table")
    assert outcome.exit == 0
    assert {one.method for one in world.requests} == {"GET"}
    assert "Nothing was changed." in outcome.out
    stored(outcome)


@pytest.mark.parametrize("name", STATES_OF_A_WORKSPACE)
def test_C06_plan_as_json_names_the_move(cli: Cli, world: World, name: str) -> None:
    world.workspace("dev", **STATES_OF_A_WORKSPACE[name].arranged)
    outcome = cli("--json", "up", "--plan")
    is_valid(outcome, "plan")
    moves = {
        "running": "nothing",
        "starting": "start",
        "waking": "wake",
        "creating": "create",
        "is being stopped": "wait",
        "is being deleted": "wait",
    }
    says = STATES_OF_A_WORKSPACE[name].says
    assert outcome.json["data"]["move"] == moves.get(says, "attach" if "joining" in says else "stop-then-start")


def test_F52_a_build_that_is_being_cancelled_is_waited_for(cli: Cli, world: World, host: Machine) -> None:
    terraform, cancel = world.hold("terraform"), world.hold("cancel")
    cli("up", "--detach")
    assert terraform.reached()
    world.cancel_by_somebody("dev")
    assert cancel.reached()
    host.when("ending the cancelled start", cancel.release)
    host.when("has a build that is being cancelled", cancel.release)
    outcome = cli("up")
    assert outcome.exit == 0, outcome.err
    assert builds(world) == [("create", "dev"), ("build", "stop"), ("build", "start")]


def test_F53_a_newer_version_is_named_and_not_taken(cli: Cli, world: World) -> None:
    world.workspace("dev", status="stopped", outdated=True)
    outcome = cli("up", "--json")
    assert [warning["message"] for warning in outcome.json["warnings"]] == [
        "a newer version of the template ameide-dev is available"
    ]
    assert outcome.json["data"]["version"] == "v1"


@pytest.mark.parametrize(("words", "version", "warns"), [(["--update"], "v2", 0), (["--no-update"], "v1", 0)])
def test_F53_update_is_the_persons_word(cli: Cli, world: World, words: list[str], version: str, warns: int) -> None:
    world.workspace("dev", status="stopped", outdated=True)
    outcome = cli("up", *words, "--json")
    assert (outcome.exit, outcome.json["data"]["version"]) == (0, version)
    assert len(outcome.json["warnings"]) == warns


def test_F53_an_update_of_what_runs_is_refused_and_stops_nothing(cli: Cli, world: World, stored: Stored) -> None:
    world.workspace("dev", outdated=True)
    outcome = cli("up", "--update")
    is_an_error(outcome, 6)
    stored(outcome)
    assert changes(world) == []


def test_F17_a_stop_that_begins_under_us_is_waited_for(cli: Cli, world: World, host: Machine) -> None:
    world.workspace("dev", status="stopped")
    world.fault("POST /api/v2/workspaces/*/builds", times=1, before=lambda: world.start_by_somebody("dev"))
    outcome = cli("up")
    assert outcome.exit == 0
    assert world.find("dev").latest.number == 3


def test_F18_a_workspace_somebody_made_meanwhile_is_joined(cli: Cli, world: World) -> None:
    world.fault("POST /api/v2/users/me/workspaces", times=1, before=lambda: world.workspace("dev"))
    outcome = cli("up")
    assert outcome.exit == 0
    assert "joining" in outcome.err or "dev  ameide-dev (v2)  running" in outcome.err
    assert world.find("dev").latest.number == 1


def test_F18_a_name_taken_by_another_template_is_an_error_that_names_it(cli: Cli, world: World, stored: Stored) -> None:
    world.fault(
        "POST /api/v2/users/me/workspaces", times=1, before=lambda: world.workspace("dev", template="ameide-gitops")
    )
    outcome = cli("up")
    is_an_error(outcome, 6)
    assert "ameide-gitops" in outcome.err
    stored(outcome)


def test_F18_another_template_than_the_workspaces_own_is_refused(cli: Cli, world: World) -> None:
    world.workspace("dev", template="ameide-gitops")
    outcome = cli("up", "dev", "--template", "ameide-dev")
    is_an_error(outcome, 6)
    assert changes(world) == []


def test_F48_what_is_already_on_its_way_is_joined(cli: Cli, world: World, host: Machine) -> None:
    hold = world.hold("terraform")
    first = cli("up", "--detach", "--json")
    assert hold.reached()
    host.when("terraform  started", hold.release)
    second = cli("up", "--json")
    assert (first.exit, second.exit) == (0, 0)
    assert first.json["data"]["build_number"] == second.json["data"]["build_number"] == 1
    assert builds(world) == [("create", "dev")]
