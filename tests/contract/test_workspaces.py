"""Workspaces: created, refused, found by name and id, listed and filtered."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from ameide_ws.coder import model
from ameide_ws.problems import BadParameter, Conflict, Problem
from tests.contract.target import Json, Target, agent_of, is_done

ABSENT = "Resource not found or you do not have access to this resource"
NIL = "00000000-0000-0000-0000-000000000000"
STRANGE = "11111111-1111-4111-8111-111111111111"


def listed(coder: Target, query: str, rest: str = "") -> tuple[list[str], int]:
    page = coder.get(f"/api/v2/workspaces?q={quote(query)}{rest}")
    return [one["name"] for one in page["workspaces"]], page["count"]


# Creating.


def test_create_is_201_with_a_build_that_is_pending_or_running(coder: Target) -> None:
    name = coder.names.next()
    reply = coder.create(name)
    assert reply.status == 201
    made = reply.json
    assert (made["name"], made["owner_name"]) == (name, coder.me["username"])
    assert (made["template_name"], made["outdated"]) == (coder.template, False)
    build = made["latest_build"]
    assert build["status"] in ("pending", "starting")
    assert (build["transition"], build["build_number"], build["reason"]) == ("start", 1, "initiator")
    assert build["template_version_id"] == coder.version_id
    coder.done(made)


def matched(build: Json) -> tuple[int, int]:
    """How many could take a build, and how many of them are there."""
    found = build["matched_provisioners"]
    return found["count"], found["available"]


def test_the_answer_to_the_post_says_who_could_take_the_build_but_not_its_place(coder: Target) -> None:
    build = coder.create().json["latest_build"]
    assert min(matched(build)) > 0
    assert (build["job"]["queue_position"], build["job"]["queue_size"]) == (0, 0)


def test_once_a_build_was_taken_no_answer_says_who_could(coder: Target) -> None:
    build = coder.shared()["latest_build"]
    assert matched(build) == (0, 0) == matched(coder.get(f"/api/v2/workspacebuilds/{build['id']}"))


def waiting(coder: Target) -> Json:
    """A workspace whose build nobody has taken yet; its watch may tell so for a moment only."""
    if coder.is_sandbox:
        return dict(coder.create().json)
    made = [coder.create().json for _ in range(5)]
    now: Json = coder.get(f"/api/v2/workspaces/{made[-1]['id']}")
    if now["latest_build"]["job"]["status"] != "pending":
        pytest.skip("this Coder takes five builds at once")
    return now


def test_while_a_build_waits_every_answer_but_its_own_says_who_could_take_it(coder: Target) -> None:
    with coder.held("queue"):
        there = waiting(coder)
        by_id, own = (
            coder.get(f"/api/v2/workspaces/{there['id']}"),
            f"/api/v2/workspacebuilds/{there['latest_build']['id']}",
        )
        listed = coder.get(f"/api/v2/workspaces?q=id:{there['id']}")["workspaces"][0]
        builds = coder.get(f"/api/v2/workspaces/{there['id']}/builds")
        watched, alone = next(coder.watch(there)), coder.get(own)
        if coder.get(own)["job"]["status"] != "pending":
            pytest.skip("it was taken meanwhile")
    for build in (by_id["latest_build"], listed["latest_build"], builds[0], watched["latest_build"]):
        assert min(matched(build)) > 0
        assert 1 <= build["job"]["queue_position"] <= build["job"]["queue_size"]
    # coderd/workspacebuilds.go asks for them in all but this one.
    assert matched(alone) == (0, 0)
    assert alone["job"]["queue_position"] >= 1


def test_with_no_provisioner_the_post_matches_nobody_and_the_build_stays_pending(coder: Target) -> None:
    coder.story("no-provisioner", "a Coder without provisioners cannot be asked for")
    made = coder.client.create("ct-1", coder.version_id, {})
    assert made.latest_build.has_no_provisioner
    assert coder.client.build_by_id(made.latest_build.id).job.status == "pending"


def test_our_client_reads_what_create_answers(coder: Target) -> None:
    name = coder.names.next()
    made = coder.client.create(name, coder.version_id, {})
    assert isinstance(made, model.Workspace)
    assert (made.name, made.latest_build.transition) == (name, "start")
    assert not made.latest_build.has_no_provisioner
    again = coder.client.workspace("me", name)
    assert again is not None
    assert (again.id, again.template_id) == (made.id, coder.template_json["id"])
    coder.done({"id": made.id})


def test_a_workspace_is_made_of_the_templates_active_version_when_only_the_template_is_said(coder: Target) -> None:
    made = coder.create(template_id=coder.template_json["id"])
    assert made.status == 201
    assert coder.done(made.json)["latest_build"]["template_version_id"] == coder.version_id


def test_a_preset_is_kept_with_the_build_and_sets_its_parameters(coder: Target) -> None:
    presets = coder.get(f"/api/v2/templateversions/{coder.version_id}/presets")
    if not presets:
        pytest.skip("the template has no presets")
    build = coder.make(template_version_preset_id=presets[-1]["ID"])["latest_build"]
    assert build["template_version_preset_id"] == presets[-1]["ID"]
    values = {one["name"]: one["value"] for one in coder.get(f"/api/v2/workspacebuilds/{build['id']}/parameters")}
    assert {one["Name"]: one["Value"] for one in presets[-1]["Parameters"]}.items() <= values.items()
    ours = coder.client.build_parameters(build["id"])
    assert {one.name: one.value for one in ours} == values


def test_a_second_workspace_of_the_same_name_is_409_and_names_the_field(coder: Target) -> None:
    there = coder.shared()["name"]
    reply = coder.create(there)
    assert reply.status == 409
    assert (reply.message, reply.fields) == (f'Workspace "{there}" already exists.', ["name"])
    with pytest.raises(Conflict):
        coder.client.create(there, coder.version_id, {})


def test_names_are_the_same_whatever_their_letters_size(coder: Target) -> None:
    there = coder.shared()
    assert coder.create(there["name"].upper()).status == 409
    assert coder.get(f"/api/v2/users/me/workspace/{there['name'].upper()}")["id"] == there["id"]


@pytest.mark.parametrize("name", ["bad_name", "new", "create", "a" * 33, "-a", "a-", "a--b", "ä", ""])
def test_a_name_that_cannot_be_is_400_at_the_field(coder: Target, name: str) -> None:
    body = {"name": name, "template_version_id": coder.version_id}
    reply = coder.raw("POST", "/api/v2/users/me/workspaces", json=body)
    assert (reply.status, reply.message, reply.fields) == (400, "Validation failed.", ["name"])
    detail = f'Validation failed for tag "workspace_name" with value: "{name}"'
    assert reply.json["validations"][0]["detail"] == detail


def test_both_template_and_version_are_400_at_both_fields(coder: Target) -> None:
    reply = coder.create(template_id=coder.template_json["id"], template_version_id=coder.version_id)
    assert (reply.status, reply.fields) == (400, ["template_id", "template_version_id"])
    assert all('tag "excluded_with"' in row["detail"] for row in reply.json["validations"])


def test_neither_template_nor_version_is_400_at_both_fields(coder: Target) -> None:
    reply = coder.raw("POST", "/api/v2/users/me/workspaces", json={"name": coder.names.next()})
    assert (reply.status, reply.fields) == (400, ["template_id", "template_version_id"])
    assert all('tag "required_without"' in row["detail"] for row in reply.json["validations"])


def test_an_id_of_zeros_is_as_good_as_none(coder: Target) -> None:
    reply = coder.create(template_version_id=NIL)
    assert (reply.message, reply.fields) == ("Validation failed.", ["template_id", "template_version_id"])
    assert reply.json["validations"][0]["detail"].endswith(f'with value: "{NIL}"')


@pytest.mark.parametrize(("field", "what"), [("template_id", "Template"), ("template_version_id", "Template version")])
def test_a_template_or_version_that_is_not_there_is_400(coder: Target, field: str, what: str) -> None:
    reply = coder.create(**{field: STRANGE})
    assert (reply.status, reply.fields) == (400, [field])
    assert reply.message == f'{what} "{STRANGE}" doesn\'t exist.'


def test_an_id_that_is_none_makes_the_whole_body_bad(coder: Target) -> None:
    reply = coder.create(template_version_id="nope")
    assert (reply.status, reply.message) == (400, "Request body must be valid JSON.")


def test_a_preset_that_is_not_there_is_500(coder: Target) -> None:
    reply = coder.create(template_version_preset_id=STRANGE)
    assert (reply.status, reply.message) == (500, "failed to fetch preset parameter values")


def test_a_value_that_a_parameter_does_not_take_is_400_and_names_it(coder: Target) -> None:
    rich = coder.get(f"/api/v2/templateversions/{coder.version_id}/rich-parameters")
    strict = [one["name"] for one in rich if one["type"] in ("bool", "number")]
    if not strict:
        pytest.skip("the template has no parameter that could have a wrong value")
    reply = coder.create(rich_parameter_values=[{"name": strict[0], "value": "nonsense"}])
    assert (reply.status, reply.message) == (400, "Unable to validate parameters")
    assert set(reply.fields) == {strict[0]}
    with pytest.raises(BadParameter) as refused:
        coder.client.create(coder.names.next(), coder.version_id, {strict[0]: "nonsense"})
    assert set(refused.value.fields) == {strict[0]}


def test_a_parameter_that_the_template_does_not_have_is_passed_over(coder: Target) -> None:
    built = coder.make(rich_parameter_values=[{"name": "ct-nope", "value": "1"}])
    values = coder.get(f"/api/v2/workspacebuilds/{built['latest_build']['id']}/parameters")
    assert "ct-nope" not in [one["name"] for one in values]


def test_less_than_a_minute_to_live_is_400(coder: Target) -> None:
    reply = coder.create(ttl_ms=1000)
    assert (reply.status, reply.message) == (400, "Invalid Workspace Time to Shutdown.")
    assert reply.fields == ["ttl_ms"]


def test_a_provider_that_is_missing_is_403_and_named(coder: Target) -> None:
    coder.story("github-not-linked", "the template may need no provider; recorded: workspace-create-unlinked")
    reply = coder.create()
    assert reply.status == 403
    assert reply.message == "External authentication is required to create a workspace with this template."
    assert [(row["field"], row["detail"]) for row in reply.json["validations"]] == [("external_auth", "github")]


# Finding.


def test_a_workspace_is_found_by_name_and_by_id_alike(coder: Target) -> None:
    there = coder.shared()
    by_name = coder.get(f"/api/v2/users/me/workspace/{there['name']}")
    assert by_name.keys() == there.keys()
    assert (by_name["id"], by_name["latest_build"]["id"]) == (there["id"], there["latest_build"]["id"])
    assert coder.get(f"/api/v2/users/{there['owner_name']}/workspace/{there['name']}")["id"] == there["id"]
    ours = coder.client.workspace_by_id(there["id"])
    assert ours is not None
    assert (ours.name, ours.latest_build.status, ours.health.healthy) == (there["name"], "running", True)


@pytest.mark.parametrize("owner", ["me", "admin", "ct-nobody"])
def test_a_name_that_is_not_there_or_not_ones_own_is_404_and_none_to_us(coder: Target, owner: str) -> None:
    reply = coder.raw("GET", f"/api/v2/users/{owner}/workspace/ct-nope")
    assert (reply.status, reply.json) == (404, {"message": ABSENT})
    assert coder.client.workspace(owner, "ct-nope") is None


def test_an_id_that_is_not_there_is_404(coder: Target) -> None:
    reply = coder.raw("GET", f"/api/v2/workspaces/{STRANGE}")
    assert (reply.status, reply.json) == (404, {"message": ABSENT})
    assert coder.client.workspace_by_id(STRANGE) is None


def test_a_deleted_workspace_is_404_by_name_and_410_by_id_and_still_there_if_asked_for(coder: Target) -> None:
    there = coder.make()
    ours = coder.client.workspace_by_id(there["id"])
    assert ours is not None
    gone = coder.built(there, "delete")
    assert gone["latest_build"]["status"] == "deleted"
    path = f"/api/v2/workspaces/{there['id']}"
    by_id = coder.raw("GET", path)
    assert by_id.status == 410
    assert "?include_deleted=true" in by_id.message
    assert coder.raw("GET", f"/api/v2/users/me/workspace/{there['name']}").status == 404
    assert coder.get(f"{path}?include_deleted=true")["latest_build"]["transition"] == "delete"
    assert coder.client.workspace_by_id(there["id"]) is None
    assert coder.client.workspace("me", there["name"]) is None
    assert there["name"] not in listed(coder, "owner:me")[0]
    again = coder.build(there, "start")
    assert again.status == 409
    with pytest.raises(Conflict):
        coder.client.build(ours, "start")


def test_the_name_of_a_deleted_workspace_can_be_had_again(coder: Target) -> None:
    there = coder.make()
    coder.built(there, "delete")
    again = coder.create(there["name"])
    assert again.status == 201
    assert again.json["id"] != there["id"]
    coder.done(again.json)


# Listing.


def test_the_list_says_how_many_there_are_in_all(coder: Target) -> None:
    there = coder.shared()
    coder.make()
    prefix = coder.names.prefix
    names, count = listed(coder, f"owner:me name:{prefix}")
    assert count == len(names) >= 2
    assert there["name"] in names
    first, of_all = listed(coder, f"owner:me name:{prefix}", "&limit=1")
    second, still = listed(coder, f"owner:me name:{prefix}", "&limit=1&offset=1")
    assert (first + second, of_all, still) == (names[:2], count, count)
    assert listed(coder, f"owner:me name:{prefix}", f"&limit=5&offset={count}") == ([], count)


def test_our_client_reads_all_pages(coder: Target) -> None:
    there = coder.shared()
    pages = list(coder.client.workspaces(f"owner:me name:{there['name']}"))
    assert pages[0].workspaces[0].id == there["id"]
    assert sum(len(page.workspaces) for page in pages) == pages[0].count


def test_a_listed_workspace_is_told_as_fully_as_a_single_one(coder: Target) -> None:
    there = coder.shared()
    page = coder.get(f"/api/v2/workspaces?q=owner:me%20name:{there['name']}")
    (one,) = [one for one in page["workspaces"] if one["id"] == there["id"]]
    assert one.keys() == there.keys()
    assert one["latest_build"].keys() == there["latest_build"].keys()
    assert agent_of(one)["id"] == agent_of(there)["id"]


@pytest.mark.parametrize(
    ("query", "is_in"),
    [
        ("owner:me", True),
        ("OWNER:ME", True),
        ("template:{template}", True),
        ("template:ct-nope", False),
        ("owner:ct-nobody", False),
        ("name:{part}", True),
        ("{part}", True),
        ("{owner}/{name}", True),
        ('name:"{name}"', True),
        ("status:running", True),
        ("status:stopped", False),
        ("has-agent:connected", True),
        ("outdated:false", True),
        ("outdated:true", False),
        ("dormant:true", False),
        ("id:{id}", True),
    ],
)
def test_the_list_can_be_filtered(coder: Target, query: str, is_in: bool) -> None:
    there = coder.shared()
    facts: dict[str, Any] = {**there, "template": coder.template, "owner": there["owner_name"]}
    facts["part"] = there["name"][1:]
    names, _ = listed(coder, query.format_map(facts))
    assert (there["name"] in names) == is_in


@pytest.mark.parametrize(
    ("query", "field"),
    [("ct-nope:me", "ct-nope"), ("status:nonsense", "status"), ("owner:me owner:you", "owner"), ("a:b:c", "q")],
)
def test_a_question_that_makes_no_sense_is_400_and_says_where(coder: Target, query: str, field: str) -> None:
    reply = coder.raw("GET", f"/api/v2/workspaces?q={quote(query)}")
    assert (reply.status, reply.message) == (400, "Invalid workspace search query.")
    assert reply.fields == [field]
    with pytest.raises(Problem):
        next(coder.client.workspaces(query))


@pytest.mark.parametrize("limit", ["x", "-1"])
def test_a_limit_that_is_no_number_is_400(coder: Target, limit: str) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("GET", f"/api/v2/workspaces?limit={limit}")
    assert (reply.status, reply.message) == (400, "Query parameters have invalid values.")
    assert reply.fields == ["limit"]


def test_what_is_wrong_with_a_question_is_told_in_these_words(coder: Target) -> None:
    coder.nonsense_is_meant = True
    for query, words in {
        "limit=x": 'must be a valid 32-bit positive integer: strconv.ParseInt: parsing "x": invalid syntax',
        "limit=-1": "must be a valid 32-bit positive integer: value is negative",
        "q=owner:me%20owner:you": "found 2 times. Only provide 1 instance of this query param.",
    }.items():
        assert coder.raw("GET", f"/api/v2/workspaces?{query}").json["validations"][0]["detail"].endswith(words)


def test_a_query_parameter_that_is_unknown_is_passed_over(coder: Target) -> None:
    coder.nonsense_is_meant = True
    assert coder.raw("GET", "/api/v2/workspaces?ct-nope=1").status == 200


def test_nothing_that_fits_is_an_empty_list_not_null(coder: Target) -> None:
    page: Json = coder.get("/api/v2/workspaces?q=owner:me%20name:ct-nope-nope")
    assert page == {"workspaces": [], "count": 0}
    assert [page.count for page in coder.client.workspaces("name:ct-nope-nope")] == [0]


def test_a_running_workspace_comes_before_one_that_is_not(coder: Target) -> None:
    there = coder.shared()
    stopped = coder.built(coder.make(), "stop")
    assert is_done(stopped)
    names, _ = listed(coder, f"owner:me name:{coder.names.prefix}")
    assert names.index(there["name"]) < names.index(stopped["name"])
