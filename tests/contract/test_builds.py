"""Builds: how a transition is asked for, what it is called while it goes on, how it is cancelled."""

from __future__ import annotations

import pytest

from ameide_ws.problems import Conflict, NotFound
from tests.contract.target import DONE, Json, Target, agent_of

STRANGE = "11111111-1111-4111-8111-111111111111"
WORDS = {
    ("start", "running"): "starting",
    ("start", "succeeded"): "running",
    ("stop", "running"): "stopping",
    ("stop", "succeeded"): "stopped",
    ("delete", "running"): "deleting",
    ("delete", "succeeded"): "deleted",
}


def word(build: Json) -> str:
    job: str = build["job"]["status"]
    return WORDS.get((build["transition"], job), job)


def test_the_status_follows_from_transition_and_job(coder: Target) -> None:
    workspace = coder.create().json
    seen = []
    for now in coder.watch(workspace):
        seen.append(now["latest_build"])
        if seen[-1]["job"]["status"] in DONE and len({build["id"] for build in seen}) == 1:
            coder.build(workspace, "stop")
        elif seen[-1]["job"]["status"] in DONE and seen[-1]["transition"] == "stop":
            coder.build(workspace, "delete")
        if seen[-1]["status"] == "deleted":
            break
    assert [build["status"] for build in seen] == [word(build) for build in seen]
    assert {"running", "stopped", "deleted"} <= {build["status"] for build in seen}


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("pending", ("pending", "pending")),
        ("starting", ("starting", "running")),
        ("stopping", ("stopping", "running")),
        ("deleting", ("deleting", "running")),
        ("failed", ("failed", "failed")),
        ("canceling", ("canceling", "canceling")),
        ("canceled", ("canceled", "canceled")),
        ("stopped", ("stopped", "succeeded")),
    ],
)
def test_each_state_has_its_two_words(coder: Target, state: str, words: tuple[str, str]) -> None:
    world = coder.only_in_the_sandbox("a real build cannot be held in a state; recorded: build-*, workspace-*")
    world.workspace("demo", status=state)
    ours = coder.client.workspace("me", "demo")
    assert ours is not None
    assert (ours.latest_build.status, ours.latest_build.job.status) == words


def test_a_job_that_is_not_pending_has_no_place_in_the_queue(coder: Target) -> None:
    for build in (coder.shared()["latest_build"], coder.built(coder.make(), "stop")["latest_build"]):
        job = build["job"]
        assert (job["queue_position"], job["queue_size"]) == (0, 0)
        assert job["started_at"] <= job["completed_at"]
        assert {"error", "error_code", "canceled_at"} & job.keys() == set()


def test_a_job_that_waits_counts_its_place_from_one(coder: Target) -> None:
    world = coder.story("long-queue", "how busy a real Coder is is not ours to say; recorded: build-queued")
    hold = world.hold("queue")
    made = coder.client.create("ct-1", coder.version_id, {})
    assert (made.latest_build.job.queue_position, made.latest_build.job.queue_size) == (0, 0)
    assert hold.reached()
    job = coder.client.build_by_id(made.latest_build.id).job
    assert job.status == "pending"
    assert 1 <= job.queue_position <= job.queue_size
    assert job.started_at is None


def test_a_second_build_while_one_is_active_is_409(coder: Target) -> None:
    with coder.held("terraform"):
        workspace = coder.create().json
        reply = coder.build(workspace, "stop")
        assert (reply.status, reply.message) == (409, "A workspace build is already active.")
        ours = coder.client.workspace_by_id(workspace["id"])
        assert ours is not None
        with pytest.raises(Conflict):
            coder.client.build(ours, "stop")
    coder.done(workspace)


def test_a_build_is_told_alike_by_its_id_its_number_and_in_the_list(coder: Target) -> None:
    workspace = coder.shared()
    build = workspace["latest_build"]
    by_id = coder.get(f"/api/v2/workspacebuilds/{build['id']}")
    by_number = coder.get(f"/api/v2/users/me/workspace/{workspace['name']}/builds/1")
    (listed,) = coder.get(f"/api/v2/workspaces/{workspace['id']}/builds")
    assert by_id.keys() == by_number.keys() == listed.keys() == build.keys()
    assert by_id["id"] == by_number["id"] == listed["id"] == build["id"]
    ours = coder.client.build_by_id(build["id"])
    assert (ours.status, ours.job.status, ours.workspace_id) == ("running", "succeeded", workspace["id"])


@pytest.mark.parametrize("rest", ["", "/parameters", "/logs"])
def test_a_build_that_is_not_there_is_404(coder: Target, rest: str) -> None:
    assert coder.raw("GET", f"/api/v2/workspacebuilds/{STRANGE}{rest}").status == 404
    with pytest.raises(NotFound):
        coder.client.build_by_id(STRANGE)


def test_a_stop_ends_the_agents_and_a_start_makes_them_anew(coder: Target) -> None:
    workspace = coder.make()
    first = agent_of(workspace)["id"]
    stopped = coder.built(workspace, "stop", reason="cli")
    assert (stopped["latest_build"]["status"], stopped["latest_build"]["reason"]) == ("stopped", "cli")
    assert agent_of(stopped)["id"] == ""
    assert coder.raw("GET", f"/api/v2/workspaceagents/{first}").status == 404
    gone = coder.raw("GET", f"/api/v2/workspaceagents/{first}/logs")
    assert (gone.status, gone.message.split(",")[0]) == (404, "Agent doesn't exist with that id")
    started = coder.built(workspace, "start")
    assert agent_of(started)["id"] not in ("", first)
    assert started["latest_build"]["build_number"] == 3
    newest = [one["build_number"] for one in coder.get(f"/api/v2/workspaces/{workspace['id']}/builds")]
    assert newest == [3, 2, 1]


def test_a_start_without_a_version_keeps_version_and_parameters(coder: Target) -> None:
    workspace = coder.make()
    before = coder.get(f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/parameters")
    started = coder.built(coder.built(workspace, "stop"), "start")
    assert started["latest_build"]["template_version_id"] == workspace["latest_build"]["template_version_id"]
    after = coder.get(f"/api/v2/workspacebuilds/{started['latest_build']['id']}/parameters")
    assert sorted(after, key=lambda one: str(one["name"])) == sorted(before, key=lambda one: str(one["name"]))


def test_a_workspace_on_an_older_version_is_outdated_and_stays_there_on_a_plain_start(coder: Target) -> None:
    world = coder.only_in_the_sandbox("it needs a template with two versions; recorded: workspace-outdated")
    world.workspace("demo", status="stopped", outdated=True)
    ours = coder.client.workspace("me", "demo")
    assert ours is not None
    assert ours.outdated
    started = coder.built({"id": ours.id}, "start")
    assert started["latest_build"]["template_version_id"] == ours.latest_build.template_version_id
    assert started["outdated"]
    coder.built(started, "stop")
    now = coder.built(started, "start", template_version_id=ours.template_active_version_id)
    assert not now["outdated"]


def test_our_client_stops_and_starts(coder: Target) -> None:
    made = coder.client.workspace_by_id(coder.make()["id"])
    assert made is not None
    stop = coder.client.build(made, "stop")
    assert (stop.transition, stop.reason, stop.build_number) == ("stop", "cli", 2)
    assert stop.matched_provisioners is not None
    assert stop.matched_provisioners.count > 0
    coder.done({"id": made.id})
    start = coder.client.build(made, "start", version_id=made.template_active_version_id)
    assert (start.transition, start.template_version_id) == ("start", made.template_active_version_id)
    coder.done({"id": made.id})


def test_a_restart_is_one_question_and_two_builds(coder: Target) -> None:
    workspace = coder.make()
    posted = coder.build(workspace, "stop", on_success={"transition": "start", "rich_parameter_values": []})
    assert (posted.status, posted.json["transition"], posted.json["build_number"]) == (201, "stop", 2)
    now = coder.until(
        workspace,
        lambda now: now["latest_build"]["build_number"] == 3 and now["latest_build"]["job"]["status"] in DONE,
    )
    assert (now["latest_build"]["transition"], now["latest_build"]["status"]) == ("start", "running")


def test_a_transition_that_is_unknown_is_400(coder: Target) -> None:
    reply = coder.build(coder.shared(), "dance")
    assert (reply.status, reply.message, reply.fields) == (400, "Validation failed.", ["transition"])
    assert reply.json["validations"][0]["detail"] == 'Validation failed for tag "oneof" with value: "dance"'


def test_a_delete_is_always_the_initiators(coder: Target) -> None:
    workspace = coder.make()
    posted = coder.build(workspace, "delete", reason="cli").json
    assert (posted["transition"], posted["reason"]) == ("delete", "initiator")


def test_a_deadline_is_set_where_there_is_a_time_to_live(coder: Target) -> None:
    build = coder.make(ttl_ms=3_600_000)["latest_build"]
    assert build["deadline"] is not None
    ours = coder.client.build_by_id(build["id"])
    assert ours.deadline is not None
    assert ours.job.completed_at is not None
    assert 3500 < (ours.deadline - ours.job.completed_at).total_seconds() < 3700
    assert ours.max_deadline is None


# Cancelling.


def test_a_build_that_is_done_cannot_be_cancelled(coder: Target) -> None:
    workspace = coder.shared()
    if not workspace["template_allow_user_cancel_workspace_jobs"]:
        pytest.skip("the template does not let its users cancel")
    reply = coder.raw("PATCH", f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/cancel")
    assert (reply.status, reply.message) == (400, "Job has already completed!")


def test_where_the_template_does_not_let_its_users_cancel_it_is_403(coder: Target) -> None:
    if coder.is_sandbox:
        coder.only_in_the_sandbox("").templates[0].may_cancel = False
    workspace = coder.shared()
    if workspace["template_allow_user_cancel_workspace_jobs"]:
        pytest.skip("the template lets its users cancel")
    reply = coder.raw("PATCH", f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/cancel")
    assert reply.status == 403
    assert reply.message == "User is not allowed to cancel workspace builds. Owner role is required."


def test_a_running_build_that_was_cancelled_ends_as_failed_with_the_time_of_it(coder: Target) -> None:
    world = coder.only_in_the_sandbox("the template may not let its users cancel; recorded: build-canceled")
    hold = world.hold("terraform")
    workspace = coder.create().json
    assert hold.reached()
    reply = coder.raw("PATCH", f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/cancel")
    assert (reply.status, reply.message) == (200, "Job has been marked as canceled...")
    again = coder.raw("PATCH", f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/cancel")
    assert again.status == 400
    hold.release()
    coder.done(workspace)
    ours = coder.client.build_by_id(workspace["latest_build"]["id"])
    assert (ours.job.status, ours.job.error) == ("failed", "terraform apply: exit status 1")
    assert ours.job.canceled_at is not None
    assert ours.job.was_canceled


def test_a_build_that_was_cancelled_while_it_waited_ends_as_canceled(coder: Target) -> None:
    coder.story("no-provisioner", "a Coder without provisioners cannot be asked for; recorded: build-queued-canceled")
    workspace = coder.create().json
    path = f"/api/v2/workspacebuilds/{workspace['latest_build']['id']}/cancel"
    wrong = coder.raw("PATCH", f"{path}?expect_status=running")
    assert (wrong.status, wrong.message) == (412, "Job is not in the expected state.")
    assert coder.raw("PATCH", f"{path}?expect_status=pending").status == 200
    ours = coder.client.build_by_id(workspace["latest_build"]["id"])
    assert (ours.status, ours.job.status, ours.job.error) == ("canceled", "canceled", "")
    assert ours.job.was_canceled


def test_a_failed_build_says_why_and_its_workspace_can_be_started_again(coder: Target) -> None:
    world = coder.story("build-fails", "the one template builds; recorded: build-failed, workspace-failed")
    failed = coder.done(coder.create().json)
    ours = coder.client.build_by_id(failed["latest_build"]["id"])
    assert (ours.status, ours.job.error, ours.job.error_code) == ("failed", "terraform apply: exit status 1", "")
    assert ours.job.canceled_at is None
    assert world.story.failure is not None
    assert coder.build(failed, "start").status == 201


@pytest.mark.parametrize(
    ("story", "code"), [("no-quota", "INSUFFICIENT_QUOTA"), ("missing-variable", "REQUIRED_TEMPLATE_VARIABLES")]
)
def test_some_failures_have_a_code(coder: Target, story: str, code: str) -> None:
    coder.story(story, "the one template builds")
    failed = coder.done(coder.create().json)
    assert coder.client.build_by_id(failed["latest_build"]["id"]).job.error_code == code
