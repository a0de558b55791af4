"""Who is turned away: other names for this machine, pages of other sites; and what is kept of all that comes."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ameide_ws.sandbox import world as worlds
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import Dial, cookie, create

APP = "/@dev1/demo.main/apps/code-server/"
ELSEWHERE = ("http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://127.0.0.1", "null", "")


def port_of(world: World) -> str:
    return world.url.rpartition(":")[2]


@pytest.mark.parametrize("host", ["evil.example:{port}", "evil.example", "127.0.0.1.evil:{port}", "10.0.0.1", ""])
def test_another_name_for_this_machine_is_421(api: httpx.Client, world: World, dial: Dial, host: str) -> None:
    name = host.format(port=port_of(world))
    answer = api.get("/api/v2/users/me", headers={"Host": name})
    assert (answer.status_code, answer.headers["content-type"]) == (421, "text/plain; charset=utf-8")
    assert f"It answers at 127.0.0.1:{port_of(world)} and localhost:{port_of(world)}" in answer.text
    assert world.requests == []


def test_a_dial_by_another_name_is_421(world: World, dial: Dial) -> None:
    world.workspace("demo")
    url = world.url.replace("http://127.0.0.1", "ws://evil.example") + APP
    here = ("127.0.0.1", int(port_of(world)))
    with pytest.raises(InvalidStatus) as refused, connect(url, proxy=None, address=here):
        pass
    assert refused.value.response.status_code == 421


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "localhost"]
)
def test_this_machines_own_names_are_let_in(api: httpx.Client, world: World, host: str) -> None:
    assert api.get("/api/v2/users/me", headers={"Host": host.format(port=port_of(world))}).status_code == 200


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_a_page_of_another_site_changes_nothing(api: httpx.Client, world: World, dial: Dial, origin: str) -> None:
    page = {"Origin": origin.format(port=port_of(world))}
    world.workspace("demo")
    for answer in (
        api.post("/sandbox/pass", headers=page),
        api.delete("/api/v2/workspaces/x/favorite", headers=page),
        api.post(APP + "upload", headers={**page, **cookie(world)}),
    ):
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (403, "nosniff")
        assert "another site" in answer.text
    with pytest.raises(InvalidStatus) as refused, dial(APP + "?x=1", headers={**page, **cookie(world)}):
        pass
    assert refused.value.response.status_code == 403
    assert (world.requests, world.delivered) == ([], [])
    # What only reads is answered: without a permission (CORS) the page's browser shows it nothing.
    assert api.get("/api/v2/users/me", headers=page).status_code == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_sandboxs_own_pages_are_let_in(api: httpx.Client, world: World, dial: Dial, name: str) -> None:
    page = {"Origin": f"http://{name}:{port_of(world)}"}
    world.workspace("demo")
    assert api.post("/sandbox/pass", headers=page).status_code == 201
    with dial(APP + "?x=1", headers={**page, **cookie(world)}) as socket:
        socket.send("x")
        assert socket.recv(timeout=5) == "x"


def test_every_answer_says_that_its_kind_is_meant(api: httpx.Client, browser: httpx.Client, world: World) -> None:
    world.workspace("demo")
    answers = [api.get("/api/v2/users/me"), api.get("/api/v2/nope"), browser.get(APP + "?folder=x"), api.get("/login")]
    assert [answer.headers.get_list("x-content-type-options") for answer in answers] == [["nosniff"]] * 4
    world.unexpected.clear()


def test_a_large_body_is_passed_on_whole_and_kept_cut(browser: httpx.Client, world: World) -> None:
    world.workspace("demo")
    browser.post(APP + "upload", content=b"x" * 200_000)
    assert {len(row[-1].body) for row in (world.requests, world.delivered)} == {worlds.KEPT_BODY}


def test_what_is_kept_has_an_end(api: httpx.Client, world: World) -> None:
    for number in range(worlds.KEPT_SURPRISES + 10):
        world.surprise(f"{number} " + "x" * 10_000)
    assert len(world.unexpected) == worlds.KEPT_SURPRISES
    assert max(map(len, world.unexpected)) == worlds.LONGEST_SURPRISE
    world.unexpected.clear()
    api.get("/api/v2/users/me")
    for _ in range(worlds.KEPT_REQUESTS + 10):
        world.note(world.requests[-1])
    assert len(world.requests) <= worlds.KEPT_REQUESTS


def test_the_methods_of_a_path_are_told_as_coder_does(api: httpx.Client, world: World) -> None:
    assert api.delete("/api/v2/buildinfo").headers.get_list("allow") == ["GET"]
    made = create(api).json()
    assert api.delete(f"/api/v2/workspaces/{made['id']}/builds").headers.get_list("allow") == ["GET", "POST"]
    world.unexpected.clear()
