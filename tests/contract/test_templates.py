"""Templates, their versions, presets and parameters."""

from __future__ import annotations

import pytest

from tests.contract.target import Json, Target

PRESET = {"ID", "Name", "Parameters", "Default", "DesiredPrebuildInstances", "Description", "Icon"}
NIL = "00000000-0000-0000-0000-000000000000"
ABSENT = "Resource not found or you do not have access to this resource"


def evaluated(coder: Target, inputs: Json, **more: str) -> Json:
    path = f"/api/v2/templateversions/{coder.version_id}/dynamic-parameters/evaluate"
    reply = coder.raw("POST", path, json={"id": 1, "inputs": inputs, **more})
    assert reply.status == 200, reply
    found: Json = reply.json
    return found


def strict_parameter(coder: Target) -> str:
    """A parameter of the template that takes only certain words."""
    rich = coder.get(f"/api/v2/templateversions/{coder.version_id}/rich-parameters")
    names = [one["name"] for one in rich if one["type"] in ("bool", "number")]
    if not names:
        pytest.skip("the template has no parameter that could have a wrong value")
    return str(names[0])


def test_a_template_is_found_by_its_name(coder: Target) -> None:
    template = coder.template_json
    ours = coder.client.template(coder.template)
    assert ours is not None
    assert (ours.id, ours.name) == (template["id"], coder.template)
    assert ours.active_version_id == template["active_version_id"]
    assert coder.get(f"/api/v2/templates/{template['id']}") == template


def test_a_template_that_is_not_there_is_404_and_none_to_us(coder: Target) -> None:
    reply = coder.raw("GET", "/api/v2/organizations/default/templates/ct-nope")
    assert (reply.status, reply.json) == (404, {"message": ABSENT})
    assert coder.client.template("ct-nope") is None


def test_all_templates_are_one_list(coder: Target) -> None:
    listed = {one["name"]: one for one in coder.get("/api/v2/templates")}
    assert listed[coder.template]["id"] == coder.template_json["id"]
    assert {one.name for one in coder.client.templates()} == listed.keys()


def test_past_builds_say_how_long_a_start_takes_or_null(coder: Target) -> None:
    stats = coder.template_json["build_time_stats"]
    assert stats.keys() == {"start", "stop", "delete"}
    for part in stats.values():
        assert part.keys() == {"P50", "P95"}
        assert {type(value) for value in part.values()} <= {int, type(None)}
    ours = coder.client.template(coder.template)
    assert ours is not None
    assert ours.build_time_stats.start == (stats["start"]["P50"], stats["start"]["P95"])


def test_the_active_version_is_among_the_versions(coder: Target) -> None:
    versions = coder.get(f"/api/v2/templates/{coder.template_json['id']}/versions")
    assert coder.version_id in [one["id"] for one in versions]
    ours = coder.client.template_versions(coder.template_json["id"])
    assert [one.id for one in ours] == [one["id"] for one in versions]
    assert [one.created_at for one in ours] == sorted(one.created_at for one in ours if one.created_at)


def test_a_version_says_its_name_and_how_its_import_went(coder: Target) -> None:
    version = coder.get(f"/api/v2/templateversions/{coder.version_id}")
    assert version["job"]["status"] == "succeeded"
    assert (version["job"]["queue_position"], version["archived"]) == (0, False)
    ours = coder.client.template_version(coder.version_id)
    assert (ours.id, ours.name) == (coder.version_id, version["name"])


def test_a_version_has_no_matched_provisioners_when_it_is_read(coder: Target) -> None:
    matched = coder.get(f"/api/v2/templateversions/{coder.version_id}").get("matched_provisioners")
    assert matched is None or matched["count"] == 0


@pytest.mark.parametrize("rest", ["", "/presets", "/rich-parameters", "/external-auth"])
def test_a_version_that_is_not_there_is_404(coder: Target, rest: str) -> None:
    reply = coder.raw("GET", f"/api/v2/templateversions/{NIL}{rest}")
    assert (reply.status, reply.json) == (404, {"message": ABSENT})


def test_an_id_that_is_none_is_400(coder: Target) -> None:
    coder.nonsense_is_meant = True
    reply = coder.raw("GET", "/api/v2/templateversions/nope")
    assert (reply.status, reply.json) == (400, {"message": 'Invalid UUID "nope".', "detail": "invalid UUID length: 4"})


def test_presets_are_null_or_spelt_in_capitals(coder: Target) -> None:
    presets = coder.get(f"/api/v2/templateversions/{coder.version_id}/presets")
    for preset in presets or []:
        assert preset.keys() == PRESET
        assert all(one.keys() == {"Name", "Value"} for one in preset["Parameters"])
    assert len([one for one in presets or [] if one["Default"]]) <= 1
    ours = coder.client.presets(coder.version_id)
    assert [(one.ID, one.Name) for one in ours] == [(one["ID"], one["Name"]) for one in presets or []]


def test_rich_parameters_have_their_values_as_text(coder: Target) -> None:
    rich = coder.get(f"/api/v2/templateversions/{coder.version_id}/rich-parameters")
    for one in rich:
        assert isinstance(one["default_value"], str)
        assert one["type"] in ("string", "number", "bool", "list(string)")
        assert isinstance(one["options"], list)
    ours = coder.client.rich_parameters(coder.version_id)
    assert [(one.name, one.default_value, one.required) for one in ours] == [
        (one["name"], one["default_value"], one["required"]) for one in rich
    ]


def test_evaluation_tells_each_parameter_with_a_value_that_may_be_none(coder: Target) -> None:
    told = evaluated(coder, {}, owner_id=coder.me["id"])
    assert (told["id"], told["diagnostics"]) == (0, [])
    rich = coder.get(f"/api/v2/templateversions/{coder.version_id}/rich-parameters")
    assert {one["name"] for one in told["parameters"]} == {one["name"] for one in rich}
    for one in told["parameters"]:
        assert {"value", "valid"} == one["value"].keys() == one["default_value"].keys()
    ours = coder.client.evaluate(coder.version_id, coder.me["id"], {})
    assert [one.name for one in ours.parameters] == [one["name"] for one in told["parameters"]]


def test_evaluation_says_what_is_wrong_with_a_value_at_its_parameter(coder: Target) -> None:
    name = strict_parameter(coder)
    told = evaluated(coder, {name: "nonsense"}, owner_id=coder.me["id"])
    (wrong,) = [one for one in told["parameters"] if one["name"] == name]
    assert [one["severity"] for one in wrong["diagnostics"]] == ["error"]
    ours = coder.client.evaluate(coder.version_id, coder.me["id"], {name: "nonsense"})
    (mine,) = [one for one in ours.parameters if one.name == name]
    assert mine.diagnostics[0].summary == wrong["diagnostics"][0]["summary"]


def test_evaluation_without_an_owner_is_200_with_a_diagnostic_and_no_parameters(coder: Target) -> None:
    told = evaluated(coder, {})
    assert [one["summary"] for one in told["diagnostics"]] == ["Failed to fetch workspace owner"]
    assert not told["parameters"]


def test_parameters_are_null_where_there_are_none_to_tell(coder: Target) -> None:
    assert evaluated(coder, {})["parameters"] is None


def test_presets_want_a_number_of_prebuilds_and_come_by_name(coder: Target) -> None:
    presets = coder.get(f"/api/v2/templateversions/{coder.version_id}/presets") or []
    assert {type(one["DesiredPrebuildInstances"]) for one in presets} <= {int}
    assert [one["Name"] for one in presets] == sorted(one["Name"] for one in presets)


def test_evaluation_passes_over_a_parameter_that_is_unknown(coder: Target) -> None:
    told = evaluated(coder, {"ct-nope": "1"}, owner_id=coder.me["id"])
    assert told["diagnostics"] == []
    assert "ct-nope" not in [one["name"] for one in told["parameters"]]


def test_external_auth_of_a_version_is_a_list_of_providers(coder: Target) -> None:
    providers = coder.get(f"/api/v2/templateversions/{coder.version_id}/external-auth")
    ours = coder.client.version_external_auth(coder.version_id)
    assert [(one.id, one.authenticated) for one in ours] == [(one["id"], one["authenticated"]) for one in providers]
    for one in providers:
        assert one["authenticate_url"] == f"{coder.url}/external-auth/{one['id']}"


def test_a_provider_tells_whether_one_is_linked_and_as_whom(coder: Target) -> None:
    coder.only_in_the_sandbox("the template may need no provider; recorded: external-auth-github-linked")
    linked = coder.get("/api/v2/external-auth/github")
    assert linked["authenticated"] is True
    ours = coder.client.external_auth("github")
    assert ours is not None
    assert ours.user is not None
    assert ours.user.login == linked["user"]["login"]


def test_a_provider_that_is_not_linked_has_no_user(coder: Target) -> None:
    coder.story("github-not-linked", "the template may need no provider; recorded: external-auth-github-unlinked")
    ours = coder.client.external_auth("github")
    assert ours is not None
    assert (ours.authenticated, ours.user) == (False, None)
