"""Agents and their apps: what an agent says of itself, and what an app's address answers in which state."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import InvalidStatus

from ameide_ws.problems import NotFound
from ameide_ws.web import Jar
from tests.contract.target import APP, Json, Reply, Target, agent_of, app_path

HTML = "text/html; charset=utf-8"
STRANGE = "11111111-1111-4111-8111-111111111111"


def title(reply: Reply) -> str:
    found = re.search(rb"<title>\s*(.*?)\s*</title>", reply.body, re.DOTALL)
    return " ".join(found.group(1).decode().split()) if found else ""


def turned_away(reply: Reply, status: int, heading: str) -> None:
    """It is Coder's page of that status and heading."""
    assert (reply.status, reply.kind) == (status, HTML)
    assert title(reply) == f"{status} - {heading}"


def app_of(workspace: Json) -> Json:
    (found,) = [app for app in agent_of(workspace)["apps"] if app["slug"] == APP]
    assert isinstance(found, dict)
    return found


def page_of(coder: Target, workspace: Json) -> str:
    """The app's page with its own query, where Coder has nothing left to redirect."""
    where = coder.visit(app_path(workspace)).headers.get("location", "")
    query = where.partition("?")[2] or "folder=/"
    return f"{app_path(workspace)}?{query}"


# Agents.


def test_an_agent_is_told_alike_by_its_id_and_in_its_workspace(coder: Target) -> None:
    agent = agent_of(coder.shared())
    by_id = coder.get(f"/api/v2/workspaceagents/{agent['id']}")
    # By id, apps and scripts come with the same fields, and nothing is left out but the resource's own.
    assert by_id.keys() == agent.keys()
    assert (by_id["status"], by_id["lifecycle_state"]) == ("connected", agent["lifecycle_state"])


def test_an_agent_says_where_it_runs_and_how_long_it_may_take_to_connect(coder: Target) -> None:
    agent = agent_of(coder.shared())
    assert agent["architecture"] in ("amd64", "arm64", "armv7")
    assert agent["operating_system"] in ("linux", "windows", "darwin")
    assert agent["version"].startswith("v2.")
    assert agent["expanded_directory"]
    assert isinstance(agent["connection_timeout_seconds"], int)
    assert agent["parent_id"] is None
    assert agent["health"]["healthy"] is True
    assert agent["logs_overflowed"] is False


def test_scripts_that_ended_say_how_and_name_their_log_source(coder: Target) -> None:
    agent = agent_of(coder.shared())
    sources = {one["id"] for one in agent["log_sources"]}
    for script in agent["scripts"]:
        assert {"id", "log_source_id", "run_on_start", "run_on_stop", "display_name", "timeout"} <= script.keys()
        assert script["log_source_id"] in sources
        if script["run_on_start"]:
            assert (script["status"], script["exit_code"]) == ("ok", 0)


def test_a_script_that_has_not_ended_has_no_status(coder: Target) -> None:
    world = coder.only_in_the_sandbox("a real script cannot be held")
    hold = world.hold("scripts")
    made = coder.create().json
    assert hold.reached()
    agent = agent_of(coder.get(f"/api/v2/workspaces/{made['id']}"))
    assert agent["lifecycle_state"] == "starting"
    assert all({"status", "exit_code"} & script.keys() == set() for script in agent["scripts"])
    ours = coder.client.workspace_by_id(made["id"])
    assert ours is not None
    assert [script.status for script in ours.latest_build.agents[0].start_scripts] == [""] * len(agent["scripts"])
    hold.release()


def test_an_agent_that_connects_is_not_healthy_and_that_is_normal(coder: Target) -> None:
    world = coder.only_in_the_sandbox("a real agent connects at once")
    hold = world.hold("agent")
    made = coder.create().json
    assert hold.reached()
    now = coder.get(f"/api/v2/workspaces/{made['id']}")
    agent = agent_of(now)
    assert (agent["status"], agent["lifecycle_state"]) == ("connecting", "created")
    assert agent["health"]["healthy"] is False
    assert agent["health"]["reason"]
    assert now["health"] == {"healthy": False, "failing_agents": [agent["id"]]}
    hold.release()


def test_an_agent_that_stays_away_times_out(coder: Target) -> None:
    coder.story("agent-never-connects", "the one template's agent connects; recorded: workspace-agent-timeout")
    made = coder.create().json
    now = coder.until(made, lambda now: agent_of(now)["status"] == "timeout")
    assert agent_of(now)["lifecycle_state"] == "created"
    assert now["latest_build"]["status"] == "running"


def test_a_script_that_fails_is_named_and_the_agent_goes_on(coder: Target) -> None:
    coder.story("script-fails", "the one template's scripts succeed; recorded: workspace-script-failed")
    made = coder.create().json
    now = coder.until(made, lambda now: agent_of(now)["lifecycle_state"] == "start_error")
    assert agent_of(now)["status"] == "connected"
    ours = coder.client.workspace_by_id(now["id"])
    assert ours is not None
    failed = [script for script in ours.latest_build.agents[0].scripts if script.has_failed]
    assert [(script.status, script.exit_code) for script in failed] == [("exit_failure", 4)]


@pytest.mark.parametrize("rest", ["", "/logs"])
def test_an_agent_that_is_not_there_is_404_with_a_sentence_of_its_own(coder: Target, rest: str) -> None:
    reply = coder.raw("GET", f"/api/v2/workspaceagents/{STRANGE}{rest}")
    assert (reply.status, reply.message) == (
        404,
        "Agent doesn't exist with that id, or you do not have access to it.",
    )
    with pytest.raises(NotFound):
        list(coder.client.agent_logs(STRANGE, 0))


def test_an_app_says_its_address_and_how_it_is_measured(coder: Target) -> None:
    workspace = coder.shared()
    app = app_of(workspace)
    assert {"id", "slug", "external", "subdomain", "sharing_level", "healthcheck", "health", "hidden"} <= app.keys()
    assert (app["external"], app["subdomain"]) == (False, False)
    assert app["healthcheck"].keys() == {"url", "interval", "threshold"}
    assert app["health"] in ("disabled", "initializing", "healthy", "unhealthy")
    ours = coder.client.workspace_by_id(workspace["id"])
    assert ours is not None
    (agent,) = [one for one in ours.latest_build.agents if one.name == agent_of(workspace)["name"]]
    found = agent.app(APP)
    assert found is not None
    assert (found.slug, found.url, found.subdomain) == (APP, app["url"], False)


# The app's address.


def test_an_app_that_listens_is_shown_to_its_owner_by_cookie(coder: Target) -> None:
    reply = coder.visit(page_of(coder, coder.shared()))
    assert (reply.status, reply.kind.partition(";")[0]) == (200, "text/html")


def test_the_agents_name_may_be_left_out_where_there_is_one(coder: Target) -> None:
    workspace = coder.shared()
    path = app_path(workspace).replace(f".{agent_of(workspace)['name']}/", "/")
    assert coder.visit(f"{path}healthz").status == 200


def test_the_root_without_its_query_is_307_to_it(coder: Target) -> None:
    workspace = coder.shared()
    url = app_of(workspace)["url"]
    if "?" not in url:
        pytest.skip("the template's app has no query of its own")
    reply = coder.visit(app_path(workspace))
    assert reply.status == 307
    assert reply.headers["location"].partition("?")[2] == url.partition("?")[2]


def test_without_its_last_slash_the_root_is_307(coder: Target) -> None:
    reply = coder.visit(app_path(coder.shared()).removesuffix("/"))
    assert reply.status == 307
    assert "/apps/" in reply.headers["location"]


def test_signed_out_is_303_to_the_login_page(coder: Target) -> None:
    reply = coder.visit(f"{app_path(coder.shared())}healthz", {})
    assert reply.status == 303
    assert reply.headers["location"].startswith((f"{coder.url}/login?", "/login?"))


def test_at_me_is_no_address_of_an_app(coder: Target) -> None:
    workspace = coder.shared()
    path = app_path(workspace).replace(f"/@{workspace['owner_name']}/", "/@me/")
    turned_away(coder.visit(f"{path}healthz"), 404, "Application Not Found")


@pytest.mark.parametrize("wrong", ["slug", "workspace", "owner"])
def test_what_is_not_there_or_not_ones_own_is_404(coder: Target, wrong: str) -> None:
    workspace = coder.shared()
    owner, name, agent = workspace["owner_name"], workspace["name"], agent_of(workspace)["name"]
    path = {
        "slug": app_path(workspace, "ct-nope"),
        "workspace": f"/@{owner}/ct-nope-nope.{agent}/apps/{APP}/",
        "owner": f"/@ct-nobody/{name}.{agent}/apps/{APP}/",
    }[wrong]
    turned_away(coder.visit(path), 404, "Application Not Found")


def test_where_there_is_one_agent_any_name_leads_to_it(coder: Target) -> None:
    workspace = coder.shared()
    path = f"/@{workspace['owner_name']}/{workspace['name']}.ct-nope/apps/{APP}/healthz"
    assert coder.visit(path).status == 200


def test_a_stopped_workspace_is_400(coder: Target) -> None:
    workspace = coder.make()
    path = app_path(workspace)
    coder.built(workspace, "stop")
    turned_away(coder.visit(f"{path}?folder=/"), 400, "Workspace Offline")
    seen = coder.client.app_page(f"{path}?folder=/")
    assert (seen.status, seen.html, seen.title) == (400, True, "400 - Workspace Offline")


def test_an_agent_that_is_not_connected_is_404(coder: Target) -> None:
    world = coder.only_in_the_sandbox("a real agent connects at once; recorded: app-agent-not-connected")
    hold = world.hold("agent")
    made = coder.create().json
    assert hold.reached()
    path = app_path(coder.get(f"/api/v2/workspaces/{made['id']}"))
    turned_away(coder.visit(f"{path}?folder=/"), 404, "Application Unavailable")
    hold.release()


def test_an_app_that_does_not_listen_is_502_for_a_page_and_for_a_socket(coder: Target) -> None:
    coder.story("editor-never-listens", "the one template's app listens; recorded: app-502-page, app-502-websocket")
    workspace = coder.until(coder.create().json, lambda now: agent_of(now)["lifecycle_state"] == "ready")
    path = f"{app_path(workspace)}?folder=/"
    turned_away(coder.visit(path), 502, "Bad Gateway")
    turned_away(coder.refused_socket(path, headers=coder.cookie), 502, "Bad Gateway")
    assert coder.client.app_page(path).status == 502
    assert coder.client.app_socket(path).status == 502


def test_what_accept_says_changes_nothing(coder: Target) -> None:
    headers = {**coder.cookie, "Accept": "application/json"}
    turned_away(coder.visit(app_path(coder.shared(), "ct-nope"), headers), 404, "Application Not Found")


def test_a_socket_through_the_path_is_taken_with_101(coder: Target) -> None:
    workspace = coder.shared()
    path = f"{app_path(workspace)}?reconnectionToken=ct&reconnection=false&skipWebSocketFrames=false"
    try:
        with coder.socket(path, headers=coder.cookie) as socket:
            assert socket.response is not None
            assert socket.response.status_code == 101
    except InvalidStatus as refused:
        raise AssertionError(refused.response) from refused
    assert coder.client.app_socket(path).status == 101


def test_our_probe_sees_the_page_and_what_is_left_of_the_rate(coder: Target) -> None:
    seen = coder.client.app_page(page_of(coder, coder.shared()))
    assert (seen.status, seen.html) == (200, True)
    assert seen.remaining is not None
    assert seen.remaining > 0


def test_coder_signs_the_way_to_an_app_for_a_minute(coder: Target) -> None:
    path = app_path(coder.shared())
    reply = coder.visit(f"{path}healthz")
    (cookie,) = [one for one in reply.headers.get_list("set-cookie") if one.startswith("coder_signed_app_token=")]
    assert f"Path={path}" in cookie
    assert "HttpOnly" in cookie
    jar = Jar()
    jar.keep(f"{path}healthz", reply.headers.get_list("set-cookie"))
    (kept,) = jar.cookies(path)
    assert kept.startswith("coder_signed_app_token")
    # Alone it is enough, until its minute is over.
    assert coder.visit(f"{path}healthz", {"Cookie": kept}).status == 200


# What arrives at the program in the workspace (W8): seen only where the program tells.

WHY = "the template's app does not tell what it was sent"


def delivered(coder: Target, headers: dict[str, str]) -> dict[str, str]:
    world = coder.only_in_the_sandbox(WHY)
    workspace = coder.shared()
    world.delivered.clear()
    assert coder.visit(f"{app_path(workspace)}healthz", headers).status == 200
    return dict(world.delivered[-1].headers)


def test_coders_own_cookies_do_not_arrive_at_the_app_but_others_do(coder: Target) -> None:
    headers = delivered(coder, {"Cookie": f"mine=1; {coder.cookie['Cookie']}; coder_signed_app_token=x"})
    assert headers["cookie"] == "mine=1"


def test_the_token_in_a_header_arrives_at_the_app_which_is_why_we_never_send_it_so(coder: Target) -> None:
    token = coder.cookie["Cookie"].partition("=")[2]
    coder.nonsense_is_meant = True
    assert delivered(coder, {"Coder-Session-Token": token})["coder-session-token"] == token


def test_our_probe_delivers_no_token(coder: Target) -> None:
    world = coder.only_in_the_sandbox(WHY)
    token = coder.cookie["Cookie"].partition("=")[2]
    path = page_of(coder, coder.shared())
    world.delivered.clear()
    for _ in range(2):
        assert coder.client.app_page(path).status == 200
        assert coder.client.app_socket(path).status == 101
    assert len(world.delivered) == 4
    assert all(token not in str(one.headers) + one.query for one in world.delivered)
