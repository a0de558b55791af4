"""How a recording is made again in the sandbox: the state, the request, and what we decode of the answer."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed

from ameide_ws.coder import model
from ameide_ws.sandbox.world import World
from tests.contract.target import DONE, Json, Reply, Target, agent_of

UNKNOWN = "a" * 10 + "-" + "b" * 22
QUIET = 0.15
APP = "/@{owner}/{name}.main/apps/code-server"


class Told(NamedTuple):
    """What a socket brought, and how it ended; `close` is None where it was open still."""

    messages: list[Any]
    close: tuple[int, str] | None


class Validation(NamedTuple):
    """One complaint of a refusal."""

    field: str
    detail: str


class Refusal(NamedTuple):
    """Coder's error, as `refusals.said` reads it."""

    message: str
    detail: str = ""
    validations: tuple[Validation, ...] = ()


class Regions(NamedTuple):
    """GET /regions, of which the client takes the one field."""

    regions: tuple[model.Region, ...] = ()


class Frame(NamedTuple):
    """One event of a watch."""

    type: str
    data: model.Workspace | None = None


class MetadataFrame(NamedTuple):
    """One event of an agent's metadata."""

    type: str
    data: tuple[model.Metadata, ...] = ()


class Replay(NamedTuple):
    """`shape` None: we decode nothing of this answer, so its status, its type and how it ends are what counts."""

    ask: Callable[[Target], Reply | Told]
    shape: Any = None


def stage(coder: Target, story: str, state: Mapping[str, Any] | None) -> tuple[World, Json]:
    """The world in a state, and the words that stand for its things in a path."""
    world = coder.story(story, "")
    facts = {"version": coder.version_id, "template": coder.template_json["id"], "me": coder.me["id"]}
    if state is not None:
        arranged = world.workspace("demo", **state)
        facts |= {"name": "demo", "owner": arranged.owner.username, "id": arranged.id, "build": arranged.latest.id}
        facts |= {"agent": arranged.agent.id} if arranged.agent else {}
    return world, facts


def ask(
    method: str,
    path: str,
    shape: Any = None,
    *,
    body: Any = None,
    story: str = "good-morning",
    state: Mapping[str, Any] | None = None,
    token: str | None = None,
    cookie: bool = False,
    world: Callable[[World], object] = bool,
) -> Replay:
    """A request in a state. `body` may hold the words of a path; `world` changes what a state cannot say."""

    def asking(coder: Target) -> Reply:
        here, facts = stage(coder, story, state)
        world(here)
        coder.nonsense_is_meant = True
        sent = None if body is None else json.loads(fill(json.dumps(body), facts))
        headers = coder.cookie if cookie else None
        return coder.raw(method, fill(path, facts), json=sent, headers=headers, token="" if cookie else token)

    return Replay(asking, shape)


def get(path: str, shape: Any = None, **how: Any) -> Replay:
    return ask("GET", path, shape, **how)


def app(path: str = APP + "/healthz", state: Mapping[str, Any] | None = None, **how: Any) -> Replay:
    """An app's address: not JSON of Coder's whatever the state."""
    return ask("GET", path, state=state or {}, **({"cookie": True} | how))


def dial(path: str, shape: Any, *, state: Mapping[str, Any] | None = None, cookie: bool = False) -> Replay:
    """A socket, until it closes or falls silent."""

    def dialling(coder: Target) -> Told:
        _, facts = stage(coder, "good-morning", state)
        with coder.socket(fill(path, facts), headers=coder.cookie if cookie else None) as socket:
            told = []
            try:
                while True:
                    told.append(json.loads(socket.recv(timeout=QUIET)))
            except TimeoutError:
                return Told(told, None)
            except ConnectionClosed as closed:
                return Told(told, (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else None)

    return Replay(dialling, tuple[shape, ...])


def refused(path: str, *, state: Mapping[str, Any], token: str | None = None, cookie: bool = False) -> Replay:
    """A socket that is not taken."""

    def dialling(coder: Target) -> Reply:
        _, facts = stage(coder, "good-morning", state)
        coder.nonsense_is_meant = True
        return coder.refused_socket(fill(path, facts), token=token, headers=coder.cookie if cookie else None)

    return Replay(dialling)


def watched(coder: Target, *transitions: Json) -> Told:
    """A workspace from its creation, or through transitions once it is ready; and all its watch tells of that."""
    coder.story("good-morning", "")
    made = coder.create("demo").json if not transitions else coder.shared()
    told: list[Json] = []
    wanted = list(transitions)
    with coder.socket(f"/api/v2/workspaces/{made['id']}/watch-ws") as socket:
        for one in wanted:
            assert coder.build(made, **one).status == 201
        while True:
            event = json.loads(socket.recv(timeout=10))
            build = event["data"]["latest_build"] if event["type"] == "data" else None
            # A job that nobody has taken yet was not recorded here: Coder reads the state when it writes the frame, and
            # by then somebody had. build-queued holds its form.
            if build is None or build["job"]["status"] != "pending":
                told.append(event)
            if build is None or build["job"]["status"] not in DONE:
                continue
            now = event["data"]
            if build["transition"] == "delete" or build["build_number"] == 3:
                break
            if not wanted and agent_of(now)["lifecycle_state"] == "ready":
                break
    return Told(told, None)


def watch(*transitions: Json) -> Replay:
    return Replay(lambda coder: watched(coder, *transitions), tuple[Frame, ...])


def pressed(coder: Target, path: str) -> Reply:
    """A cancel of a build that runs, or of one that was cancelled already."""
    world = coder.story("good-morning", "")
    hold = world.hold("terraform")
    build = coder.create("demo").json["latest_build"]["id"]
    assert hold.reached()
    winding = world.hold("cancel")
    reply = coder.raw("PATCH", f"/api/v2/workspacebuilds/{build}/cancel")
    if path == "again":
        reply = coder.raw("PATCH", f"/api/v2/workspacebuilds/{build}/cancel?expect_status=pending")
    assert winding.reached()
    if path == "canceled":
        winding.release()
        workspace = coder.get("/api/v2/users/me/workspace/demo")
        coder.done(workspace)
        return coder.raw("GET", f"/api/v2/workspacebuilds/{build}")
    winding.release()
    hold.release()
    return reply


def queued(coder: Target) -> Reply:
    """A build that nobody has taken yet."""
    coder.story("no-provisioner", "")
    build = coder.create("demo").json["latest_build"]["id"]
    return coder.raw("GET", f"/api/v2/workspacebuilds/{build}")


def restarted(coder: Target) -> Reply:
    coder.story("good-morning", "")
    made = coder.built(coder.built(coder.shared(), "stop"), "start")
    ready = coder.until(made, lambda now: agent_of(now)["lifecycle_state"] == "ready")
    return coder.raw("GET", f"/api/v2/workspaces/{ready['id']}")


def device(path: str, *answers: str, known: bool = True, method: str = "POST") -> Replay:
    """The provider's answers to a device code, one after the other; without any it is linked."""

    def asking(coder: Target) -> Reply:
        world = coder.story("github-not-linked", "")
        world.device_answers = list(answers)
        begun = coder.raw("GET", path)
        code = begun.json["device_code"] if known else "nobody-knows-it"
        return begun if method == "GET" else coder.raw("POST", path, json={"device_code": code})

    return Replay(asking)


def after_stop(coder: Target) -> Reply:
    """What is left of the log of an agent whose workspace was stopped."""
    coder.story("good-morning", "")
    made = coder.make("demo")
    coder.built(made, "stop")
    return coder.raw("GET", f"/api/v2/workspaceagents/{agent_of(made)['id']}/logs")


def logs_after(coder: Target) -> Reply:
    """The later half of a build's log."""
    _, facts = stage(coder, "good-morning", {})
    path = f"/api/v2/workspacebuilds/{facts['build']}/logs"
    rows = coder.get(path)
    return coder.raw("GET", f"{path}?after={rows[len(rows) // 2]['id']}")


def agent_logs_after(coder: Target) -> Told:
    _, facts = stage(coder, "good-morning", {})
    path = f"/api/v2/workspaceagents/{facts['agent']}/logs"
    first = coder.get(path)[0]["id"]
    with coder.socket(f"{path}?follow&after={first}&no_compression") as socket:
        return Told([json.loads(socket.recv(timeout=5))], None)


def fill(text: str, facts: Json) -> str:
    """Put the state's things into a path or a body, whose own braces stay as they are."""
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    return text
