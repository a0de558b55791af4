"""`show`: one page for every state; names that are nearly right."""

import pytest

from ameide_ws.sandbox.arranging import STATES
from ameide_ws.sandbox.world import World
from tests.commands.asked import changes, is_an_error, is_valid
from tests.conftest import Cli, NewMachine, Stored

SHOWN = [status for status in STATES if status not in ("deleted", "failed", "canceling")]


@pytest.mark.parametrize("status", SHOWN)
def test_every_state_on_one_page(cli: Cli, world: World, stored: Stored, status: str) -> None:
    world.workspace("dev", status=status)
    outcome = cli("show", "-o", "table")
    assert outcome.exit == 0
    stored(outcome)
    assert changes(world) == []


@pytest.mark.parametrize("form", ["default", "json", "jsonl", "wide", "name"])
def test_the_page_in_every_format(cli: Cli, world: World, stored: Stored, form: str) -> None:
    world.workspace("dev", outdated=True)
    outcome = cli("show", *([] if form == "default" else ["-o", form]))
    is_valid(outcome, "show", form)
    stored(outcome)


@pytest.mark.parametrize(
    ("agent", "lifecycle"),
    [("connecting", "created"), ("timeout", "created"), ("disconnected", "ready"), ("connected", "start_error"),
     ("connected", "start_timeout"), ("connected", "shutting_down"), ("connected", "starting")],
)  # fmt: skip
def test_F56_every_agent_is_told_as_it_is(cli: Cli, world: World, stored: Stored, agent: str, lifecycle: str) -> None:
    world.workspace("dev", agent=agent, lifecycle=lifecycle)
    outcome = cli("show", "-o", "table")
    assert f"{agent}, {lifecycle}" in outcome.out
    stored(outcome)


def test_a_terminal_gets_the_same_page_in_colour(cli: Cli, world: World, new_machine: NewMachine) -> None:
    world.workspace("dev")
    plain = cli("show", "-o", "table", "--color", "never").out
    coloured = cli("show", on=new_machine(out_terminal=True)).out
    assert "\x1b[32mrunning\x1b[0m" in coloured
    assert len(coloured.splitlines()) == len(plain.splitlines())


# F-15: what is not there, and what was probably meant.


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("demoo", "demo"),
        ("dem", "demo"),
        ("Demo2", "demo"),
        ("dev1/demoo", "demo"),
        ("demoo.main", "demo"),
        ("zzz", ""),
    ],
)
def test_F15_a_name_that_is_nearly_right_is_guessed(cli: Cli, world: World, typed: str, meant: str) -> None:
    world.workspace("demo")
    world.workspace("other")
    outcome = cli("show", typed)
    is_an_error(outcome, 3)
    assert "you have no access" in outcome.err
    assert (f"ameide-ws show {meant}   # did you mean" in outcome.err) == bool(meant)
    assert "ameide-ws list" in outcome.err


@pytest.mark.parametrize(("typed", "meant"), [("ameide-dve", "ameide-dev"), ("ameide", "ameide-dev"), ("zzz", "")])
def test_F15_a_template_that_is_nearly_right_is_guessed(cli: Cli, world: World, typed: str, meant: str) -> None:
    outcome = cli("up", "--template", typed)
    is_an_error(outcome, 3)
    assert "you can see: ameide-dev, ameide-gitops" in outcome.err
    assert not meant or f"--template {meant}" in outcome.err
    assert changes(world) == []


def test_F15_a_preset_that_is_nearly_right_is_guessed(cli: Cli, world: World) -> None:
    outcome = cli("up", "--preset", "large")
    is_an_error(outcome, 3)
    assert "Large" in outcome.err
    assert changes(world) == []


def test_F15_nothing_there_yet_says_how_to_begin(cli: Cli) -> None:
    outcome = cli("show")
    is_an_error(outcome, 3)


def test_what_one_may_not_see_is_left_out_of_the_page(cli: Cli, world: World) -> None:
    world.workspace("dev")
    world.fault("GET /api/v2/templates/*/versions", status=404)
    world.fault("GET /api/v2/regions", status=403)
    world.fault("WS /api/v2/workspaceagents/*/watch-metadata-ws", status=502)
    outcome = cli("show", "--json")
    assert outcome.exit == 0
    assert outcome.json["data"]["agents"][0]["metadata"] == []
    assert outcome.json["data"]["active_version"] == ""
