"""What is refused, and what is written down: bodies, filters, strangers, unknown routes, too many requests."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus

from ameide_ws.sandbox.answers import NIL, Refused
from ameide_ws.sandbox.limits import Limits
from ameide_ws.sandbox.parameters import Parameter, settled
from ameide_ws.sandbox.search import WORKSPACE_KEYS, Query, split
from ameide_ws.sandbox.world import World
from tests.sandbox.speaking import Dial, client, create, recording, template_of

STRANGE = "00000000-0000-4000-8000-000000000001"
TOKEN = re.compile(r"^[A-Za-z0-9]{10}-[A-Za-z0-9]{22}$")


def body_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = recording(name)["response"]["body"]
    return found


def names_of(api: httpx.Client, query: str) -> list[str]:
    answer = api.get("/api/v2/workspaces", params={"q": query})
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["workspaces"]]


# -- create ------------------------------------------------------------------------------------------------------------


def test_a_bad_name_is_refused_in_coders_words(api: httpx.Client) -> None:
    answer = create(api, "a_b")
    assert (answer.status_code, answer.json()) == (400, body_of("workspace-create-bad-name"))


def test_a_value_out_of_bounds_is_refused_in_coders_words(api: httpx.Client) -> None:
    answer = create(api, rich_parameter_values=[{"name": "cpu", "value": "99"}])
    assert (answer.status_code, answer.json()) == (400, body_of("workspace-create-bad-param"))


@pytest.mark.parametrize(
    ("name", "value"), [("memory", "17"), ("build_cache", "perhaps"), ("cpu", "many"), ("cpu", "0")]
)
def test_a_value_that_does_not_fit_names_its_parameter(api: httpx.Client, name: str, value: str) -> None:
    answer = create(api, rich_parameter_values=[{"name": name, "value": value}])
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["validations"]] == [name]
    assert api.get("/api/v2/workspaces").json()["count"] == 0


def test_a_parameter_without_default_must_be_given(api: httpx.Client) -> None:
    version = template_of(api, "ameide-gitops")["active_version_id"]
    answer = create(api, template_version_id=version)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["validations"]] == ["cluster"]
    given = [{"name": "cluster", "value": "dev"}]
    assert create(api, template_version_id=version, rich_parameter_values=given).status_code == 201


def test_template_and_version_together_are_refused_in_coders_words(api: httpx.Client) -> None:
    template = template_of(api)
    answer = create(api, template_id=template["id"])
    assert answer.status_code == 400
    expected = body_of("workspace-create-both")
    for one, value in zip(expected["validations"], (template["id"], template["active_version_id"]), strict=True):
        one["detail"] = re.sub(r'value: ".*"', f'value: "{value}"', one["detail"])
    assert answer.json() == expected


def test_a_taken_name_is_refused_in_coders_words(api: httpx.Client, world: World) -> None:
    world.workspace("demo")
    answer = create(api)
    assert (answer.status_code, answer.json()) == (409, body_of("workspace-create-dup"))


def test_the_name_of_a_deleted_workspace_is_free(api: httpx.Client, world: World) -> None:
    world.workspace("demo", status="deleted")
    assert create(api).status_code == 201


def test_a_preset_gives_its_values_and_those_given_win(api: httpx.Client) -> None:
    version = template_of(api)["active_version_id"]
    large = api.get(f"/api/v2/templateversions/{version}/presets").json()[0]["ID"]
    made = create(api, template_version_preset_id=large, rich_parameter_values=[{"name": "cpu", "value": "2"}]).json()
    values = api.get(f"/api/v2/workspacebuilds/{made['latest_build']['id']}/parameters").json()
    assert {one["name"]: one["value"] for one in values} == {
        "cpu": "2", "memory": "32", "build_cache": "true", "repo_branch": "main",
    }  # fmt: skip


def test_a_field_that_coder_would_ignore_is_refused(api: httpx.Client, world: World) -> None:
    answer = create(api, rich_parameters=[])
    assert answer.status_code == 400
    assert "rich_parameters" in answer.json()["message"]
    arranged = world.workspace("other")
    answer = api.post(f"/api/v2/workspaces/{arranged.id}/builds", json={"transition": "stop", "reasons": "cli"})
    assert answer.status_code == 400


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 3}'])
def test_a_body_that_is_no_body_is_refused(api: httpx.Client, content: bytes) -> None:
    answer = api.post("/api/v2/users/me/workspaces", content=content)
    assert (answer.status_code, answer.json()["message"]) == (400, "Request body must be valid JSON.")


@pytest.mark.parametrize("body", [{"transition": "restart"}, {}, {"transition": "stop", "reason": "boredom"}])
def test_a_transition_that_is_none_is_refused(api: httpx.Client, world: World, body: dict[str, Any]) -> None:
    arranged = world.workspace("demo")
    answer = api.post(f"/api/v2/workspaces/{arranged.id}/builds", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, "Validation failed.")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"transition": "start", "on_success": {"transition": "start"}}, 400, "OnSuccess is only permitted"),
        ({"transition": "stop", "on_success": {"transition": "stop"}}, 400, "OnSuccess transition must be start."),
        ({"transition": "stop", "on_success": {"transition": "start", "reason": "cli"}}, 400, "The sandbox refuses"),
        (
            {"transition": "stop", "on_success": {"transition": "start", "template_version_id": STRANGE}},
            403,
            "Unauthorized",
        ),
        ({"transition": "start", "template_version_id": STRANGE}, 400, "template version does not exist"),
    ],
)
def test_a_follow_up_that_is_none_is_refused(
    api: httpx.Client, world: World, body: dict[str, Any], status: int, message: str
) -> None:
    arranged = world.workspace("demo")
    answer = api.post(f"/api/v2/workspaces/{arranged.id}/builds", json=body)
    assert answer.status_code == status
    assert answer.json()["message"].startswith(message)


def test_a_version_of_another_template_is_refused(api: httpx.Client, world: World) -> None:
    arranged = world.workspace("demo")
    body = {"transition": "start", "template_version_id": template_of(api, "ameide-gitops")["active_version_id"]}
    answer = api.post(f"/api/v2/workspaces/{arranged.id}/builds", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, "template version doesn't match template")


def test_a_body_over_4_mib_is_too_large(api: httpx.Client) -> None:
    assert create(api, autostart_schedule="x" * 5_000_000).status_code == 413


@pytest.mark.parametrize(("ttl_ms", "kept"), [(90_000, 60_000), (None, 1_800_000), (0, 1_800_000)])
def test_a_lifetime_is_cut_to_minutes_or_the_templates(api: httpx.Client, ttl_ms: int | None, kept: int) -> None:
    assert create(api, ttl_ms=ttl_ms).json()["ttl_ms"] == kept


@pytest.mark.parametrize("ttl_ms", [5, 40 * 86_400_000])
def test_a_lifetime_out_of_bounds_is_refused(api: httpx.Client, ttl_ms: int) -> None:
    answer = create(api, ttl_ms=ttl_ms)
    assert (answer.status_code, [one["field"] for one in answer.json()["validations"]]) == (400, ["ttl_ms"])


def test_logs_may_be_had_as_text(api: httpx.Client, world: World) -> None:
    arranged = world.workspace("demo")
    assert arranged.agent is not None
    build = api.get(f"/api/v2/workspacebuilds/{arranged.latest.id}/logs?format=text").text
    assert "[info] [provisioner|Initializing Terraform Directory] Terraform 1.11.4\n" in build
    agent = api.get(f"/api/v2/workspaceagents/{arranged.agent.id}/logs?format=text").text
    assert "[info] [agent.main|dotfiles] dotfiles: done\n" in agent
    assert api.get(f"/api/v2/workspacebuilds/{arranged.latest.id}/logs?format=text&follow").status_code == 400
    assert api.get(f"/api/v2/workspacebuilds/{arranged.latest.id}/logs?after=x").status_code == 400


def test_an_id_that_is_none_is_refused_and_an_unknown_one_is_absent(api: httpx.Client) -> None:
    assert api.get("/api/v2/workspaces/demo").status_code == 400
    assert api.get("/api/v2/workspaces/00000000-0000-4000-8000-000000000000").status_code == 404


# -- filters -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(world: World) -> None:
    world.workspace("api")
    world.workspace("api-2", status="stopped", outdated=True)
    world.workspace("beta", status="failed", favorite=True)
    world.workspace("sleepy", status="dormant")
    world.workspace("lost", agent="disconnected", template="ameide-gitops", parameters={"cluster": "Dev"})
    world.workspace("theirs", owner="admin")
    world.workspace("gone", status="deleted")


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["beta", "api", "lost", "api-2", "sleepy"]),
        ("owner:me", ["beta", "api", "lost", "api-2", "sleepy"]),
        ("OWNER:DEV1 api", ["api", "api-2"]),
        ("owner:admin", []),
        ("dev1/api", ["api", "api-2"]),
        ("name:et", ["beta"]),
        ("template:ameide-gitops", ["lost"]),
        ("status:running", ["api", "lost"]),
        ("status:stopped name:api", ["api-2"]),
        ("status:deleted", ["gone"]),
        ("outdated:true", ["api-2"]),
        ("outdated:false status:failed", ["beta"]),
        ("dormant:true", ["sleepy"]),
        ("dormant:false", ["beta", "api", "lost", "api-2", "sleepy"]),
        ("has-agent:disconnected", ["lost"]),
        ("healthy:true", ["api"]),
        ('param:cluster=dev name:"lost"', ["lost"]),
        ("param:cluster", ["lost"]),
        ("organization:coder api-2", ["api-2"]),
    ],
)
def test_a_filter_finds_what_coder_finds(api: httpx.Client, query: str, expected: list[str]) -> None:
    assert names_of(api, query) == expected


@pytest.mark.usefixtures("many")
def test_an_owner_sees_everybodys(admin: httpx.Client) -> None:
    assert names_of(admin, "owner:me") == ["theirs"]
    assert "api" in names_of(admin, "")


@pytest.mark.usefixtures("many")
def test_limit_and_offset_leave_the_count_whole(api: httpx.Client) -> None:
    answer = api.get("/api/v2/workspaces", params={"limit": 2, "offset": 1}).json()
    assert ([one["name"] for one in answer["workspaces"]], answer["count"]) == (["api", "lost"], 5)
    assert api.get("/api/v2/workspaces?limit=x").status_code == 400


@pytest.mark.parametrize(
    ("query", "field"),
    [("nope:me", "nope"), ("status:great", "status"), ("outdated:maybe", "outdated"), ("a:b:c", "q"), (":x", "q")],
)
def test_a_filter_that_is_none_is_refused(api: httpx.Client, query: str, field: str) -> None:
    answer = api.get("/api/v2/workspaces", params={"q": query})
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid workspace search query.")
    assert [one["field"] for one in answer.json()["validations"]] == [field]


def test_an_unknown_key_is_refused_as_recorded(api: httpx.Client) -> None:
    assert api.get("/api/v2/workspaces?q=nope:me").json() == body_of("workspaces-list-badkey")


@given(st.text())
def test_any_query_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Refused):
        Query(text, WORKSPACE_KEYS, "name", "no")


@given(st.lists(st.text(alphabet="abc:/", min_size=1)))
def test_words_in_quotes_stay_together(words: list[str]) -> None:
    quoted = [f'"{word} {word}"' for word in words]
    assert split(" ".join(quoted), " ") == quoted


def test_a_bool_that_is_none_is_told_in_coders_words() -> None:
    parameter = Parameter("gpu", "", "", "bool", "false")
    with pytest.raises(Refused) as refused:
        settled([parameter], {"gpu": "nonsense"})
    detail = 'Parameter value is not of type "bool"; "nonsense" is not a bool'
    assert refused.value.body["validations"] == [{"field": "gpu", "detail": detail}]


# -- strangers, and what is written down -------------------------------------------------------------------------------


def test_its_tokens_have_coders_shape_and_are_visibly_not_real(world: World) -> None:
    for token in (world.token, world.admin_token):
        assert TOKEN.match(token)
        assert token.startswith("sandbox")


def test_an_unknown_route_is_answered_as_coder_does_and_written_down(api: httpx.Client, world: World) -> None:
    answer = api.get("/api/v2/nope")
    assert (answer.status_code, answer.json()) == (404, {"message": "Route not found."})
    page = api.get("/nothing/here")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert api.delete("/api/v2/buildinfo").status_code == 405
    assert [sentence.split(" is ")[0] for sentence in world.unexpected] == [
        "GET /api/v2/nope", "GET /nothing/here", "DELETE /api/v2/buildinfo",
    ]  # fmt: skip
    world.unexpected.clear()


def test_below_api_only_the_two_apis_answer_with_json(api: httpx.Client, world: World) -> None:
    assert api.get("/api/experimental/nope").status_code == 404
    assert api.get("/api/nope").headers["content-type"] == "text/html; charset=utf-8"
    world.unexpected.clear()
    assert api.get("/api//v2///buildinfo").status_code == 200


def test_an_id_in_a_body_must_be_one_and_zeros_are_none(api: httpx.Client) -> None:
    refused = create(api, template_version_id="nope")
    assert (refused.status_code, refused.json()["message"]) == (400, "Request body must be valid JSON.")
    zeros = create(api, template_version_id=NIL).json()
    assert [one["field"] for one in zeros["validations"]] == ["template_id", "template_version_id"]
    assert create(api, template_version_preset_id=STRANGE).status_code == 500


def test_an_unknown_socket_is_refused_and_written_down(dial: Dial, world: World) -> None:
    with pytest.raises(InvalidStatus) as refused, dial("/api/v2/nope"):
        pass
    assert refused.value.response.status_code == 404
    assert world.unexpected
    world.unexpected.clear()


def test_a_request_without_user_agent_is_written_down(api: httpx.Client, world: World) -> None:
    request = api.build_request("GET", "/api/v2/buildinfo")
    del request.headers["User-Agent"]
    api.send(request)
    assert world.unexpected == ["GET /api/v2/buildinfo came without a User-Agent"]
    world.unexpected.clear()


def test_a_strangers_token_is_written_down_but_on_a_probe(world: World) -> None:
    with client(world.url, "a" * 10 + "-" + "b" * 22) as stranger:
        assert stranger.get("/api/v2/users/me").status_code == 401
        assert world.unexpected == []
        assert stranger.get("/api/v2/workspaces").status_code == 401
    assert len(world.unexpected) == 1
    world.unexpected.clear()


def test_a_revoked_token_is_refused_and_nobody_is_blamed(api: httpx.Client, world: World) -> None:
    world.revoke()
    assert api.get("/api/v2/workspaces").status_code == 401


def test_an_old_cookie_outranks_a_good_header(world: World) -> None:
    headers = {"Cookie": "coder_session_token=stale", "Coder-Session-Token": world.token}
    assert httpx.get(world.url + "/api/v2/users/me", headers=headers, trust_env=False).status_code == 401


def test_every_request_and_dial_is_recorded_in_order(api: httpx.Client, world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    api.post(f"/api/v2/workspaces/{arranged.id}/usage?x=1", json={})
    with dial(f"/api/v2/workspaces/{arranged.id}/watch-ws"):
        pass
    posted, dialled = world.requests
    assert (posted.method, posted.query, posted.json) == ("POST", "x=1", {})
    assert posted.headers["coder-session-token"] == world.token
    assert (dialled.method, dialled.path) == ("WS", f"/api/v2/workspaces/{arranged.id}/watch-ws")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("watch-plain-get", "/api/v2/workspaces/{workspace}/watch-ws"),
        ("logs-follow-plain-get", "/api/v2/workspacebuilds/{build}/logs?follow"),
    ],
)
def test_a_plain_get_on_a_socket_route_is_426(api: httpx.Client, world: World, name: str, path: str) -> None:
    arranged = world.workspace("demo")
    answer = api.get(path.format(workspace=arranged.id, build=arranged.latest.id))
    recorded = recording(name)["response"]
    assert answer.status_code == 426
    assert answer.text == recorded["body"]["_text"]
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_socket_with_a_strangers_token_is_refused_with_401(world: World, dial: Dial) -> None:
    arranged = world.workspace("demo")
    with pytest.raises(InvalidStatus) as refused, dial(f"/api/v2/workspaces/{arranged.id}/watch-ws", headers={}):
        pass
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["X-Coder-Build-Version"] == "v2.36.0"


def test_dormant_answers_304_when_nothing_changes(api: httpx.Client, world: World) -> None:
    arranged = world.workspace("demo", status="dormant")
    path = f"/api/v2/workspaces/{arranged.id}/dormant"
    assert api.put(path, json={"dormant": True}).status_code == 304
    woken = api.put(path, json={"dormant": False})
    assert (woken.status_code, woken.json()["dormant_at"]) == (200, None)


def test_starting_a_dormant_workspace_wakes_it(api: httpx.Client, world: World) -> None:
    arranged = world.workspace("demo", status="dormant")
    assert api.post(f"/api/v2/workspaces/{arranged.id}/builds", json={"transition": "start"}).status_code == 201
    assert api.get(f"/api/v2/workspaces/{arranged.id}").json()["dormant_at"] is None


# -- rate limits -------------------------------------------------------------------------------------------------------


def test_too_many_requests_on_one_path_are_429(api: httpx.Client, world: World) -> None:
    world.limits.limit = 3
    answers = [api.get("/api/v2/regions") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[-1].headers["retry-after"] == "60"
    assert answers[-1].json() == {"message": "You've been rate limited for sending more than 3 requests in 1m0s."}
    assert api.get("/api/v2/users/me").status_code == 200


def test_the_window_slides_and_forgets() -> None:
    time = [30.0]
    limits = Limits(limit=10, clock=lambda: time[0])
    assert [limits.count("me", "/x")[0] for _ in range(11)] == [True] * 10 + [False]
    assert limits.count("you", "/x")[0]
    assert limits.count("me", "/y")[0]
    time[0] = 90.0
    # Half of the last minute still counts.
    assert [limits.count("me", "/x")[0] for _ in range(6)] == [True] * 5 + [False]
    time[0] = 200.0
    assert limits.count("me", "/x")[0]
