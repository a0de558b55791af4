"""`list`: nothing, some, many, others'; limits of the server and its bad moments."""

import pytest

from ameide_ws.sandbox.world import World
from tests.commands.asked import changes, is_an_error, is_valid, made, paths
from tests.commands.machine import Machine
from tests.conftest import Cli, NewMachine, Stored

ROUTE = "GET /api/v2/workspaces"
# Without this the end of Coder's own window, which is at most a minute away, would be believed instead.
NO_WINDOW = {"x-ratelimit-reset": "unknown"}


@pytest.fixture
def some(world: World) -> None:
    world.workspace("dev", favorite=True)
    world.workspace("old", status="stopped", outdated=True, last_used_days=40)
    world.workspace("broken", status="failed-start")
    world.workspace("sleepy", status="dormant")
    world.workspace("late", agent="timeout", lifecycle="created")
    world.workspace("ops", template="ameide-gitops", status="starting")
    world.workspace("theirs", owner="admin")


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("form", ["default", "table", "wide", "json", "jsonl", "name"])
def test_C05_the_list_in_every_format(cli: Cli, stored: Stored, form: str) -> None:
    outcome = cli("list", *([] if form == "default" else ["-o", form]))
    assert outcome.exit == 0
    is_valid(outcome, "list", form)
    assert outcome.out.endswith("\n")
    stored(outcome)


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("columns", [80, 200])
def test_the_list_on_a_terminal_keeps_to_its_width(
    cli: Cli, new_machine: NewMachine, stored: Stored, columns: int
) -> None:
    outcome = cli("list", "--color", "never", on=new_machine(out_terminal=True, columns=columns))
    assert max(map(len, outcome.lines)) <= columns
    stored(outcome)


@pytest.mark.usefixtures("some")
def test_a_narrow_terminal_has_every_row_on_one_line(cli: Cli, new_machine: NewMachine) -> None:
    outcome = cli("list", "--color", "never", on=new_machine(out_terminal=True, columns=40))
    assert [line.split()[0] for line in outcome.lines] == ["NAME", "dev", "late", "broken", "old", "ops", "sleepy"]
    assert max(map(len, outcome.lines)) <= 76


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--all"], "dev1/dev dev1/late dev1/broken dev1/old dev1/ops dev1/sleepy"),
        (["--status", "running"], "dev late"),
        (["--status", "stopped"], "old sleepy"),
        (["--template", "ameide-gitops"], "ops"),
        (["--template", "ameide-gitops", "--status", "stopped"], ""),
    ],
)
def test_what_is_asked_for_is_listed(cli: Cli, words: list[str], names: str) -> None:
    outcome = cli("list", *words, "-o", "name")
    assert (outcome.exit, outcome.lines) == (0, names.split())


def test_C05_an_empty_list_is_nothing_on_stdout_and_a_sentence_on_stderr(cli: Cli) -> None:
    assert cli("list") == (0, "", "No workspaces you own.\n")
    assert cli("list", "-q") == (0, "", "")
    outcome = cli("list", "--json")
    assert (outcome.exit, outcome.json["data"]) == (0, [])


def test_five_thousand_workspaces_are_listed_whole(cli: Cli, world: World) -> None:
    template = made(world, "w0")
    template["latest_build"]["resources"] = []
    rows = [{**template, "name": f"w{number}"} for number in range(5000)]

    def page(offset: int) -> dict[str, object]:
        return {"workspaces": rows[offset : offset + 100], "count": 5000}

    for offset in range(4900, -1, -100):
        world.fault(ROUTE, times=1, body=page(offset))
    outcome = cli("list", "-o", "name")
    assert outcome.exit == 0
    assert outcome.lines == [f"w{number}" for number in range(5000)]
    assert len(paths(world)) == 50


def test_a_server_that_counts_wrongly_is_not_asked_for_ever(cli: Cli, world: World) -> None:
    world.fault(ROUTE, body={"workspaces": [], "count": 7})
    outcome = cli("list")
    assert (outcome.exit, outcome.out) == (0, "")
    assert len(paths(world)) == 1


# F-22: the server asks for a pause.


def test_F22_a_pause_asked_for_is_kept_and_told(cli: Cli, world: World, host: Machine) -> None:
    world.workspace("dev")
    world.fault(ROUTE, times=1, status=429, retry_after=7, headers=NO_WINDOW)
    outcome = cli("list", "-o", "name")
    assert (outcome.exit, outcome.out) == (0, "dev\n")
    assert outcome.err == "server busy, trying again in 7 s (2/6)\n"
    assert host.waits == [7.0]


def test_F22_coders_own_limit_is_waited_out(cli: Cli, world: World, host: Machine) -> None:
    world.limits.limit = 1
    assert cli("list").exit == 0
    cli("list")
    assert 0 < host.waits[0] <= 60


@pytest.mark.parametrize(("said", "waits"), [("-5", 0.25), ("soon", 0.25), ("99999999", 0.25), ("", 0.25), ("3", 3.0)])
def test_F22_an_absurd_pause_is_not_believed(cli: Cli, world: World, host: Machine, said: str, waits: float) -> None:
    world.fault(ROUTE, times=1, status=429, retry_after=said, headers=NO_WINDOW)
    assert cli("list", "-q").exit == 0
    assert host.waits == [waits]


def test_F22_a_server_that_never_has_time_is_given_up(cli: Cli, world: World, host: Machine) -> None:
    world.fault(ROUTE, status=429, retry_after=90)
    outcome = cli("list")
    is_an_error(outcome, 7)
    assert sum(host.waits) <= 60


# F-23: the server fails, and recovers.


def test_F23_five_failures_and_then_an_answer_is_an_answer(cli: Cli, world: World, host: Machine) -> None:
    world.workspace("dev")
    world.fault(ROUTE, status=[503] * 5)
    outcome = cli("list", "-o", "name")
    assert (outcome.exit, outcome.out) == (0, "dev\n")
    assert len(host.waits) == 5
    assert len(paths(world)) == 6


@pytest.mark.parametrize(("status", "tries"), [(500, 2), (502, 6), (503, 6), (504, 6)])
def test_F23_a_server_that_keeps_failing_ends_with_7(cli: Cli, world: World, status: int, tries: int) -> None:
    world.fault(ROUTE, status=status)
    outcome = cli("list")
    is_an_error(outcome, 7)
    assert len(paths(world)) == tries
    assert f"{status}" in outcome.err


def test_F14_a_refusal_is_coders_own_sentence(cli: Cli, world: World) -> None:
    world.fault(ROUTE, status=403, body={"message": "Forbidden.", "detail": "Your licence has expired."})
    outcome = cli("list")
    is_an_error(outcome, 5)
    assert "  cause: Forbidden: Your licence has expired.\n" in outcome.err


def test_completion_remembers_the_names_and_nothing_else(cli: Cli, world: World, host: Machine) -> None:
    world.workspace("dev")
    cli("list")
    assert host.kept() == {"cache/names": "dev\n"}
    assert changes(world) == []


def test_T33_names_are_shown_as_they_are(cli: Cli, world: World, new_machine: NewMachine) -> None:
    template = made(world, "w")
    name = "[/x][link=file:///etc/passwd]y"
    world.fault(ROUTE, body={"workspaces": [{**template, "name": name}], "count": 1})
    for terminal in (False, True):
        assert name in cli("list", "-o", "wide", on=new_machine(out_terminal=terminal, columns=400)).out
    assert cli("list", "-o", "name").out == f"{name}\n"


@pytest.mark.parametrize("evil", ["\x1b]52;c;AAAA\x07x", "\x9b31mx", "a\nb\tc", "\u202ex", "x\x1b[2J"])
@pytest.mark.parametrize("form", ["table", "wide", "json", "jsonl", "name"])
def test_T32_T34_no_name_reaches_the_terminal_as_a_command(
    cli: Cli, world: World, new_machine: NewMachine, form: str, evil: str
) -> None:
    template = made(world, "w")
    world.fault(
        ROUTE, body={"workspaces": [{**template, "name": evil, "template_name": evil, "owner_name": evil}], "count": 1}
    )
    outcome = cli("list", "-o", form, "--color", "never", on=new_machine(out_terminal=True, err_terminal=True))
    assert outcome.exit == 0
    assert not {*"\x1b\x07\x9b\u202e\t"}.intersection(outcome.out + outcome.err)
    assert form in ("json", "jsonl") or len(outcome.lines) == (1 if form == "name" else 2)
    assert form not in ("json", "jsonl") or outcome.out.isascii()
