"""What is said with `up`: parameters, presets, templates, names; in files, on stdin, at a prompt."""

import json

import pytest

from ameide_ws.sandbox.world import World
from tests.commands.asked import builds, changes, is_an_error, is_valid
from tests.conftest import Cli, NewMachine, Stored

STANDARD = {"cpu": "4", "memory": "16"}


def created(world: World) -> dict[str, str]:
    """The parameters a workspace was asked for with."""
    (one,) = [one for one in changes(world) if one.path.endswith("/workspaces")]
    return {row["name"]: row["value"] for row in one.json["rich_parameter_values"]}


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ([], STANDARD),
        (["--param", "cpu=2"], {**STANDARD, "cpu": "2"}),
        (["--param", "cpu=2", "--param", "cpu=3"], {**STANDARD, "cpu": "3"}),
        (["--param", "repo_branch=a=b"], {**STANDARD, "repo_branch": "a=b"}),
        (["--preset", "Large"], {"cpu": "8", "memory": "32"}),
        (["--preset", "Large", "--param", "cpu=1"], {"cpu": "1", "memory": "32"}),
        (["--preset", "none"], {}),
    ],
    ids=["nothing", "one", "last", "equals", "preset", "both", "none"],
)  # fmt: skip
def test_parameters_and_presets_reach_coder(cli: Cli, world: World, words: list[str], values: dict[str, str]) -> None:
    assert cli("up", "--detach", *words).exit == 0
    assert created(world) == values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.toml", 'cpu = 2\nbuild_cache = false\nrepo_branch = "x"\n'),
        ("p.json", '{"cpu": 2, "build_cache": false, "repo_branch": "x"}'),
        ("p", '{"cpu": "2", "build_cache": "false", "repo_branch": "x"}'),
    ],
)
def test_a_parameter_file_is_read_and_the_command_line_wins(
    cli: Cli, world: World, new_machine: NewMachine, name: str, text: str
) -> None:
    host = new_machine()
    host.write(host.folder_of_files / name, text)
    path = str(host.folder_of_files / name)
    assert cli("up", "--detach", "--params-file", path, "--param", "repo_branch=y", on=host).exit == 0
    assert created(world) == {**STANDARD, "cpu": "2", "build_cache": "false", "repo_branch": "y"}


def test_C14_a_parameter_file_may_come_on_stdin(cli: Cli, world: World, new_machine: NewMachine) -> None:
    assert cli("up", "--detach", "--params-file", "-", on=new_machine(text="cpu = 1\n")).exit == 0
    assert created(world)["cpu"] == "1"


def test_another_template_by_option_or_variable(cli: Cli, world: World, new_machine: NewMachine) -> None:
    host = new_machine(env={"AMEIDE_WS_TEMPLATE": "ameide-gitops"})
    assert cli("up", "a", "--detach", "--param", "cluster=x", on=host).exit == 0
    assert cli("up", "b", "--detach", "--param", "cluster=x", "--template", "ameide-gitops").exit == 0
    assert {one.template.name for one in world.workspaces} == {"ameide-gitops"}


def test_F42_every_missing_answer_is_named_in_one_error_with_its_flag(cli: Cli, world: World, stored: Stored) -> None:
    outcome = cli("up", "--template", "ameide-gitops")
    is_an_error(outcome, 2)
    assert "--param cluster=" in outcome.err
    assert changes(world) == []
    stored(outcome)


@pytest.mark.parametrize("env", [{"CI": "true"}, {"AMEIDE_WS_NO_INPUT": "1"}, {}])
def test_C12_nobody_is_asked_where_nobody_may_be(
    cli: Cli, world: World, new_machine: NewMachine, env: dict[str, str]
) -> None:
    host = new_machine(env=env, in_terminal=True, err_terminal=True, answers=["x"])
    words = [] if env else ["--no-input"]
    outcome = cli("up", "--template", "ameide-gitops", *words, on=host)
    assert (outcome.exit, host.asked) == (2, [])
    assert changes(world) == []


def test_C12_a_person_is_asked_and_up_goes_on(cli: Cli, world: World, new_machine: NewMachine) -> None:
    host = new_machine(in_terminal=True, err_terminal=True, answers=["green"], env={"TERM": "dumb"})
    outcome = cli("up", "--template", "ameide-gitops", "--detach", on=host)
    assert outcome.exit == 0
    assert host.asked == ["Cluster?: "]
    assert created(world)["cluster"] == "green"


def test_C12_the_end_of_input_at_a_prompt_is_a_missing_answer(cli: Cli, world: World, new_machine: NewMachine) -> None:
    host = new_machine(in_terminal=True, err_terminal=True, env={"TERM": "dumb"})
    outcome = cli("up", "--template", "ameide-gitops", on=host)
    assert outcome.exit == 2
    assert changes(world) == []


# Names.


def test_of_several_workspaces_dev_is_meant(cli: Cli, world: World) -> None:
    for name in ("other", "dev"):
        world.workspace(name)
    assert cli("up", "-o", "name").out == "dev\n"
    assert cli("show", "-o", "name").out == "dev\n"


def test_one_workspace_is_meant_whatever_its_name(cli: Cli, world: World) -> None:
    world.workspace("other")
    assert cli("up", "-o", "name").out == "other\n"


@pytest.mark.parametrize("command", ["up", "show"])
def test_F42_several_without_a_name_are_named_in_the_error(
    cli: Cli, world: World, stored: Stored, command: str
) -> None:
    for name in ("one", "two"):
        world.workspace(name)
    outcome = cli(command)
    is_an_error(outcome, 2)
    stored(outcome)
    assert changes(world) == []


def test_a_person_picks_one_of_several(cli: Cli, world: World, new_machine: NewMachine) -> None:
    for name in ("one", "two"):
        world.workspace(name)
    host = new_machine(in_terminal=True, err_terminal=True, answers=["3", "2"], env={"TERM": "dumb"})
    assert cli("up", "-o", "name", on=host).out == "two\n"
    assert host.asked == [
        "Which workspace?\n  1  one (running)\n  2  two (running)\n"[:-1] + ": ",
        "a number from 1 to 2, please: ",
    ]


@pytest.mark.parametrize("name", ["dev", "dev.main", "dev1/dev", "dev1/dev.main"])
def test_a_name_may_have_an_owner_and_an_agent(cli: Cli, world: World, name: str) -> None:
    world.workspace("dev")
    outcome = cli("up", name, "--json")
    assert outcome.exit == 0
    is_valid(outcome, "up")
    assert json.dumps(outcome.json["data"]).count("/dev.main/") == 1


def test_an_agent_that_is_not_there_is_told_with_those_that_are(cli: Cli, world: World) -> None:
    world.workspace("dev")
    outcome = cli("up", "dev.other")
    is_an_error(outcome, 12)
    assert "its agents are: main" in outcome.err


def test_a_workspace_of_somebody_elses_name_is_not_made(cli: Cli, world: World) -> None:
    outcome = cli("up", "admin/dev")
    is_an_error(outcome, 3)
    assert builds(world) == []


def test_parameters_for_what_runs_already_are_told_to_be_unused(cli: Cli, world: World) -> None:
    world.workspace("dev")
    outcome = cli("up", "--param", "cpu=2", "--json")
    assert outcome.exit == 0
    assert outcome.json["warnings"][0]["message"].startswith("the parameters given are not used")
    assert changes(world) == []
