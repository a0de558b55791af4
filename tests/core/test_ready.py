"""When is a workspace usable, and when is there nothing more to wait for: F-56's matrix, builds, agents, editors."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.coder.model import Agent, Build, Job, Script, Workspace
from ameide_ws.workspaces.ready import LOST_SECONDS, End, Look, Probe, Stand, Standing, State, judge, silence
from ameide_ws.workspaces.wish import STEPS, WAITS

from .builders import SCRIPTS, SLUG, agent, build, job, workspace

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
ANSWERING = Probe(200, 101, True)
SILENT = Probe(502, 0, True)
STATUSES = ("connecting", "timeout", "connected", "disconnected")
LIFECYCLES = (
    "created", "starting", "start_timeout", "start_error", "ready",
    "shutting_down", "shutdown_timeout", "shutdown_error", "off",
)  # fmt: skip
MATRIX = list(product(LIFECYCLES, STATUSES))


def look(made: Agent | None, latest: Build | None = None, **more: Any) -> Look:
    return Look(workspace(latest), "build-1", made, **more)


def ended(lifecycle: str, *, failed: Script | None = None) -> Agent:
    scripts = SCRIPTS if failed is None else (failed, *SCRIPTS[1:])
    return agent("connected", lifecycle, scripts=scripts)


def wanted(lifecycle: str, status: str, wait: str, *, answering: bool) -> End | None:
    """Coder-api 5.7 and commands `up` 4, read for one cell; nothing is lost yet."""
    if wait == "build":
        return End.READY
    if lifecycle in ("shutting_down", "shutdown_timeout", "shutdown_error", "off"):
        return End.SHUTTING_DOWN
    if status == "disconnected":
        return None
    if wait == "agent":
        return End.READY if status == "connected" else None
    if wait == "scripts" and lifecycle in ("start_error", "start_timeout"):
        return End.SCRIPT_FAILED
    if not answering:
        return None
    return End.READY if wait == "editor" or lifecycle == "ready" else None


@pytest.mark.parametrize(("lifecycle", "status"), MATRIX, ids=[f"{one}-{other}" for one, other in MATRIX])
def test_F56_every_lifecycle_with_every_status_for_every_wait(lifecycle: str, status: str) -> None:
    for wait, probe in product(WAITS, (ANSWERING, SILENT)):
        found = judge(look(agent(status, lifecycle), wait=wait, probe=probe))
        assert found.end is wanted(lifecycle, status, wait, answering=probe is ANSWERING), (wait, probe)


def test_F56_the_matrix_has_36_cells() -> None:
    assert len(MATRIX) == 36


# Scripts.

EXITED = Script("dotfiles", run_on_start=True, status="exit_failure", exit_code=4)
LATE = Script("dotfiles", run_on_start=True, status="timed_out", exit_code=255)
CODELESS = Script("dotfiles", run_on_start=True, status="exit_failure")
OPEN = Script("dotfiles", run_on_start=True, status="pipes_left_open", exit_code=0)
RUNNING = Script("dotfiles", run_on_start=True)


@pytest.mark.parametrize(
    ("lifecycle", "script", "stand"),
    [
        ("start_error", EXITED, Stand(State.FAILED, "dotfiles exited 4")),
        ("start_timeout", LATE, Stand(State.FAILED, "dotfiles took too long")),
        ("start_error", CODELESS, Stand(State.FAILED, "dotfiles exited with an error")),
        ("start_error", OPEN, Stand(State.FAILED, "start error")),
        ("ready", OPEN, Stand(State.DONE, "2 of 2")),
        ("starting", RUNNING, Stand(State.MOVING, "1 of 2, dotfiles still running")),
        ("created", RUNNING, Stand(State.WAITING)),
        ("off", RUNNING, Stand(State.WAITING)),
    ],
)
def test_F56_the_scripts_layer_says_which_script_stands_how(lifecycle: str, script: Script, stand: Stand) -> None:
    assert judge(look(ended(lifecycle, failed=script))).scripts == stand


def test_F56_a_template_without_start_scripts_is_done_with_none() -> None:
    assert judge(look(agent("connected", "ready", scripts=SCRIPTS[2:]))).scripts == Stand(State.DONE, "none")


def test_F56_a_failed_script_leaves_the_editor_usable() -> None:
    found = judge(look(ended("start_error", failed=EXITED), probe=ANSWERING))
    assert (found.end, found.scripts.state, found.editor.state) == (End.READY, State.FAILED, State.DONE)


def test_F56_waiting_for_scripts_ends_with_the_failed_one_even_before_the_editor_answers() -> None:
    assert judge(look(ended("start_error", failed=EXITED), wait="scripts")).end is End.SCRIPT_FAILED


def test_F56_scripts_that_are_done_do_not_make_a_silent_editor_ready() -> None:
    assert judge(look(agent(), wait="scripts", probe=SILENT)).end is None


@pytest.mark.parametrize("wait", ["scripts", "editor"])
def test_an_unknown_lifecycle_word_still_moves(wait: str) -> None:
    found = judge(look(agent("connected", "pondering"), wait=wait))
    assert found.end is None
    assert found.scripts.state is State.MOVING
    assert judge(look(agent("connected", "pondering"), wait="scripts", probe=ANSWERING)).end is None


@pytest.mark.parametrize("wait", ["agent", "scripts", "editor"])
def test_an_unknown_agent_word_still_moves(wait: str) -> None:
    found = judge(look(agent("hibernating", "created"), wait=wait))
    assert (found.end, found.agent.state) == (None, State.MOVING)


# The queue and the build.


def test_F49_the_queue_says_its_position_until_the_build_is_taken() -> None:
    queued = judge(look(None, build("start", "pending", job=job("pending", queue_position=2, queue_size=5))))
    assert queued == Standing(queue=Stand(State.MOVING, "position 2 of 5"))
    nowhere = judge(look(None, build("start", "pending", job=job("pending"))))
    assert nowhere.queue == Stand(State.MOVING, "")
    taken = judge(look(None, build("start", "starting", job=job("running")), build_note="Planning"))
    assert (taken.queue.state, taken.terraform, taken.end) == (State.DONE, Stand(State.MOVING, "Planning"), None)


@pytest.mark.parametrize("status", ["pending", "running", "canceling", "unknown", "hibernating"])
@pytest.mark.parametrize("wait", WAITS)
def test_F24_a_build_that_is_not_over_has_no_end_whatever_its_word(status: str, wait: str) -> None:
    assert judge(look(None, build("start", status, job=job(status)), wait=wait)).end is None


@pytest.mark.parametrize("wait", WAITS)
def test_F50_a_failed_build_ends_every_wait(wait: str) -> None:
    found = judge(look(None, build("start", "failed", job=job("failed", error="apply failed")), wait=wait))
    assert (found.end, found.terraform.state) == (End.BUILD_FAILED, State.FAILED)


@pytest.mark.parametrize(
    "ended_job", [job("canceled"), job("canceled", canceled_at=NOW), job("failed", canceled_at=NOW, error="exit 1")]
)
def test_F51_W2_a_cancelled_build_is_cancelled_whatever_its_word(ended_job: Job) -> None:
    found = judge(look(None, build("start", ended_job.status, job=ended_job)))
    assert (found.end, found.terraform) == (End.BUILD_CANCELED, Stand(State.FAILED, "cancelled"))


def test_F52_a_build_that_is_being_cancelled_says_so_and_goes_on() -> None:
    found = judge(look(None, build("start", "canceling", job=job("canceling", canceled_at=NOW))))
    assert (found.end, found.terraform) == (None, Stand(State.MOVING, "being cancelled"))


@pytest.mark.parametrize("status", ["pending", "running", "succeeded", "failed"])
@pytest.mark.parametrize("wait", WAITS)
def test_F57_another_build_in_place_of_ours_ends_every_wait(status: str, wait: str) -> None:
    other = build("start", status, job=job(status))._replace(id="build-2")
    assert judge(look(agent(), other, wait=wait, probe=ANSWERING)).end is End.REPLACED


@pytest.mark.parametrize("wait", WAITS)
def test_F57_a_deleted_workspace_ends_every_wait(wait: str) -> None:
    assert judge(Look(None, "build-1", agent(), wait=wait, probe=ANSWERING)).end is End.DELETED


# The agent and the editor.


@pytest.mark.parametrize("wait", ["agent", "scripts", "editor"])
def test_F57_an_agent_that_falls_silent_is_waited_for_and_then_lost(wait: str) -> None:
    silent = agent("disconnected", "ready")
    for seconds in (0.0, 1.0, LOST_SECONDS - 0.1):
        found = judge(look(silent, wait=wait, probe=ANSWERING, lost_for=seconds))
        assert (found.end, found.agent.state) == (None, State.MOVING)
    for seconds in (LOST_SECONDS, 10 * LOST_SECONDS):
        assert judge(look(silent, wait=wait, probe=ANSWERING, lost_for=seconds)).end is End.AGENT_LOST


def test_F55_an_agent_in_timeout_may_still_come() -> None:
    found = judge(look(agent("timeout", "created")))
    assert (found.end, found.agent) == (None, Stand(State.MOVING, "not connected after 120 s, may still come"))
    building = judge(look(agent("timeout", "created"), agent_note="#7: building the image"))
    assert building.agent.note == "#7: building the image"


@pytest.mark.parametrize(("wait", "end"), [("build", End.READY), ("agent", End.NO_AGENT), ("editor", End.NO_AGENT)])
def test_F61_a_build_without_an_agent_is_enough_for_the_build_alone(wait: str, end: End) -> None:
    assert judge(look(None, wait=wait)).end is end


@pytest.mark.parametrize(("wait", "end"), [("agent", End.READY), ("scripts", End.NO_APP), ("editor", End.NO_APP)])
def test_an_agent_without_the_editor_is_enough_for_the_agent_alone(wait: str, end: End) -> None:
    assert judge(look(agent(apps=()), wait=wait)).end is end
    assert judge(look(agent(), wait=wait, app="another")).end is end


@pytest.mark.parametrize(
    ("probe", "note"),
    [
        (Probe(), ""),
        (Probe(200, 0, True), ""),
        (Probe(200, 502, True), "its page is there, its WebSocket is refused (HTTP 502)"),
        (Probe(200, 0, False), "it answers with HTTP status 200"),
        (Probe(500), "it answers, but cannot load"),
        (Probe(502, 0, True), "not listening yet"),
        (Probe(404, 0, True), "Coder does not reach the agent yet"),
        (Probe(400, 0, True), "Coder says the workspace is offline"),
        (Probe(303, 0, True), "Coder does not take the token for apps"),
        (Probe(403, 0, True), "Coder does not allow apps under a path"),
        (Probe(429), "Coder asks for a pause"),
        (Probe(trouble="nothing came in 5 s"), "nothing came in 5 s"),
    ],
)
def test_F58_an_editor_that_does_not_answer_is_not_ready_and_says_why(probe: Probe, note: str) -> None:
    assert not probe.is_answering
    assert silence(probe) == note
    found = judge(look(agent(), probe=probe))
    assert (found.end, found.editor) == (None, Stand(State.MOVING, note))


@pytest.mark.parametrize("page", [200, 307, 302, 500])
@pytest.mark.parametrize("upgrade", [0, 101, 200, 502])
def test_F58_only_a_page_with_its_websocket_is_an_answer(page: int, upgrade: int) -> None:
    for is_html in (True, False):
        ready = judge(look(agent(), probe=Probe(page, upgrade, is_html))).end is End.READY
        assert ready is (page == 200 and upgrade == 101 and is_html)


@pytest.mark.parametrize("lifecycle", ["created", "starting", "start_error", "start_timeout", "ready"])
def test_an_editor_for_another_processor_ends_it_once_the_scripts_are_over(lifecycle: str) -> None:
    over = lifecycle not in ("created", "starting")
    assert (judge(look(agent("connected", lifecycle), wrong_processor=True)).end is End.EDITOR_CACHE) is over
    answering = look(agent("connected", lifecycle), wrong_processor=True, probe=ANSWERING)
    assert judge(answering).end is End.READY
    for wait in ("build", "agent"):
        assert judge(look(agent("connected", lifecycle), wrong_processor=True, wait=wait)).end is End.READY


# Everything at once.

jobs = st.builds(
    Job,
    status=st.sampled_from(["pending", "running", "succeeded", "failed", "canceled", "canceling", "odd", ""]),
    error=st.text(max_size=5),
    queue_position=st.integers(-1, 3),
    queue_size=st.integers(0, 3),
    canceled_at=st.sampled_from([None, NOW]),
)
scripts = st.builds(
    Script,
    display_name=st.text(max_size=5),
    run_on_start=st.booleans(),
    status=st.sampled_from(["", "ok", "exit_failure", "timed_out", "pipes_left_open", "odd"]),
    exit_code=st.one_of(st.none(), st.integers()),
)
agents = st.builds(
    agent,
    st.sampled_from([*STATUSES, "odd", ""]),
    st.sampled_from([*LIFECYCLES, "odd", ""]),
    scripts=st.lists(scripts, max_size=3).map(tuple),
)
builds = st.builds(build, st.sampled_from(["start", "stop", "delete", "odd"]), job=jobs)
workspaces: st.SearchStrategy[Workspace] = st.builds(workspace, builds)
probes = st.builds(
    Probe,
    st.sampled_from([0, 200, 303, 400, 403, 404, 429, 500, 502, 599]),
    st.sampled_from([0, 101, 400, 502]),
    st.booleans(),
    st.sampled_from(["", "nothing answers"]),
)
looks = st.builds(
    Look,
    st.one_of(st.none(), workspaces),
    st.sampled_from(["build-1", "build-2"]),
    st.one_of(st.none(), agents),
    app=st.sampled_from([SLUG, "other"]),
    wait=st.sampled_from([*WAITS, "editor"]),
    probe=probes,
    build_note=st.text(max_size=5),
    agent_note=st.text(max_size=5),
    lost_for=st.floats(0, 1000),
    wrong_processor=st.booleans(),
)


@given(looks)
def test_F58_any_look_is_judged_and_the_editor_is_ready_only_when_it_answers(one: Look) -> None:
    found = judge(one)
    if found.end is End.READY:
        assert one.workspace is not None
        assert one.workspace.latest_build.id == one.build_id
        assert one.workspace.latest_build.job.status == "succeeded"
        if one.wait in ("editor", "scripts"):
            assert one.probe.is_answering
            assert one.agent is not None
        if one.wait == "agent":
            assert one.agent is not None
            assert one.agent.status == "connected"
        if one.wait == "scripts":
            assert found.scripts.state is State.DONE
    for step in STEPS:
        stand = getattr(found, step)
        assert isinstance(stand, Stand)
        assert not (stand.state is State.WAITING and stand.note)


@given(looks)
def test_judging_twice_gives_the_same(one: Look) -> None:
    assert judge(one) == judge(one)
