"""`up` through every story of the sandbox, as a person and as a program see it."""

import re

import pytest

from ameide_ws.sandbox.stories import STORIES
from ameide_ws.sandbox.world import World
from tests.commands.asked import builds, changes, is_an_error, is_valid
from tests.commands.machine import Machine, Outcome
from tests.conftest import Cli, NewMachine, Stored

# Each story's exit code, with --wait scripts so that all layers are seen to their end.
ENDS = {
    "good-morning": 0,
    "long-queue": 0,
    "no-provisioner": 8,
    "build-fails": 10,
    "no-quota": 10,
    "missing-variable": 10,
    "agent-never-connects": 12,
    "script-fails": 12,
    "editor-never-listens": 13,
    "stopped-meanwhile": 12,
    "deleted-meanwhile": 12,
    "canceled-meanwhile": 11,
    "github-not-linked": 4,
}
# Here the build may be over before it has been seen to begin, so only the end is compared.
OVER_AT_ONCE = ("stopped-meanwhile", "deleted-meanwhile", "canceled-meanwhile")
HALF_AN_HOUR = 1800
# Nothing is ever said here that the clock could be set forward on.
LIMITS = {"no-provisioner": ("--timeout", "1s")}


def prepared(world: World, host: Machine) -> None:
    """The editor opens once the scripts are over; a wait that would last half an hour is over at once."""
    editor = world.hold("editor")
    host.when("scripts    ok", editor.release)

    def leap() -> None:
        host.pass_time(HALF_AN_HOUR)

    host.when("may still do so", leap)
    if world.story.name == "editor-never-listens":
        host.when("not listening yet", lambda: host.when("3 of 3 in", leap))


def ending(outcome: Outcome, story: str) -> Outcome:
    """The part of an outcome that is the same each time."""
    return outcome._replace(err=outcome.err[outcome.err.index("error: ") :]) if story in OVER_AT_ONCE else outcome


def test_every_story_has_its_end_here() -> None:
    assert [story.name for story in STORIES] == list(ENDS)


@pytest.mark.parametrize("story", ENDS)
def test_F50_every_story_in_text(cli: Cli, world: World, host: Machine, stored: Stored, story: str) -> None:
    prepared(world, host)
    outcome = cli("up", "--wait", "scripts", *LIMITS.get(story, ()))
    assert outcome.exit == ENDS[story]
    stored(ending(outcome, story))
    if outcome.exit == 0:
        assert outcome.lines == [f"{world.url}/@dev1/dev.main/apps/code-server/?folder={world.find('dev').folder}"]
    else:
        is_an_error(outcome, ENDS[story])


@pytest.mark.parametrize("story", ENDS)
def test_C06_every_story_as_json(cli: Cli, world: World, host: Machine, stored: Stored, story: str) -> None:
    prepared(world, host)
    outcome = cli("up", "--wait", "scripts", "--json", *LIMITS.get(story, ()))
    assert outcome.exit == ENDS[story]
    is_valid(outcome, "up")
    stored(ending(outcome, story))
    if outcome.exit:
        (error,) = outcome.json["errors"]
        assert f"error: {error['message']}\n" in outcome.err


@pytest.mark.parametrize("story", ENDS)
def test_C06_every_story_as_jsonl(cli: Cli, world: World, host: Machine, story: str) -> None:
    layer = "scripts"
    host.when("may still do so", lambda: host.pass_time(HALF_AN_HOUR))
    if story == "editor-never-listens":
        layer = "editor"
        host.when('"state": "ok", "note": "3 of 3"', lambda: host.pass_time(HALF_AN_HOUR))
    outcome = cli("up", "--wait", layer, "-o", "jsonl", *LIMITS.get(story, ()))
    assert outcome.exit == ENDS[story]
    is_valid(outcome, "up", "jsonl")
    assert outcome.json["event"] == "result"
    assert ("error: " in outcome.err) == (outcome.exit != 0)


@pytest.mark.parametrize("story", ["build-fails"])
def test_F50_the_log_shown_is_the_last_twenty_errors_and_one_cause(cli: Cli, world: World) -> None:
    outcome = cli("up")
    above = outcome.err[: outcome.err.index("error: ")]
    assert "exceeded quota: compute" in above
    assert "kubernetes_namespace" not in above
    assert outcome.first == "error: workspace “dev” did not start: the build failed in “Starting workspace”"


@pytest.mark.parametrize("story", ["script-fails"])
def test_F56_a_failed_script_is_a_warning_when_only_the_editor_is_waited_for(
    cli: Cli, world: World, host: Machine, stored: Stored
) -> None:
    editor = world.hold("editor")
    host.when("scripts    failed", editor.release)
    outcome = cli("up", "--json")
    assert outcome.exit == 0
    (warning,) = outcome.json["warnings"]
    assert warning["code"] == "agent.script-failed"
    assert warning["lines"] == ["dotfiles: nothing to install"]
    stored(outcome)


def test_up_ends_with_the_editor_even_while_scripts_run(cli: Cli, world: World) -> None:
    world.workspace("dev", lifecycle="starting")
    outcome = cli("up", "--json")
    assert outcome.exit == 0
    layers = {layer["step"]: layer["ok"] for layer in outcome.json["data"]["layers"]}
    assert layers == {"queue": True, "terraform": True, "agent": True, "scripts": None, "editor": True}


@pytest.mark.parametrize("layer", ["build", "agent", "scripts", "editor"])
def test_wait_returns_after_its_layer(cli: Cli, world: World, host: Machine, layer: str) -> None:
    if layer in ("build", "agent"):
        world.hold("scripts")
    if layer == "build":
        world.hold("agent")
    outcome = cli("up", "--wait", layer, "--json")
    assert outcome.exit == 0
    done = [one["step"] for one in outcome.json["data"]["layers"] if one["ok"]]
    wanted = {"build": 2, "agent": 3, "scripts": 5}.get(layer)
    assert len(done) == wanted if wanted else "editor" in done


def test_detach_returns_once_the_build_is_asked_for(cli: Cli, world: World, stored: Stored) -> None:
    world.hold("queue")
    outcome = cli("up", "--detach", "--json")
    assert (outcome.exit, outcome.json["status"]) == (0, "pending")
    is_valid(outcome, "up")
    stored(outcome)
    assert builds(world) == [("create", "dev")]


def test_a_second_up_finds_it_ready_and_builds_nothing(cli: Cli, world: World) -> None:
    first, second = cli("up"), cli("up")
    assert (first.exit, second.exit) == (0, 0)
    assert first.out == second.out
    assert builds(world) == [("create", "dev")]
    assert world.find("dev").latest.number == 1


def test_the_second_up_knows_how_long_the_first_took(cli: Cli, world: World, host: Machine) -> None:
    host.when("terraform  started", lambda: host.pass_time(65))
    assert "ready usually" not in cli("up").err
    assert "ready usually in 1 min" in cli("up", "other").err


@pytest.mark.parametrize("story", ["long-queue"])
def test_F49_the_place_in_the_queue_is_told(cli: Cli, world: World, host: Machine) -> None:
    others = world.hold("others")
    host.when("queue      position ", others.release)
    outcome = cli("up")
    assert outcome.exit == 0
    assert re.search(r"queue      position (\d) of \1\n", outcome.err)


@pytest.mark.parametrize("story", ["no-provisioner"])
def test_F49_nobody_to_build_it_is_said_at_once_and_ends_with_8(cli: Cli, world: World) -> None:
    outcome = cli("up", "--timeout", "1s")
    is_an_error(outcome, 8)
    assert "warning: no provisioner can take the build of “dev” right now" in outcome.err
    assert outcome.first == "error: nothing has taken up the build of “dev” within 1.0 s"


@pytest.mark.parametrize(
    ("beat", "code"), [("queue", 8), ("terraform", 8), ("agent", 12), ("scripts", 12), ("editor", 13)]
)
def test_timeout_ends_with_the_code_of_the_layer_it_ends_in(
    cli: Cli, world: World, host: Machine, beat: str, code: int
) -> None:
    world.hold(beat)
    said = "scripts    ok" if beat == "editor" else f"{beat:<10} started"
    host.when(said, lambda: host.pass_time(HALF_AN_HOUR))
    outcome = cli("up", "--wait", "scripts")
    is_an_error(outcome, code)
    assert "ameide-ws up dev   # go on waiting" in outcome.err


def test_F57_the_workspace_is_deleted_while_we_wait(cli: Cli, world: World, host: Machine) -> None:
    world.hold("scripts")
    host.when("scripts    started", lambda: world.delete_by_somebody("dev"))
    outcome = cli("up")
    is_an_error(outcome, 12)
    assert outcome.first == "error: workspace “dev” was deleted while we waited for it"


def test_F57_an_agent_that_shuts_down_is_told_from_one_that_is_late(cli: Cli, world: World, host: Machine) -> None:
    world.hold("scripts")
    host.when("scripts    started", lambda: world.change_agent("dev", lifecycle="shutting_down"))
    outcome = cli("up")
    is_an_error(outcome, 12)
    assert outcome.first == "error: workspace “dev” is shutting down"


def test_F57_an_agent_that_falls_silent_is_given_a_minute(cli: Cli, world: World, host: Machine) -> None:
    world.workspace("dev", agent="disconnected")
    host.when("lost its connection", lambda: host.pass_time(61))
    outcome = cli("up")
    is_an_error(outcome, 12)
    assert outcome.first == "error: the agent of “dev” lost its connection to Coder"


@pytest.mark.parametrize("story", ["agent-never-connects"])
def test_F55_a_late_agent_is_a_warning_and_may_still_come(cli: Cli, world: World, host: Machine) -> None:
    host.when("may still do so", lambda: world.change_agent("dev", agent="connected", lifecycle="ready"))
    outcome = cli("up", "--wait", "agent", "--json")
    assert outcome.exit == 0
    assert [warning["code"] for warning in outcome.json["warnings"]] == ["agent.not-ready"]


def test_the_card_on_a_terminal_says_what_to_type_next(
    cli: Cli, world: World, new_machine: NewMachine, stored: Stored
) -> None:
    world.workspace("dev")
    stored(cli("up", "--color", "never", on=new_machine(out_terminal=True)))


def test_C09_the_card_has_colour_when_it_is_wanted(cli: Cli, world: World, new_machine: NewMachine) -> None:
    world.workspace("dev")
    host = new_machine(out_terminal=True)
    assert "\x1b[32m" in cli("up", on=host).out
    assert "\x1b[" not in cli("up", on=new_machine(out_terminal=True, env={"NO_COLOR": "1"})).out
    assert changes(world) == []


@pytest.mark.parametrize(
    ("words", "terminal", "env", "opens"),
    [
        ([], True, {}, True),
        (["--no-open"], True, {}, False),
        ([], True, {"AMEIDE_WS_NO_BROWSER": "1"}, False),
        ([], False, {}, False),
        (["--open"], False, {}, True),
        (["--wait", "agent"], True, {}, False),
        (["--detach"], True, {}, False),
    ],
)
def test_T35_the_browser_opens_only_the_address_and_only_where_a_person_looks_on(
    cli: Cli, world: World, new_machine: NewMachine, words: list[str], terminal: bool, env: dict[str, str], opens: bool
) -> None:
    world.workspace("dev")
    host = new_machine(out_terminal=terminal, env=env)
    outcome = cli("up", *words, on=host)
    assert outcome.exit == 0
    folder = world.find("dev").folder
    assert host.opened == ([f"{world.url}/@dev1/dev.main/apps/code-server/?folder={folder}"] if opens else [])


def test_quiet_leaves_the_address_and_nothing_else(cli: Cli, world: World) -> None:
    outcome = cli("-q", "up")
    assert (outcome.exit, outcome.err) == (0, "")
    assert len(outcome.lines) == 1


def test_verbose_tells_the_logs_and_debug_every_request_without_its_query(cli: Cli, world: World) -> None:
    said = cli("up", "-v", "--wait", "scripts").err
    assert "  build | " in said
    assert "  post-create | post-create step 1 of 5" in said
    told = cli("up", "--debug").err
    assert "GET /api/v2/users/me 200 " in told
    assert "?" not in "".join(line for line in told.splitlines() if line.startswith("GET "))
