"""The page without arguments: half a screen, whatever is wrong."""

import pytest

from ameide_ws.sandbox.world import World
from ameide_ws.settings import TOKEN
from tests.commands.asked import changes, is_valid
from tests.commands.machine import Machine, Outcome
from tests.conftest import Cli, NewMachine, Stored
from tests.wire import closed_port


def half_a_screen(outcome: Outcome) -> None:
    assert outcome.exit == 0
    assert 3 <= len(outcome.lines) <= 14
    assert outcome.err == ""


@pytest.mark.parametrize("count", [0, 1, 3, 7])
def test_C24_where_you_stand_and_what_to_type_next(
    cli: Cli, world: World, new_machine: NewMachine, stored: Stored, count: int
) -> None:
    for number in range(count):
        world.workspace(f"w{number}", status="running" if number % 2 else "stopped")
    outcome = cli("--color", "never", on=new_machine(out_terminal=True))
    half_a_screen(outcome)
    stored(outcome)
    assert changes(world) == []


@pytest.mark.parametrize("form", ["default", "json", "jsonl", "wide", "name"])
def test_the_page_in_every_format(cli: Cli, world: World, stored: Stored, form: str) -> None:
    world.workspace("dev")
    outcome = cli(*([] if form == "default" else ["-o", form]))
    is_valid(outcome, "home", form)
    stored(outcome)


def test_F12_signed_out_is_said_with_what_to_do_and_is_no_error(
    cli: Cli, new_machine: NewMachine, stored: Stored
) -> None:
    outcome = cli(on=new_machine(env={TOKEN: ""}, out_terminal=True, columns=200))
    half_a_screen(outcome)
    assert "/cli-auth" in outcome.out
    stored(outcome)


@pytest.mark.parametrize("body", ["html", "empty", "truncated", "deep", "json"])
def test_F20_a_server_that_is_none_leaves_the_page_standing(cli: Cli, world: World, body: str) -> None:
    world.fault("GET /api/v2/*", body=body)
    outcome = cli()
    half_a_screen(outcome)
    assert "signed in\tno: " in outcome.out


def test_F01_nobody_there_leaves_the_page_standing(cli: Cli, new_machine: NewMachine) -> None:
    half_a_screen(cli(on=new_machine(env={"AMEIDE_WS_URL": f"http://127.0.0.1:{closed_port()}"})))


def test_F06_a_server_that_hangs_is_waited_for_two_seconds(cli: Cli, world: World) -> None:
    world.fault("GET /api/v2/users/me", delay=30)
    half_a_screen(cli())


def test_C18_a_broken_config_file_is_one_error(cli: Cli, host: Machine) -> None:
    host.write(host.config_dir / "config.toml", "url = \n")
    outcome = cli()
    assert (outcome.exit, outcome.out) == (2, "")
    assert outcome.first.endswith("config.toml:1:7 is not valid TOML")
