"""What holds for every command: formats, quiet, colour, encodings, widths, and options on either side."""

import pytest

from ameide_ws.sandbox.world import World
from ameide_ws.settings import TOKEN
from tests.commands.asked import changes, is_an_error, is_valid
from tests.commands.machine import Machine
from tests.commands.stored import FOLDER, name_of
from tests.conftest import Cli, NewMachine

COMMANDS = {
    "up": ["up", "dev"],
    "plan": ["up", "dev", "--plan"],
    "list": ["list"],
    "show": ["show", "dev"],
    "home": [],
    "version": ["version"],
    "sandbox": ["sandbox", "status"],
    "text": ["help", "exit-codes"],
}
WRONG = {"nothing": ["lst"], "absent": ["show", "dve"], "several": ["up", "--preset", "x", "new-one"]}
SCHEMAS = {"home": "home", "plan": "plan"}


@pytest.fixture(autouse=True)
def dev(world: World) -> None:
    world.workspace("dev", outdated=True)


def schema(name: str) -> str:
    return SCHEMAS.get(name, name)


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("name", COMMANDS)
def test_C06_programs_get_one_envelope_from_every_command(cli: Cli, name: str, form: str) -> None:
    behind = cli(*COMMANDS[name], "-o", form)
    before = cli("-o", form, *COMMANDS[name])
    assert (behind.exit, before.exit) == (0, 0)
    for outcome in (behind, before):
        is_valid(outcome, schema(name), form)
    assert behind.json["command"] == before.json["command"]


@pytest.mark.parametrize("form", ["table", "wide", "name"])
@pytest.mark.parametrize("name", COMMANDS)
def test_C05_people_get_lines_that_end_from_every_command(cli: Cli, name: str, form: str) -> None:
    outcome = cli(*COMMANDS[name], "-o", form)
    assert outcome.exit == 0
    assert outcome.out.endswith("\n") or (name, form) == ("sandbox", "name") or outcome.out == ""
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize("name", COMMANDS)
def test_C08_quiet_and_loud_never_change_what_is_answered(cli: Cli, name: str) -> None:
    answers = set()
    for words in ([], ["-q"], ["-v"], ["--debug"], ["--no-input"], ["--timeout", "30s"]):
        outcome = cli(*words, *COMMANDS[name])
        assert outcome.exit == 0
        answers.add(outcome.out)
        assert words != ["-q"] or outcome.err == "" or "warning" in outcome.err
    assert len(answers) == 1 or name in ("show", "home")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("name", [*COMMANDS, *WRONG])
def test_F45_every_command_speaks_every_encoding(
    cli: Cli, new_machine: NewMachine, name: str, terminal: bool, encoding: str
) -> None:
    host = new_machine(encoding=encoding, out_terminal=terminal, err_terminal=terminal)
    outcome = cli(*(COMMANDS.get(name) or WRONG.get(name) or []), on=host)
    assert outcome.exit == (0 if name in COMMANDS else outcome.exit or 1)
    assert "\\u" not in outcome.out + outcome.err
    assert outcome.out + outcome.err


@pytest.mark.parametrize("columns", ["0", "1", "5", "39", "40", "abc", ""])
@pytest.mark.parametrize("term", ["xterm", "dumb", ""])
@pytest.mark.parametrize("name", COMMANDS)
def test_F43_no_width_and_no_terminal_empties_an_answer(
    cli: Cli, new_machine: NewMachine, name: str, columns: str, term: str
) -> None:
    host = new_machine(env={"COLUMNS": columns, "TERM": term}, out_terminal=True, err_terminal=True)
    outcome = cli(*COMMANDS[name], on=host)
    assert outcome.exit == 0
    assert len(outcome.out) > 20


@pytest.mark.parametrize("name", COMMANDS)
def test_C09_no_color_means_none(cli: Cli, new_machine: NewMachine, name: str) -> None:
    host = new_machine(env={"NO_COLOR": "1", "TERM": "dumb"}, out_terminal=True, err_terminal=True)
    outcome = cli(*COMMANDS[name], on=host)
    assert "\x1b" not in outcome.out + outcome.err


def test_version_asks_the_server_without_the_token(cli: Cli, world: World) -> None:
    outcome = cli("version", "--json")
    assert outcome.json["data"]["server"].startswith("v2.")
    assert [("coder-session-token" in one.headers, one.path) for one in world.requests] == [
        (False, "/api/v2/buildinfo")
    ]
    assert changes(world) == []


def test_C27_version_is_answered_when_the_server_is_not(cli: Cli, world: World) -> None:
    world.fault("GET /api/v2/buildinfo", body="html")
    outcome = cli("version", "--json")
    assert (outcome.exit, outcome.json["data"]["server"]) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_C28_a_completion_script_is_printed_and_nothing_is_written(
    cli: Cli, world: World, host: Machine, shell: str
) -> None:
    outcome = cli("completion", shell)
    assert outcome.exit == 0
    assert len(outcome.lines) > 20
    assert len(outcome.err.splitlines()) == 1
    assert (host.kept(), world.requests) == ({}, [])


def test_the_sandbox_is_started_used_and_stopped(cli: Cli, world: World, new_machine: NewMachine) -> None:
    host = new_machine()
    try:
        started = cli("sandbox", "start", "--json", on=host)
        assert (started.exit, started.json["data"]["running"]) == (0, True)
        assert cli("sandbox", "status", "-o", "name", on=host).out == f"{started.json['data']['url']}\n"
        outcome = cli("list", "--sandbox", on=host)
        assert (outcome.exit, outcome.out) == (0, "")
        assert f"AMEIDE_WS_URL and {TOKEN} are ignored" in outcome.err
        again = cli("sandbox", "start", "--story", "long-queue", on=host)
        assert "It runs already" in again.err + again.out
    finally:
        stopped = cli("sandbox", "stop", on=host)
    assert (stopped.exit, stopped.err) == (0, "The sandbox has ended.\n")
    assert cli("sandbox", "status", on=host).err.startswith("No sandbox runs.")
    assert world.requests == []


def test_two_addresses_at_once_are_refused(cli: Cli, world: World) -> None:
    is_an_error(cli("list", "--sandbox", "--url", world.url), 2)


def test_every_stored_file_has_a_test(request: pytest.FixtureRequest) -> None:
    """Each file below expected/ belongs to a test that compares itself with it; only modules that run are looked at."""
    items = [item for item in request.session.items if "stored" in getattr(item, "fixturenames", ())]
    if request.config.option.keyword or any("::" in word for word in request.config.args):
        pytest.skip("only some tests were asked for")
    known = {name_of(item.nodeid) for item in items}
    modules = {name.partition("/")[0] for name in known}
    files = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.txt")}
    assert {name for name in files if name.partition("/")[0] in modules} == known
