"""F-12 and F-13 over all commands: no token, a refused one, one that is none, one for another address."""

import pytest

from ameide_ws.sandbox.world import World
from ameide_ws.settings import TOKEN
from tests.commands.asked import changes, is_an_error, is_valid
from tests.commands.machine import Machine
from tests.conftest import Cli, NewMachine, Stored
from tests.fakes import TOKEN as CANARY

NEEDS = {
    "up": ["up"],
    "up-name": ["up", "demo"],
    "plan": ["up", "--plan"],
    "detach": ["up", "--detach"],
    "list": ["list"],
    "list-all": ["list", "--all", "--status", "running"],
    "show": ["show"],
    "show-name": ["show", "dev1/demo"],
}


@pytest.mark.parametrize("name", NEEDS)
def test_F12_without_a_token_every_command_says_where_to_get_one(
    cli: Cli, world: World, new_machine: NewMachine, stored: Stored, name: str
) -> None:
    outcome = cli(*NEEDS[name], on=new_machine(env={TOKEN: ""}))
    is_an_error(outcome, 4)
    assert f"open {world.url}/cli-auth in a browser" in outcome.err
    assert f"export {TOKEN}=" in outcome.err
    assert world.requests == []
    stored(outcome)


@pytest.mark.parametrize("name", NEEDS)
def test_F12_a_token_that_coder_refuses_is_the_same(cli: Cli, world: World, stored: Stored, name: str) -> None:
    world.revoke()
    outcome = cli(*NEEDS[name])
    is_an_error(outcome, 4)
    assert outcome.first == f"error: you are signed out of {world.url}"
    assert f"open {world.url}/cli-auth in a browser" in outcome.err
    assert changes(world) == []
    stored(outcome)


@pytest.mark.parametrize("name", NEEDS)
def test_F12_a_program_gets_the_code(cli: Cli, world: World, name: str) -> None:
    world.revoke()
    outcome = cli(*NEEDS[name], "--json")
    is_valid(outcome, "up")
    assert (outcome.exit, outcome.json["errors"][0]["code"]) == (4, "auth.signed-out")


@pytest.mark.parametrize("name", NEEDS)
def test_F12_a_person_at_a_terminal_is_not_asked_for_a_token(
    cli: Cli, world: World, new_machine: NewMachine, name: str
) -> None:
    world.revoke()
    host = new_machine(in_terminal=True, err_terminal=True, out_terminal=True, answers=["x"])
    assert (cli(*NEEDS[name], on=host).exit, host.asked) == (4, [])


@pytest.mark.parametrize("wrong", [CANARY + "\nx", "x", "ä" * 33, "a" * 100_000, f" {CANARY}", CANARY[:-1]])
@pytest.mark.parametrize("command", ["up", "list", "show"])
def test_T09_what_cannot_be_a_token_is_never_sent_and_never_repeated(
    cli: Cli, world: World, new_machine: NewMachine, command: str, wrong: str
) -> None:
    outcome = cli(command, on=new_machine(env={TOKEN: wrong}))
    is_an_error(outcome, 2)
    assert outcome.first == f"error: {TOKEN} does not hold a Coder token"
    assert world.requests == []
    assert len(outcome.err) < 1000


@pytest.mark.parametrize("command", ["up", "list", "show"])
def test_T04_a_token_is_not_sent_to_an_address_that_a_file_names(
    cli: Cli, world: World, new_machine: NewMachine, command: str
) -> None:
    host = new_machine(env={"AMEIDE_WS_URL": ""})
    host.write(host.config_dir / "config.toml", f'url = "{world.url}"\n')
    outcome = cli(command, on=host)
    is_an_error(outcome, 4)
    assert "config.toml:1" in outcome.err
    assert world.requests == []


def test_F13_a_token_revoked_midway_names_the_build_that_goes_on(
    cli: Cli, world: World, host: Machine, stored: Stored
) -> None:
    hold = world.hold("terraform")

    def revoke() -> None:
        hold.reached()
        world.revoke()
        # The socket that is open stays open; the next question is refused.
        world.fault("WS /api/v2/workspaces/*/watch-ws", status=401)
        hold.release()

    world.fault("WS /api/v2/workspaces/*/watch-ws", times=1, drop_after=2)
    host.when("terraform  started", revoke)
    outcome = cli("up")
    assert outcome.exit == 4, outcome.err
    assert "a build that runs goes on meanwhile" in outcome.err
    stored(outcome._replace(err=outcome.err[outcome.err.index("error: ") :]))


def test_F13_a_token_refused_at_the_create_call_made_nothing(cli: Cli, world: World) -> None:
    world.fault("POST /api/v2/users/me/workspaces", status=401, body={"message": "You are signed out."})
    outcome = cli("up")
    is_an_error(outcome, 4)
    assert world.workspaces == []


# The provider's link.


@pytest.mark.parametrize("story", ["github-not-linked"])
@pytest.mark.parametrize("words", [[], ["--json"]], ids=["text", "json"])
def test_F59_a_missing_link_is_4_with_its_address(cli: Cli, world: World, stored: Stored, words: list[str]) -> None:
    outcome = cli("up", *words)
    assert outcome.exit == 4
    assert f"open {world.url}/external-auth/github in a browser" in outcome.err
    assert changes(world) == []
    stored(outcome)


def test_F59_all_that_is_missing_is_named_at_once(cli: Cli, world: World) -> None:
    rows = [
        {"id": "github", "type": "github", "display_name": "GitHub", "authenticated": False, "optional": False},
        {"id": "azure", "type": "azure", "display_name": "Azure", "authenticated": False, "optional": False},
        {"id": "jira", "type": "jira", "display_name": "Jira", "authenticated": False, "optional": True},
        {"id": "gitea", "type": "gitea", "display_name": "Gitea", "authenticated": True, "optional": False},
    ]
    full = [{**row, "display_icon": "", "authenticate_url": "https://evil.example/x"} for row in rows]
    world.fault("GET /api/v2/templateversions/*/external-auth", body=full)
    outcome = cli("up")
    is_an_error(outcome, 4)
    assert "GitHub, Azure" in outcome.first
    assert "Jira" not in outcome.err
    assert "Gitea" not in outcome.err
    assert "evil.example" not in outcome.err


@pytest.mark.parametrize("story", ["github-not-linked"])
def test_F59_a_plan_warns_of_the_missing_link_and_goes_on(cli: Cli, world: World) -> None:
    outcome = cli("up", "--plan", "--json")
    assert outcome.exit == 0
    assert [warning["code"] for warning in outcome.json["warnings"]] == ["auth.link-missing"]
