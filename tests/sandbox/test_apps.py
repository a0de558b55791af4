"""The editor's address: what it answers in which state, who comes in with what, and what reaches the program inside."""

from __future__ import annotations

import re

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from ameide_ws.sandbox.agent import LIFECYCLES, STATUSES
from ameide_ws.sandbox.passes import Passes
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import Dial, cookie, recording

APP = "/@dev1/demo.main/apps/code-server/"


def title(answer: httpx.Response) -> str:
    found = re.search("<title>(.*)</title>", answer.text)
    return found[1] if found else ""


def test_the_page_comes_through_and_signs_its_visitor(browser: httpx.Client, world: World) -> None:
    world.workspace("demo")
    answer = browser.get(APP + "?folder=x")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert "No editor was found" in answer.text
    for typed in ("npm install --global code-server", "ameide-ws sandbox stop", "ameide-ws up --sandbox"):
        assert f"<li><code>{typed}</code>" in answer.text
    assert "<code>ameide-ws sandbox start --editor PATH</code>" in answer.text
    assert f"Path={APP}" in next(value for value in answer.headers.get_list("set-cookie") if "signed" in value)
    signed = answer.cookies["coder_signed_app_token"]
    both = {"Cookie": f"{cookie(world)['Cookie']}; coder_signed_app_token={signed}"}
    again = browser.get(APP + "?folder=x", headers=both)
    assert "signed" not in again.headers["set-cookie"]


def test_the_signed_cookie_alone_is_enough_on_its_path(browser: httpx.Client, world: World) -> None:
    world.workspace("demo")
    signed = browser.get(APP + "healthz").cookies["coder_signed_app_token"]
    headers = {"Cookie": f"coder_signed_app_token={signed}"}
    assert httpx.get(world.url + APP + "healthz", headers=headers, trust_env=False).status_code == 200
    other = "/@dev1/demo/apps/code-server/healthz"
    assert httpx.get(world.url + other, headers=headers, trust_env=False).status_code == 303


def test_the_cookie_is_kept_from_the_program_and_a_header_is_not(browser: httpx.Client, world: World) -> None:
    world.workspace("demo")
    others = f"; {world.session_cookie}={world.token}; coder_session_token_1=other; vscode-tkn=1"
    browser.get(APP + "healthz", headers={"Cookie": cookie(world)["Cookie"] + others})
    assert world.delivered[-1].headers["cookie"] == "vscode-tkn=1"
    httpx.get(world.url + APP + "healthz", headers={"Coder-Session-Token": world.token}, trust_env=False)
    assert world.delivered[-1].headers["coder-session-token"] == world.token
    assert world.unexpected == [f"GET {APP}healthz delivered the token to the program in the workspace"]
    world.unexpected.clear()


@pytest.mark.parametrize("name", ["app-noslash", "app-root"])
def test_the_root_is_redirected_as_recorded(browser: httpx.Client, world: World, name: str) -> None:
    arranged = world.workspace("demo", editor=False)
    recorded = recording(name)["response"]
    answer = browser.get(recording(name)["request"]["path"])
    assert answer.status_code == 307
    where = dict(recorded["headers"])["location"].replace("/home/dev1/ws", str(arranged.folder))
    assert answer.headers["location"] == where
    assert answer.text == recorded["body"]["_text"].replace("/home/dev1/ws", str(arranged.folder))


@pytest.mark.parametrize(
    ("name", "path", "state"),
    [
        ("app-502-page", "?folder=x", {"editor": False}),
        ("app-stopped", "healthz", {"status": "stopped"}),
        ("app-agent-not-connected", "", {"agent": "connecting", "lifecycle": "created"}),
    ],
)
def test_a_state_is_told_as_recorded(
    browser: httpx.Client, world: World, name: str, path: str, state: dict[str, str]
) -> None:
    world.workspace("demo", **state)
    answer = browser.get(APP + path)
    recorded = recording(name)["response"]
    assert answer.status_code == recorded["status"]
    assert title(answer) in recorded["body"]["_text"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    ["/@me/demo.main/apps/code-server/healthz", "/@dev1/demo.main/apps/nope/", "/@dev1/nope.main/apps/code-server/",
     "/@nobody/demo/apps/code-server/"],
)  # fmt: skip
def test_a_wrong_address_is_404(browser: httpx.Client, world: World, path: str) -> None:
    world.workspace("demo")
    answer = browser.get(path)
    assert (answer.status_code, title(answer)) == (404, "404 - Application Not Found")


@pytest.mark.parametrize("name", ["demo", "demo.main", "demo.other"])
def test_where_there_is_one_agent_its_name_does_not_matter(browser: httpx.Client, world: World, name: str) -> None:
    world.workspace("demo")
    assert browser.get(f"/@dev1/{name}/apps/code-server/healthz").json() == {"status": "expired", "lastHeartbeat": 0}


def test_another_users_app_is_404_even_for_the_owner_of_the_site(world: World) -> None:
    world.workspace("demo")
    headers = {"Cookie": f"coder_session_token={world.admin_token}"}
    assert httpx.get(world.url + APP, headers=headers, trust_env=False).status_code == 404


def test_who_is_signed_out_is_sent_to_login(world: World) -> None:
    world.workspace("demo")
    answer = httpx.get(world.url + APP + "healthz", trust_env=False)
    recorded = recording("app-nologin")["response"]
    assert answer.status_code == 303
    assert answer.headers["location"] == dict(recorded["headers"])["location"].replace(
        "http://127.0.0.1:7080", world.url
    )


def test_messages_go_both_ways(world: World, dial: Dial) -> None:
    world.workspace("demo")
    with dial(APP + "?reconnectionToken=x", headers=cookie(world)) as socket:
        for message in ("text", b"bytes", "x" * 100_000):
            socket.send(message)
            assert socket.recv(timeout=5) == message
    assert "cookie" not in world.delivered[-1].headers
    assert world.delivered[-1].query == "reconnectionToken=x"


@pytest.mark.parametrize(
    ("status", "state"),
    [(502, {"editor": False}), (400, {"status": "stopped"}), (404, {"agent": "timeout", "lifecycle": "created"})],
)
def test_a_dial_is_refused_with_the_same_page(world: World, dial: Dial, status: int, state: dict[str, str]) -> None:
    world.workspace("demo", **state)
    with pytest.raises(InvalidStatus) as refused, dial(APP + "?x=1", headers=cookie(world)):
        pass
    assert refused.value.response.status_code == status
    assert b"<title>" in (refused.value.response.body or b"")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("lifecycle", LIFECYCLES)
def test_the_address_asks_only_whether_the_agent_is_connected(
    browser: httpx.Client, api: httpx.Client, world: World, status: str, lifecycle: str
) -> None:
    arranged = world.workspace("demo", agent=status, lifecycle=lifecycle)
    assert browser.get(APP + "healthz").status_code == (200 if status == "connected" else 404)
    agent = api.get(f"/api/v2/workspaces/{arranged.id}").json()["latest_build"]["resources"][0]["agents"][0]
    assert (agent["status"], agent["lifecycle_state"]) == (status, lifecycle)
    assert ("first_connected_at" in agent) == (status in ("connected", "disconnected"))


def test_a_change_of_the_agent_is_seen_by_who_watches(world: World, dial: Dial) -> None:
    arranged = world.workspace("demo", lifecycle="starting")
    with dial(f"/api/v2/workspaces/{arranged.id}/watch-ws") as watch:
        for _ in range(2):
            watch.recv(timeout=5)
        world.change_agent("demo", agent="disconnected")
        assert '"status":"disconnected"' in str(watch.recv(timeout=5))


def test_a_browser_signs_in_with_a_pass_once_and_stays_on_this_host(world: World, api: httpx.Client) -> None:
    world.workspace("demo")
    with httpx.Client(base_url=world.url, trust_env=False) as visitor:
        assert visitor.post("/sandbox/pass").status_code == 401
        assert "sandbox" in visitor.get("/login?redirect=%2F&pass=nonsense").text
        for wish, where in ((APP + "?folder=/x", APP + "?folder=/x"), ("//evil.example/", "/evil.example/")):
            link = {"redirect": wish, "pass": api.post("/sandbox/pass").json()["pass"]}
            answer = visitor.get("/login", params=link)
            assert (answer.status_code, answer.headers["location"]) == (303, where)
            names = {value.partition("=")[0] for value in answer.headers.get_list("set-cookie")}
            assert names == {"csrf_token", f"coder_session_token_{world.url.rpartition(':')[2]}"}
            assert visitor.get("/login", params=link).status_code == 200, "a pass works once"
        assert visitor.get(APP + "?folder=/x").status_code == 200


def test_a_pass_is_too_old_after_a_minute(api: httpx.Client) -> None:
    assert "within a minute" in api.get("/login").text
    now = [100.0]
    passes = Passes(lambda: now[0])
    early, late = passes.new("token"), passes.new("token")
    now[0] += 59
    assert passes.use(early) == "token"
    now[0] += 2
    assert passes.use(late) is None


def test_a_session_is_known_by_the_cookie_of_this_port_before_another_ones(world: World) -> None:
    mine = {"Cookie": f"coder_session_token=of-another-coder; {world.session_cookie}={world.token}"}
    assert httpx.get(world.url + "/api/v2/users/me", headers=mine, trust_env=False).status_code == 200
    other = {"Cookie": f"{world.session_cookie}0={world.token}"}
    assert httpx.get(world.url + "/api/v2/users/me", headers=other, trust_env=False).status_code == 401
