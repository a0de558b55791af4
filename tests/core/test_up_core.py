"""The course of `up`: from every state of a workspace to a working editor, whoever else is at it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ameide_ws.coder.client import Coder
from ameide_ws.events import Event, Started
from ameide_ws.problems import BuildCanceled, Conflict, Exit, Forbidden, NotFound, ServerError, SignedOut
from ameide_ws.results import Up
from ameide_ws.sandbox.world import World
from ameide_ws.workspaces.up import up
from ameide_ws.workspaces.wish import Wish

from .conftest import MakeCoder
from .courses import Ran, failing, well
from .hosts import Running

STOPPING, DELETING = "is being stopped; it starts after that", "is being deleted; a new one is made after that"
CREATE = "POST /api/v2/users/me/workspaces"
BUILD = "POST /api/v2/workspaces/*/builds"
DEV = Wish(name="dev")
Up_ = Callable[..., Ran]


def posted(world: World) -> list[str]:
    """What was asked for: `create`, or the transition of a build."""
    writes = [one for one in world.requests if one.method not in ("GET", "WS") and "evaluate" not in one.path]
    return [one.json.get("transition", "create") for one in writes]


def bodies(world: World) -> list[dict[str, Any]]:
    return [
        one.json for one in world.requests if one.method == "POST" and one.path.endswith(("/builds", "/workspaces"))
    ]


def going_on(world: World, name: str = "dev") -> Callable[[Event], None]:
    """Lets an arranged build take its course once `up` has said what it is about to do."""
    told: list[Event] = []

    def seen(event: Event) -> None:
        if isinstance(event, Started) and event.subject and not told:
            told.append(event)
            world.go_on(name)

    return seen


STATES: list[tuple[dict[str, Any], list[str], list[str], int]] = [
    ({"status": "running"}, [], ["running"], 1),
    ({"status": "stopped"}, ["start"], ["starting"], 3),
    ({"status": "dormant"}, ["start"], ["waking"], 3),
    ({"status": "failed-start"}, ["stop", "start"], ["cleaning up what is left of the last start", "starting"], 3),
    ({"status": "canceled"}, ["stop", "start"], ["cleaning up what is left of the last start", "starting"], 3),
    ({"status": "failed-stop"}, ["start"], ["starting"], 3),
    ({"status": "canceled", "transition": "stop"}, ["start"], ["starting"], 3),
    ({"status": "failed-delete"}, ["start"], ["starting"], 3),
    ({"status": "pending"}, [], ["joining the build that runs"], 1),
    ({"status": "starting"}, [], ["joining the build that runs"], 1),
    ({"status": "pending", "transition": "stop"}, ["start"], [STOPPING, "starting"], 3),
    ({"status": "stopping"}, ["start"], [STOPPING, "starting"], 3),
    ({"status": "deleting"}, ["create"], [DELETING, "creating"], 1),
    (
        {"status": "pending", "transition": "delete"},
        ["create"],
        [DELETING, "creating"],
        1,
    ),
    ({"status": "deleted"}, ["create"], ["creating"], 1),
]


@pytest.mark.parametrize(
    ("state", "wanted", "doing", "number"), STATES, ids=["-".join(state.values()) for state, *_ in STATES]
)
def test_R9_up_ends_well_from_every_state(
    world: World, coder: Coder, host: Running, state: dict[str, Any], wanted: list[str], doing: list[str], number: int
) -> None:
    world.workspace("dev", **state)
    moves = state["status"] in ("pending", "starting", "stopping", "deleting")
    ran = well(up(coder, host, DEV), seen=going_on(world) if moves else None)
    assert posted(world) == wanted
    assert [header.split("  ")[-1] for header in ran.headers] == doing
    assert (ran.result.status, ran.result.workspace, ran.result.build_number) == ("ok", "dev", number)
    assert [layer.ok for layer in ran.result.layers] in ([True] * 5, [True, True, True, None, True])
    assert ran.result.url == f"{world.url}/@dev1/dev.main/apps/code-server/?folder={world.find('dev').folder}"
    assert ran.noticed == []


def test_from_nothing_up_creates_dev_and_a_second_up_changes_nothing(world: World, coder: Coder, host: Running) -> None:
    first = well(up(coder, host, Wish()))
    assert (first.result.workspace, first.result.build_number, posted(world)) == ("dev", 1, ["create"])
    second = well(up(coder, host, Wish()))
    assert (second.result.workspace, second.result.build_number, posted(world)) == ("dev", 1, ["create"])
    assert second.result.url == first.result.url


def test_F52_a_build_that_is_being_cancelled_is_waited_for_then_cleaned_up_then_started(
    world: World, coder: Coder, host: Running
) -> None:
    world.workspace("dev", status="starting")
    terraform, cancel = world.hold("terraform"), world.hold("cancel")
    world.go_on("dev")
    assert terraform.reached()
    world.cancel_by_somebody("dev")
    assert cancel.reached()

    def release(event: Event) -> None:
        if event == Started(
            "ending the cancelled start", resume="It goes on without you. Look again with: ameide-ws up dev"
        ):
            cancel.release()

    ran = well(up(coder, host, DEV), seen=release)
    assert posted(world) == ["stop", "start"]
    assert (ran.result.build_number, ran.headers[0].split("  ")[-1]) == (3, "has a build that is being cancelled")


# Versions.


@pytest.mark.parametrize(("update", "version", "notices"), [(None, None, 1), (False, None, 0), (True, "v2", 0)])
def test_F53_a_stopped_workspace_keeps_its_version_unless_told_otherwise(
    world: World, coder: Coder, host: Running, update: bool | None, version: str | None, notices: int
) -> None:
    made = world.workspace("dev", status="stopped", outdated=True)
    ran = well(up(coder, host, Wish(name="dev", update=update)))
    active = made.template.active_version.id
    assert bodies(world)[-1].get("template_version_id") == (active if version else None)
    assert ran.result.version == (version or "v1")
    assert len(ran.noticed) == notices
    for notice in ran.noticed:
        assert "newer version" in notice.message
        assert "ameide-ws up dev --update" in notice.tries[0]


@pytest.mark.parametrize("update", [None, False])
def test_F53_a_running_workspace_on_an_old_version_is_left_alone(
    world: World, coder: Coder, host: Running, update: bool | None
) -> None:
    world.workspace("dev", outdated=True)
    ran = well(up(coder, host, Wish(name="dev", update=update)))
    assert (posted(world), ran.result.version) == ([], "v1")
    assert len(ran.noticed) == (1 if update is None else 0)


def test_an_update_of_a_running_workspace_is_refused_and_nothing_is_touched(
    world: World, coder: Coder, host: Running
) -> None:
    world.workspace("dev", outdated=True)
    problem, _ = failing(Conflict, up(coder, host, Wish(name="dev", update=True)))
    assert (problem.exit, posted(world)) == (Exit.CONFLICT, [])
    assert "an update would stop it" in problem.message


REFUSED_VERSION = {"message": "Template requires the active version", "detail": "ask for it"}


def test_F14_where_policy_refuses_the_old_version_the_active_one_is_started(
    world: World, coder: Coder, host: Running
) -> None:
    made = world.workspace("dev", status="stopped", outdated=True, parameters={"cpu": "2"})
    world.fault(BUILD, times=1, status=403, body=REFUSED_VERSION)
    ran = well(up(coder, host, DEV))
    first, second = bodies(world)
    assert "template_version_id" not in first
    assert second["template_version_id"] == made.template.active_version.id
    assert {"name": "cpu", "value": "2"} in second["rich_parameter_values"]
    assert ran.result.version == "v2"


def test_F14_with_no_update_the_refusal_stands(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", status="stopped", outdated=True)
    world.fault(BUILD, status=403, body=REFUSED_VERSION)
    problem, _ = failing(Forbidden, up(coder, host, Wish(name="dev", update=False)))
    assert "Template requires the active version" in problem.cause
    assert (problem.exit, posted(world)) == (Exit.FORBIDDEN, ["start"])


def test_F14_a_refusal_that_no_version_mends_is_not_tried_again(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", status="stopped")
    world.fault(BUILD, status=403, body={"message": "Forbidden."})
    failing(Forbidden, up(coder, host, DEV))
    assert posted(world) == ["start"]


# Somebody was faster.


@pytest.mark.parametrize("state", ["none", "stopped"])
def test_F48_two_at_once_end_with_the_same_build_twenty_times(world: World, coder_for: MakeCoder, state: str) -> None:
    coders = [coder_for(Running()), coder_for(Running())]
    for turn in range(10):
        name = f"race-{turn}"
        if state != "none":
            world.workspace(name, status=state)
        results = race(world, coders, name)
        assert [(one.status, one.workspace) for one in results] == [("ok", name)] * 2
        builds = world.find(name).builds
        assert [one.build_number for one in results] == [builds[-1].number] * 2
        assert len(builds) == (1 if state == "none" else 3)


def race(world: World, coders: list[Coder], name: str) -> list[Up]:
    """Two `up`s from one start line; the build goes on when both follow it."""
    line, following = threading.Barrier(2), threading.Barrier(2)
    hold, results = world.hold("terraform"), list[Up]()

    def seen(event: Event) -> None:
        if isinstance(event, Started) and event.step == "queue" and following.wait(20) == 0:
            hold.release()

    def one(coder: Coder) -> None:
        line.wait(20)
        results.append(well(up(coder, Running(), Wish(name=name, seconds=30)), seen=seen).result)

    threads = [threading.Thread(target=one, args=(coder,)) for coder in coders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_F18_a_name_taken_meanwhile_by_ourselves_is_joined(world: World, coder: Coder, host: Running) -> None:
    world.fault(CREATE, times=1, before=lambda: world.workspace("dev"))
    ran = well(up(coder, host, DEV))
    assert (ran.result.build_number, posted(world)) == (1, ["create"])


def test_F18_a_name_taken_meanwhile_for_another_template_is_a_conflict_that_names_it(
    world: World, coder: Coder, host: Running
) -> None:
    world.fault(CREATE, times=1, before=lambda: world.workspace("dev", template="ameide-gitops"))
    problem, _ = failing(Conflict, up(coder, host, DEV))
    assert problem.exit == Exit.CONFLICT
    assert "ameide-gitops" in problem.cause
    assert problem.tries[0] == "ameide-ws up dev --template ameide-gitops"


def test_F18_a_template_named_by_the_person_must_be_the_workspaces_own(
    world: World, coder: Coder, host: Running
) -> None:
    world.workspace("dev", template="ameide-gitops")
    failing(Conflict, up(coder, host, Wish(name="dev", template_chosen=True)))
    ran = well(up(coder, host, DEV))
    assert (ran.result.template, posted(world)) == ("ameide-gitops", [])


@pytest.mark.parametrize(
    ("transition", "wanted"),
    [("start", ["start"]), ("stop", ["start", "start"]), ("delete", ["start", "create"])],
)
def test_F17_a_build_that_somebody_asked_for_first_is_joined_or_waited_for(
    world: World, coder: Coder, host: Running, transition: str, wanted: list[str]
) -> None:
    world.workspace("dev", status="stopped")
    by_somebody = {
        "start": world.start_by_somebody, "stop": world.stop_by_somebody, "delete": world.delete_by_somebody,
    }[transition]  # fmt: skip
    queue = world.hold("queue")

    def let_go(event: Event) -> None:
        if isinstance(event, Started) and any(word in event.subject for word in ("after that", "joining")):
            queue.release()

    world.fault(BUILD, times=1, before=lambda: by_somebody("dev"))
    ran = well(up(coder, host, DEV), seen=let_go)
    assert posted(world) == wanted
    assert ran.result.build_number == world.find("dev").latest.number


def test_F48_a_name_that_somebody_takes_at_the_same_moment_is_joined(world: World, coder: Coder, host: Running) -> None:
    """What Coder v2.36.0 answers then is no 409."""
    why = 'insert workspace: pq: duplicate key value violates unique constraint "workspaces_owner_id_lower_idx"'
    body = {"message": "Internal server error.", "detail": why}
    world.fault(CREATE, times=1, status=500, body=body, before=lambda: world.workspace("dev"))
    ran = well(up(coder, host, DEV))
    assert (posted(world), ran.result.workspace, len(world.workspaces)) == (["create"], "dev", 1)


def test_F17_a_workspace_that_others_keep_changing_is_given_up_after_eight_moves(
    world: World, coder: Coder, host: Running
) -> None:
    world.workspace("dev", status="stopped")
    world.fault(BUILD, status=409, body={"message": "A workspace build is already active."})
    problem, _ = failing(Conflict, up(coder, host, DEV))
    assert "keeps changing" in problem.message
    assert posted(world) == ["start"] * 8


# An answer that never came.


def test_F07_a_create_whose_answer_was_lost_is_found_again(world: World, coder: Coder, host: Running) -> None:
    world.fault(CREATE, times=1, drop_after=0)
    ran = well(up(coder, host, DEV))
    assert (posted(world), ran.result.build_number, len(world.workspaces)) == (["create"], 1, 1)


def test_F07_a_start_whose_answer_was_lost_is_found_again(world: World, coder: Coder, host: Running) -> None:
    world.workspace("dev", status="stopped")
    world.fault(BUILD, times=1, drop_after=10)
    ran = well(up(coder, host, DEV))
    assert (posted(world), ran.result.build_number) == (["start"], 3)


def test_F23_a_create_that_was_not_carried_out_is_the_servers_failure(
    world: World, coder: Coder, host: Running
) -> None:
    world.fault(CREATE, status=500)
    problem, _ = failing(ServerError, up(coder, host, DEV))
    assert (problem.exit, posted(world), world.workspaces) == (Exit.UNAVAILABLE, ["create"], [])


# Ends in the middle.


def test_F13_a_token_revoked_in_mid_build_names_the_command_that_comes_back(
    world: World, coder: Coder, host: Running
) -> None:
    world.fault("WS *", status=502, body="html")
    hold = world.hold("terraform")

    def revoke(event: Event) -> None:
        if isinstance(event, Started) and event.step == "terraform":
            world.revoke()

    problem, _ = failing(SignedOut, up(coder, host, DEV), seen=revoke)
    assert problem.exit == Exit.SIGN_IN
    assert "ameide-ws up dev" in problem.tries[-1]
    hold.release()


def test_F37_leaving_at_any_time_has_a_sentence(world: World, coder: Coder, host: Running) -> None:
    ran = well(up(coder, host, DEV))
    resumes = [event.resume for event in ran.events if isinstance(event, Started)]
    assert resumes[0] == "Nothing was started."
    assert all(resumes)
    assert ran.resume == "The build goes on without you. Look again with: ameide-ws up dev"


def test_F37_leaving_in_mid_build_turns_every_source_away_and_leaves_the_build_alone(
    world: World, coder: Coder, host: Running
) -> None:
    hold, course = world.hold("terraform"), up(coder, host, DEV)
    before = set(threading.enumerate())
    for event in course:
        if isinstance(event, Started) and event.step == "terraform":
            break
    sources = [one for one in set(threading.enumerate()) - before if one.name in ("watch", "build")]
    course.close()
    for source in sources:
        source.join(5)
    assert sources
    assert not [source.name for source in sources if source.is_alive()]
    assert (posted(world), world.find("dev").latest.status) == (["create"], "running")
    hold.release()


def test_F51_a_build_that_somebody_cancels_is_called_cancelled(world: World, coder: Coder, host: Running) -> None:
    hold = world.hold("terraform")

    def cancel(event: Event) -> None:
        if isinstance(event, Started) and event.step == "terraform" and hold.reached():
            world.cancel_by_somebody("dev")

    problem, _ = failing(BuildCanceled, up(coder, host, DEV), seen=cancel)
    assert problem.exit == Exit.BUILD_CANCELED
    assert problem.ref.startswith("build 1 ")


# Names.


def test_F15_somebody_elses_workspace_that_is_not_there_is_not_made(world: World, coder: Coder, host: Running) -> None:
    problem, _ = failing(NotFound, up(coder, host, Wish(name="admin/dev")))
    assert (problem.exit, posted(world)) == (Exit.NOT_FOUND, [])
    assert "or you have no access" in problem.cause
