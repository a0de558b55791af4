"""What every answer carries, what an answer is that is no success, and what the deployment says of itself."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from ameide_ws.problems import SignedOut
from ameide_ws.settings import Secret
from ameide_ws.web import Web, parse_origin
from tests.contract.target import AGENT, Reply, Target

JSON = "application/json; charset=utf-8"
UNKNOWN = "a" * 10 + "-" + "b" * 22
EXPIRED = "You are signed out or your session has expired. Please sign in again to continue."


def test_every_answer_names_the_version_and_the_request(coder: Target) -> None:
    for path in ("/api/v2/", "/api/v2/users/me", "/api/v2/nope", "/healthz", "/nothing/here"):
        coder.nonsense_is_meant = True
        headers = coder.raw("GET", path).headers
        assert re.fullmatch(r"v2\.\d+\.\d+.*", headers["x-coder-build-version"]), path
        assert str(UUID(headers["x-coder-request-id"])), path


def test_every_answer_says_the_servers_time(coder: Target) -> None:
    coder.client.me()
    assert coder.client.date is not None
    assert abs((coder.client.date - coder.host.now()).total_seconds()) < 120


def test_no_two_requests_have_the_same_id(coder: Target) -> None:
    assert len({coder.raw("GET", "/api/v2/").headers["x-coder-request-id"] for _ in range(3)}) == 3


def rate(reply: Reply) -> tuple[int, int, int]:
    limit, remaining, reset = (int(reply.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
    return limit, remaining, reset


def test_answers_below_api_and_of_apps_say_what_is_left_of_the_rate(coder: Target) -> None:
    coder.nonsense_is_meant = True
    api, unknown = coder.raw("GET", "/api/v2/buildinfo"), coder.raw("GET", "/api/v2/nope")
    for reply in (api, unknown, coder.visit("/@x/y.z/apps/w/")):
        limit, remaining, reset = rate(reply)
        assert limit > remaining >= 0
        assert reset > 1_700_000_000
    assert "x-ratelimit-limit" not in coder.raw("GET", "/healthz").headers


def test_the_rate_is_counted_for_each_path_alone(coder: Target) -> None:
    (_, first, window), (_, second, later) = (rate(coder.raw("GET", "/api/v2/experiments")) for _ in range(2))
    # Where a minute ends between the two, the count begins anew.
    assert second == first - 1 or later > window
    assert rate(coder.raw("GET", "/api/v2/organizations"))[1] > second - 100


def test_beyond_the_rate_is_429_with_a_minute_to_wait(coder: Target) -> None:
    world = coder.only_in_the_sandbox("others use that Coder, too; recorded: rate-limited")
    world.limits.limit = 2
    replies = [coder.raw("GET", "/api/v2/regions") for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert replies[2].headers["retry-after"] == "60"
    assert replies[2].message == "You've been rate limited for sending more than 2 requests in 1m0s."
    assert rate(replies[2])[1] == 0


@pytest.mark.parametrize(
    ("token", "detail"),
    [
        ("", 'Cookie "coder_session_token" or query parameter must be provided.'),
        ("abc", "Invalid API key format: incorrect amount of API key parts, expected 2 got 1"),
        (UNKNOWN, "API key is invalid."),
    ],
)
def test_who_has_no_good_token_is_refused_with_401(coder: Target, token: str, detail: str) -> None:
    reply = coder.raw("GET", "/api/v2/users/me", token=token)
    assert (reply.status, reply.kind) == (401, JSON)
    assert reply.json == {"message": EXPIRED, "detail": detail}
    assert reply.headers["www-authenticate"].startswith('Bearer realm="coder", error="invalid_token"')


def test_a_token_that_is_not_good_is_401_on_every_route_that_needs_one(coder: Target) -> None:
    for path in ("/api/v2/workspaces", "/api/v2/templates", "/api/v2/regions", "/api/v2/users/me/workspace/x"):
        assert coder.raw("GET", path, token="").status == 401, path


def test_our_client_calls_it_signed_out(coder: Target) -> None:
    from ameide_ws.coder.client import Coder

    other = Coder(Web(parse_origin(coder.url), coder.host, token=Secret(UNKNOWN), user_agent=AGENT))
    with pytest.raises(SignedOut) as refused:
        other.me()
    assert "does not accept the token" in refused.value.cause


def test_a_cookie_outranks_the_header(coder: Target) -> None:
    coder.nonsense_is_meant = True
    cookie = {"Cookie": f"coder_session_token={UNKNOWN}"}
    assert coder.raw("GET", "/api/v2/users/me", headers=cookie).status == 401


def test_a_bearer_token_is_as_good_as_the_header_of_coders_own(coder: Target) -> None:
    bearer = {"Authorization": "Bearer " + coder.cookie["Cookie"].partition("=")[2]}
    assert coder.raw("GET", "/api/v2/users/me", headers=bearer, token="").status == 200


def test_what_is_no_route_below_api_v2_is_404_json(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("GET", "/api/v2/nope")
    assert (reply.status, reply.kind, reply.json) == (404, JSON, {"message": "Route not found."})


def test_below_api_only_v2_and_experimental_answer_404(coder: Target) -> None:
    coder.nonsense_is_meant = True
    assert coder.raw("GET", "/api/experimental/nope").status == 404
    reply = coder.raw("GET", "/api/nope")
    assert (reply.status, reply.kind) == (200, "text/html; charset=utf-8")


def test_what_is_no_route_elsewhere_is_200_html(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("GET", "/nothing/here")
    assert (reply.status, reply.kind) == (200, "text/html; charset=utf-8")


def test_a_method_that_a_route_does_not_have_is_405_without_a_body(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("DELETE", "/api/v2/buildinfo")
    assert (reply.status, reply.body, reply.kind) == (405, b"", "")
    assert "GET" in reply.headers["allow"]


def test_slashes_in_a_row_count_as_one(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("GET", "/api//v2/buildinfo")
    assert (reply.status, reply.kind) == (200, JSON)


def test_json_is_said_to_be_json_in_utf_8(coder: Target) -> None:
    for path in ("/api/v2/", "/api/v2/buildinfo", "/api/v2/users/me", "/api/v2/templates"):
        assert coder.raw("GET", path).kind == JSON


def test_a_body_that_is_no_json_object_is_400(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("POST", "/api/v2/users/me/workspaces", json=[1])
    assert (reply.status, reply.message) == (400, "Request body must be valid JSON.")
    assert reply.json["detail"].startswith("json: cannot unmarshal")


def test_build_info_needs_no_token(coder: Target) -> None:
    reply = coder.raw("GET", "/api/v2/buildinfo", token="")
    assert reply.json["version"] == reply.headers["x-coder-build-version"]
    assert coder.client.build_info().version == reply.json["version"]


def test_health_is_ok_as_plain_text(coder: Target) -> None:
    reply = coder.raw("GET", "/healthz", token="")
    assert (reply.status, reply.kind, reply.body) == (200, "text/plain; charset=utf-8", b"OK")


def test_me_is_who_the_token_belongs_to(coder: Target) -> None:
    me = coder.me
    ours = coder.client.me()
    assert (ours.id, ours.username, ours.name) == (me["id"], me["username"], me["name"])
    assert coder.get(f"/api/v2/users/{me['username']}") == coder.get(f"/api/v2/users/{me['id']}")


def test_there_is_one_region_without_a_licence(coder: Target) -> None:
    (region,) = coder.get("/api/v2/regions")["regions"]
    assert (region["name"], region["healthy"]) == ("primary", True)
    assert httpx.URL(region["path_app_url"]).host == httpx.URL(coder.url).host
    (ours,) = coder.client.regions()
    assert (ours.name, ours.wildcard_hostname) == ("primary", region["wildcard_hostname"])


def test_the_ways_to_sign_in_are_told_to_anybody(coder: Target) -> None:
    methods = coder.raw("GET", "/api/v2/users/authmethods", token="").json
    assert {name: type(methods[name]["enabled"]) for name in ("password", "github", "oidc")} == dict.fromkeys(
        ("password", "github", "oidc"), bool
    )
    assert {"signInText", "iconUrl"} <= methods["oidc"].keys()


def test_entitlements_are_absent_or_say_who_is_licensed(coder: Target) -> None:
    reply = coder.raw("GET", "/api/v2/entitlements")
    assert reply.status == 404 or isinstance(reply.json["has_license"], bool)


def test_an_unknown_provider_is_404_and_none_to_us(coder: Target) -> None:
    assert coder.raw("GET", "/api/v2/external-auth/nope").status == 404
    assert coder.client.external_auth("nope") is None
