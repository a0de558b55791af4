"""What `up` leaves behind, and what it does not: a plan is only read, a detached start is not waited for."""

import json
from typing import Any

import pytest

from ameide_ws.coder.client import Coder
from ameide_ws.events import Noticed, Started
from ameide_ws.problems import LinkMissing, MissingInput
from ameide_ws.results import Setting
from ameide_ws.sandbox.world import World
from ameide_ws.web import parse_origin
from ameide_ws.workspaces import usual
from ameide_ws.workspaces.plan import plan
from ameide_ws.workspaces.up import up
from ameide_ws.workspaces.wish import Wish

from .courses import Ran, well
from .hosts import Running, Still


def methods(world: World) -> set[str]:
    """How this world was asked; what a test before has left comes with another token."""
    return {one.method for one in world.requests if one.headers.get("coder-session-token") == world.token}


PLANS: list[tuple[dict[str, Any] | None, Wish, str]] = [
    (None, Wish(), "create"),
    ({"status": "running"}, Wish(name="dev"), "nothing"),
    ({"status": "stopped"}, Wish(name="dev"), "start"),
    ({"status": "stopped", "outdated": True}, Wish(name="dev", update=True), "start-active"),
    ({"status": "running", "outdated": True}, Wish(name="dev", update=True), "refuse"),
    ({"status": "failed-start"}, Wish(name="dev"), "stop-then-start"),
    ({"status": "dormant"}, Wish(name="dev"), "wake"),
    ({"status": "pending"}, Wish(name="dev"), "attach"),
    ({"status": "stopping"}, Wish(name="dev"), "wait"),
]


@pytest.mark.parametrize(("state", "wish", "move"), PLANS, ids=[move for *_, move in PLANS])
def test_a_plan_says_the_move_and_makes_only_GET_requests(
    world: World, coder: Coder, host: Running, state: dict[str, Any] | None, wish: Wish, move: str
) -> None:
    if state is not None:
        world.workspace("dev", **state)
    ran = well(plan(coder, host, wish))
    assert methods(world) == {"GET"}
    assert (ran.result.move, ran.result.workspace, ran.result.owner) == (move, "dev", "dev1")
    assert ran.result.why.startswith("dev ")
    assert (ran.result.usually_seconds == 3.0) is (move not in ("nothing", "attach", "refuse"))
    assert host.files == {}
    assert len(world.workspaces) == (0 if state is None else 1)


def test_a_plan_of_a_new_workspace_shows_the_values_it_would_have(world: World, coder: Coder, host: Running) -> None:
    ran = well(plan(coder, host, Wish(preset="Large", parameters={"repo_branch": "x"})))
    assert set(ran.result.parameters) == {
        Setting("cpu", "8"), Setting("memory", "32"), Setting("build_cache", "true"), Setting("repo_branch", "x"),
    }  # fmt: skip
    assert ran.result.version == "v2"


def test_a_plan_warns_of_what_a_person_would_have_to_do(world: World, coder: Coder, host: Running) -> None:
    world.link(False)
    ran = well(plan(coder, host, Wish(template="ameide-gitops")))
    kinds = [type(event.problem) for event in ran.events if isinstance(event, Noticed)]
    assert kinds == [LinkMissing, MissingInput]
    assert "--param cluster=…" in ran.noticed[1].tries[0]
    assert methods(world) == {"GET"}


@pytest.mark.parametrize("state", [None, "stopped"])
def test_detached_up_returns_after_the_call_and_waits_for_nothing(
    world: World, coder: Coder, host: Running, state: str | None
) -> None:
    if state:
        world.workspace("dev", status=state)
    hold = world.hold("queue")
    ran = well(up(coder, host, Wish(name="dev", detach=True)))
    assert (ran.result.status, ran.result.openable) == ("pending", False)
    assert ran.result.url == f"{world.url}/@dev1/dev"
    assert "WS" not in methods(world)
    assert host.files == {}
    hold.release()


def remembered(host: Running) -> dict[str, list[float]]:
    found: dict[str, list[float]] = json.loads(host.files[host.state_dir / "ups.json"])
    return found


def test_an_up_that_built_is_remembered_and_one_that_found_it_running_is_not(
    world: World, coder: Coder, host: Running
) -> None:
    well(up(coder, host, Wish(name="dev")))
    well(up(coder, host, Wish(name="dev")))
    assert [*remembered(host)] == ["127.0.0.1 ameide-dev"]
    assert len(remembered(host)["127.0.0.1 ameide-dev"]) == 1


A, B = parse_origin("https://a.example"), parse_origin("https://b.example:8443")


def header(ran: Ran) -> str:
    return next(event.subject for event in ran.events if isinstance(event, Started) and event.step == "up")


def test_how_long_it_usually_takes_is_said_before_it_begins(world: World, coder: Coder, host: Running) -> None:
    for seconds in (10.0, 20.0, 90.0):
        usual.remember(host, coder.web.origin, "ameide-dev", seconds)
    assert header(well(up(coder, host, Wish(name="dev", detach=True)))).endswith(
        "creating · build usually 3.0 s · ready usually in 20 s"
    )


def test_only_the_last_ten_are_kept_and_each_template_has_its_own() -> None:
    host = Still()
    for seconds in range(25):
        usual.remember(host, A, "dev", seconds)
    usual.remember(host, A, "gitops", 7.0)
    assert usual.usual_seconds(host, A, "dev") == 19.5
    assert usual.usual_seconds(host, A, "gitops") == 7.0
    assert usual.usual_seconds(host, B, "dev") is None
    assert json.loads(host.files[host.state_dir / "ups.json"])["a.example dev"] == list(range(15, 25))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"a.example dev": 3}', '{"a.example dev": ["x", null, {}]}', "[" * 5000, "\x00"]
)
def test_a_file_that_is_not_ours_counts_as_nothing(text: str) -> None:
    host = Still()
    host.files[host.state_dir / "ups.json"] = text
    assert usual.usual_seconds(host, A, "dev") is None
    usual.remember(host, A, "dev", 3.0)
    assert usual.usual_seconds(host, A, "dev") == 3.0


def test_F46_a_state_folder_that_cannot_be_written_is_no_reason_to_fail(
    world: World, coder: Coder, host: Running
) -> None:
    host.read_only = True
    assert well(up(coder, host, Wish(name="dev"))).result.status == "ok"
