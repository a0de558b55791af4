"""Waiting: what each layer says while it works, what is only a warning, and how each way to fail is told."""

from collections.abc import Callable
from typing import Any

import pytest

from ameide_ws.coder.client import Coder
from ameide_ws.events import Event, Finished, Line, Noticed, Progress, Started
from ameide_ws.problems import (
    AgentNotReady,
    BadAnswer,
    BuildCanceled,
    BuildFailed,
    EditorNotReady,
    Exit,
    NoProvisioner,
    NotFinished,
    Problem,
    ScriptFailed,
    WorkspaceGone,
)
from ameide_ws.sandbox.world import Request, World
from ameide_ws.workspaces.up import up
from ameide_ws.workspaces.wish import WAITS, Wish

from .courses import failing, run, well
from .hosts import Running

DEV = Wish(name="dev")
# Short and real: threads wait on this clock. What it interrupts stands still, however slow the machine is.
SOON = 0.7
FORBIDDEN = 'Failed to create pod: pods "workspace" is forbidden: exceeded quota: compute'


def at(step: str, do: Callable[[], Any], *, kind: type[Started] | type[Finished] = Started) -> Callable[[Event], None]:
    """Do something once, when a layer begins or ends."""
    left = [do]

    def seen(event: Event) -> None:
        if isinstance(event, kind) and event.step == step and left:
            left.pop()()

    return seen


def late(wait: str = "editor", *, seconds: float = SOON) -> Wish:
    return Wish(name="dev", wait=wait, seconds=seconds)


def probes(world: World) -> list[Request]:
    """The looks at the editor's address; what a test before has left comes with another token."""
    return [one for one in world.requests if one.path.startswith("/@") and world.token in one.headers.get("cookie", "")]


# What is waited for.


@pytest.mark.parametrize("wait", WAITS)
def test_each_wait_goes_as_far_as_it_says(world: World, coder: Coder, host: Running, wait: str) -> None:
    ran = well(up(coder, host, Wish(name="dev", wait=wait)))
    layers = {layer.step: layer.ok for layer in ran.result.layers}
    done = {"build": 2, "agent": 3, "scripts": 5, "editor": 3}[wait]
    assert [layers[step] for step in ("queue", "terraform", "agent")][:done] == [True] * min(done, 3)
    assert ran.result.openable is (wait in ("editor", "scripts"))
    assert ran.result.wait == wait
    if wait in ("editor", "scripts"):
        assert layers["editor"] is True
    if wait == "scripts":
        assert layers["scripts"] is True
    if wait in ("build", "agent"):
        assert probes(world) == []


def test_F58_the_probe_brings_the_cookie_and_never_the_header(world: World, coder: Coder, host: Running) -> None:
    well(up(coder, host, DEV))
    looks = probes(world)
    assert {one.method for one in looks} == {"GET", "WS"}
    assert all("folder=" in one.query for one in looks)
    assert all("coder-session-token" not in one.headers for one in looks)
    assert not [one for one in world.delivered if world.token in str(one.headers) + one.query]


def test_the_editor_is_ready_although_scripts_still_run(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", lifecycle="starting")
    ran = well(up(coder, host, DEV))
    layers = {layer.step: layer for layer in ran.result.layers}
    assert (layers["editor"].ok, layers["scripts"].ok) == (True, None)
    assert layers["scripts"].note == "0 of 3, dotfiles, post-create, code-server still running"


def test_every_layer_begins_before_it_ends_and_each_does_so_once(world: World, coder: Coder, host: Running) -> None:
    ran = well(up(coder, host, Wish(name="dev", wait="scripts")))
    steps = ["queue", "terraform", "agent", "scripts", "editor"]
    assert sorted(step for step, _ in ran.ended) == sorted(steps)
    order = [(type(event), event.step) for event in ran.events if isinstance(event, Started | Finished)]
    for step in steps:
        assert order.count((Started, step)) == order.count((Finished, step)) == 1
        assert order.index((Started, step)) < order.index((Finished, step))


def test_F28_every_line_of_the_builds_log_is_told_once_while_it_is_followed(
    world: World, coder: Coder, host: Running
) -> None:
    hold = world.hold("agent")
    build_lines = list[str]()

    def release() -> None:
        build_lines.extend(row["output"] for row in world.find("dev").latest.log.rows)
        hold.release()

    ran = well(up(coder, host, Wish(name="dev", wait="scripts")), seen=at("agent", release))
    told = [line.text for line in ran.lines if line.source == "build"]
    assert told == build_lines
    external = [line.text for line in ran.lines if line.source == "External"]
    assert external == [row["output"] for row in world.find("dev").latest.agent.log.rows if "#" in row["output"]]  # type: ignore[union-attr]


# The queue.


@pytest.mark.parametrize("story", ["no-provisioner"])
def test_F49_no_provisioner_is_a_warning_at_once_and_the_cause_at_the_deadline(
    world: World, coder: Coder, host: Running
) -> None:
    problem, ran = failing(NoProvisioner, up(coder, host, late()))
    assert problem.exit == Exit.NOT_FINISHED
    assert [notice.code for notice in ran.noticed] == ["build.no-provisioner"]
    assert "ameide-ws up dev" in problem.tries[1]


def test_F49_a_place_in_the_queue_is_told_and_named_at_the_deadline(world: World, coder: Coder, host: Running) -> None:
    world.workspace("first", status="pending")
    world.workspace("dev", status="pending")
    problem, ran = failing(NotFinished, up(coder, host, late()))
    assert "position 2 of 2" in ran.notes
    assert (problem.exit, problem.cause) == (Exit.NOT_FINISHED, "it is number 2 of 2 in the queue")
    assert not isinstance(problem, NoProvisioner)


# The build.


def test_a_build_that_runs_at_the_deadline_is_not_finished(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", status="starting")
    problem, _ = failing(NotFinished, up(coder, host, late()))
    assert (problem.exit, problem.cause) == (Exit.NOT_FINISHED, "it goes on without us")


def test_a_stop_that_runs_at_the_deadline_is_not_finished(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", status="stopping")
    problem, _ = failing(NotFinished, up(coder, host, late()))
    assert "still busy stopping after 0.7 s" in problem.message


@pytest.mark.parametrize(
    ("story", "stage", "cause", "first_try", "line"),
    [
        (
            "build-fails", "Starting workspace",
            f"{FORBIDDEN} (terraform apply: exit status 1)",
            "ameide-ws up dev -v   # try once more and watch the build", "Error: Failed to create pod",
        ),
        (
            "no-quota", "Commit quota", "insufficient quota [INSUFFICIENT_QUOTA]",
            "ameide-ws list   # see which of your workspaces could go", "This build would exceed your quota. Failing.",
        ),
        (
            "missing-variable", "Planning Infrastructure",
            "update job: required template variables need values: namespace [REQUIRED_TEMPLATE_VARIABLES]",
            "tell whoever looks after the template ameide-dev: a variable has no value",
            "Error: No value for required variable",
        ),
    ],
)  # fmt: skip
def test_F50_a_failed_build_tells_its_lines_its_stage_its_cause_and_one_thing_to_do(
    world: World, coder: Coder, host: Running, story: str, stage: str, cause: str, first_try: str, line: str
) -> None:
    problem, ran = failing(BuildFailed, up(coder, host, DEV))
    assert (problem.exit, problem.cause, problem.tries[0]) == (Exit.BUILD_FAILED, cause, first_try)
    assert f"{world.url}/@dev1/dev/builds/1" in problem.tries[1]
    assert 0 < len(problem.lines) <= 20
    assert any(line in one for one in problem.lines)
    assert stage in problem.message
    assert ran.ended[-1] == ("terraform", False)


@pytest.mark.parametrize("story", ["canceled-meanwhile"])
def test_F51_a_build_cancelled_by_somebody_is_told_as_cancelled_though_coder_says_failed(
    world: World, coder: Coder, host: Running
) -> None:
    problem, _ = failing(BuildCanceled, up(coder, host, DEV))
    assert world.find("dev").latest.status == "failed"
    assert (problem.exit, "who" in problem.cause) == (Exit.BUILD_CANCELED, True)


# The agent.


def test_F55_an_agent_in_timeout_is_a_warning_and_at_the_deadline_the_failure(
    world: World, coder: Coder, host: Running
) -> None:
    world.workspace("dev", agent="timeout", lifecycle="created")
    problem, ran = failing(AgentNotReady, up(coder, host, late()))
    assert problem.exit == Exit.AGENT
    (warning,) = ran.noticed
    assert "has not connected within 120 s" in warning.message
    assert warning.tries == problem.tries[:1] == ("read https://coder.com/docs/admin/templates/troubleshooting",)


def test_F55_an_agent_that_comes_after_its_timeout_is_fine(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", agent="timeout", lifecycle="created")

    def come(event: Event) -> None:
        if isinstance(event, Noticed):
            world.change_agent("dev", agent="connected", lifecycle="ready")

    ran = well(up(coder, host, DEV), seen=come)
    assert (len(ran.noticed), ran.result.status) == (1, "ok")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "", "\x1b]8;;https://evil\x07x"])
def test_F55_a_troubleshooting_link_that_is_none_is_not_shown(
    world: World, coder: Coder, host: Running, link: str
) -> None:
    made = world.workspace("dev", agent="timeout", lifecycle="created")
    assert made.agent is not None
    made.agent.troubleshooting_url = link
    problem, _ = failing(AgentNotReady, up(coder, host, late()))
    assert problem.tries[0] == "ask whoever looks after the template"


def test_F57_an_agent_that_comes_back_in_time_was_not_lost(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", agent="disconnected", lifecycle="ready")

    def come(event: Event) -> None:
        if isinstance(event, Started) and event.step == "agent":
            world.change_agent("dev", agent="connected")

    assert well(up(coder, host, DEV), seen=come).noticed == []


def test_F57_an_agent_that_stays_silent_for_a_minute_is_lost(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", agent="disconnected", lifecycle="ready")
    problem, _ = failing(AgentNotReady, up(coder, host, DEV), seen=at("agent", lambda: host.pass_time(61)))
    assert (problem.exit, "lost its connection" in problem.message) == (Exit.AGENT, True)


# Scripts.


@pytest.mark.parametrize("story", ["script-fails"])
def test_F56_a_failed_script_is_a_warning_with_its_lines_and_the_workspace_is_ready(
    world: World, coder: Coder, host: Running, story: str
) -> None:
    world.workspace("dev", lifecycle="start_error")
    ran = well(up(coder, host, DEV))
    (warning,) = ran.noticed
    assert isinstance(warning, ScriptFailed)
    assert "dotfiles exited 4" in warning.message
    assert warning.lines == ("boom",)
    layers = {layer.step: (layer.ok, layer.note) for layer in ran.result.layers}
    assert layers["scripts"] == (False, "dotfiles exited 4")
    assert layers["editor"][0] is True


@pytest.mark.parametrize("story", ["script-fails"])
def test_F56_waiting_for_scripts_a_failed_one_is_exit_12(world: World, coder: Coder, host: Running, story: str) -> None:
    problem, ran = failing(ScriptFailed, up(coder, host, Wish(name="dev", wait="scripts")))
    assert (problem.exit, ran.noticed) == (Exit.AGENT, [])
    assert problem.lines == ("dotfiles: nothing to install",)


def test_F56_scripts_that_still_run_at_the_deadline_are_named(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", lifecycle="starting")
    problem, _ = failing(ScriptFailed, up(coder, host, late("scripts")))
    assert problem.exit == Exit.AGENT
    assert "dotfiles" in problem.message + problem.cause


# The editor.


def test_F58_an_editor_that_never_listens_is_exit_13_with_its_cause(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", editor=False)
    problem, ran = failing(EditorNotReady, up(coder, host, late()))
    assert (problem.exit, "not listening yet" in problem.cause) == (Exit.APP, True)
    assert "not listening yet" in ran.notes


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"route": "GET /@*", "status": 500, "body": {"message": "boom"}}, "it answers, but cannot load"),
        ({"route": "GET /@*", "status": 403, "body": "html"}, "Coder does not allow apps under a path"),
        ({"route": "WS /@*", "status": 502, "body": "html"}, "its page is there, its WebSocket is refused (HTTP 502)"),
        ({"route": "GET /@*", "redirect": "https://sso.example.com/?next=x"}, "it answers with HTTP status 302"),
    ],
)
def test_F58_what_the_editor_answered_last_is_the_cause(
    world: World, coder: Coder, host: Running, fault: dict[str, Any], cause: str
) -> None:
    world.workspace("dev")
    world.fault(**fault)
    problem, _ = failing(EditorNotReady, up(coder, host, late()))
    assert (problem.exit, cause in problem.cause) == (Exit.APP, True)


def says(world: World, text: str, script: int) -> None:
    agent = world.find("dev").agent
    assert agent is not None
    agent.say(text, "error", agent.scripts[script].log_source_id)


def test_an_editor_for_another_processor_is_known_by_its_words(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", editor=False)
    says(world, "/workspaces/.code-server/bin/code-server: cannot execute binary file: Exec format error", 2)
    problem, _ = failing(EditorNotReady, up(coder, host, Wish(name="dev", seconds=20)))
    assert "cannot start on this processor" in problem.message


def test_a_fallback_image_is_a_warning(world: World, coder: Coder, host: Running) -> None:
    made = world.workspace("dev")
    assert made.agent is not None
    agent = made.agent
    agent.say("Failed to build: exit status 1. Falling back to the default image...", "error")
    agent.editor_open = False

    def listen(event: Event) -> None:
        if isinstance(event, Noticed):
            agent.editor_open = True

    ran = well(up(coder, host, DEV), seen=listen)
    assert ["fallback image" in notice.message for notice in ran.noticed] == [True]


# Somebody else.


@pytest.mark.parametrize(
    ("story", "what", "exit_code"),
    [("stopped-meanwhile", "was stopped", Exit.AGENT), ("deleted-meanwhile", "was deleted", Exit.AGENT)],
)
def test_F57_a_workspace_that_somebody_takes_away_ends_the_wait_with_a_sentence(
    world: World, coder: Coder, host: Running, story: str, what: str, exit_code: Exit
) -> None:
    problem, _ = failing(WorkspaceGone, up(coder, host, Wish(name="dev", wait="scripts")))
    assert (problem.exit, what in problem.message) == (exit_code, True)
    assert problem.tries[0].startswith("ameide-ws up dev")


def test_F57_a_new_build_by_somebody_names_who_and_which(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", editor=False)
    problem, _ = failing(WorkspaceGone, up(coder, host, DEV), seen=at("editor", lambda: world.start_by_somebody("dev")))
    assert "was started anew" in problem.message
    assert "build 2 (start) was asked for by admin" in problem.cause


@pytest.mark.parametrize("lifecycle", ["shutting_down", "off"])
def test_F57_an_agent_that_says_goodbye_ends_the_wait(
    world: World, coder: Coder, host: Running, lifecycle: str
) -> None:
    world.workspace("dev", lifecycle=lifecycle)
    problem, _ = failing(WorkspaceGone, up(coder, host, DEV))
    assert (problem.exit, "shutting down" in problem.message) == (Exit.AGENT, True)


# The way there.


def test_F27_where_sockets_are_refused_up_polls_says_so_and_ends_well(
    world: World, coder: Coder, host: Running
) -> None:
    world.fault("WS /api/*", status=502, body="html")
    hold = world.hold("scripts")
    told = list[str]()

    def release(event: Event) -> None:
        if isinstance(event, Progress) and "unavailable" in event.note:
            told.append(event.note)
            if event.note.startswith("live streams"):
                hold.release()

    ran = well(up(coder, host, DEV), seen=release)
    assert ran.result.status == "ok"
    assert told.count("live streams are unavailable (HTTP 502), asking every few seconds instead") == 1
    assert all("(HTTP 502)" in note for note in told)


@pytest.mark.parametrize("drop", [1, 2, 3])
def test_F28_sockets_that_break_after_each_frame_lose_no_line(
    world: World, coder: Coder, host: Running, drop: int
) -> None:
    world.fault("WS /api/*/logs", drop_after=drop)
    hold, told = world.hold("agent"), list[str]()

    def release(event: Event) -> None:
        if isinstance(event, Line) and event.source == "build":
            told.append(event.text)
            build = world.find("dev").latest
            if build.completed_at and len(told) == len(build.log.rows):
                hold.release()

    well(up(coder, host, Wish(name="dev", seconds=20)), seen=release)
    assert told == [row["output"] for row in world.find("dev").latest.log.rows]


def test_F24_a_workspace_in_an_unknown_form_is_a_bad_answer(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", editor=False)
    world.fault("GET /api/v2/users/me/workspace/dev", body={"id": "1", "name": "dev"})
    problem, _ = failing(BadAnswer, up(coder, host, DEV))
    assert problem.exit == Exit.UNAVAILABLE
    assert ".owner_name: expected a value, got nothing" in problem.cause


def test_F09_time_the_laptop_slept_is_given_back_and_said(world: World, coder: Coder, host: Running) -> None:
    made = world.workspace("dev", editor=False)

    def sleep() -> None:
        host.suspended += 2460

    fall_asleep = at("editor", sleep)

    def seen(event: Event) -> None:
        fall_asleep(event)
        if isinstance(event, Progress) and "asleep" in event.note and made.agent is not None:
            made.agent.editor_open = True

    ran = well(up(coder, host, Wish(name="dev", seconds=30)), seen=seen)
    assert ran.notes.count("resumed after 41 min asleep") == 1


def test_every_problem_of_a_wait_can_be_read_in_a_log(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", editor=False)
    problem, _ = failing(Problem, up(coder, host, late()))
    assert "\n" not in problem.message
    assert all("\n" not in one for one in problem.tries)


def test_F27_that_sockets_are_refused_is_said_once(world: World, coder: Coder, host: Running) -> None:
    world.fault("WS /api/*", status=502, body="html")
    world.workspace("dev", status="starting")
    ran = run(up(coder, host, late(seconds=3.0)))
    assert len([note for note in ran.notes if "unavailable" in note]) == 1


def test_only_the_editors_own_script_can_tell_of_another_processor(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", editor=False)
    says(world, "install-tools: ./helm: Exec format error", 0)
    problem, _ = failing(EditorNotReady, up(coder, host, late()))
    assert "processor" not in problem.message
