"""Recorded answers of a real Coder, whole and mutated: each becomes a value or a complaint that names the path."""

import copy
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ameide_ws.coder import model
from ameide_ws.coder.decode import Mismatch, decode

DATA = Path(__file__).parents[1] / "contract" / "recordings"
# What each recorded answer is read as, and where in the answer that is found.
SHAPES: dict[str, Any] = {
    "me-dev1": model.User,
    "buildinfo": model.BuildInfo,
    "template-by-name": model.Template,
    "template-versions": tuple[model.TemplateVersion, ...],
    "version-get": model.TemplateVersion,
    "version-presets": tuple[model.Preset, ...],
    "version-rich-params": tuple[model.RichParameter, ...],
    "dynamic-parameters-evaluate": model.Evaluation,
    "version-external-auth-linked": tuple[model.ExternalAuth, ...],
    "external-auth-github-linked": model.ExternalAuthLink,
    "workspace-ready": model.Workspace,
    "workspace-create": model.Workspace,
    "workspace-script-failed": model.Workspace,
    "workspace-agent-timeout": model.Workspace,
    "workspaces-list": model.WorkspacesPage,
    "build-start": model.Build,
    "build-failed": model.Build,
    "build-canceled": model.Build,
    "build-queued": model.Build,
    "build-parameters": tuple[model.BuildParameter, ...],
    "build-logs": tuple[model.BuildLog, ...],
    "agent-logs": tuple[model.AgentLog, ...],
    "regions": tuple[model.Region, ...],
    "agent-metadata-watch": tuple[model.Metadata, ...],
}


@cache
def _read(name: str) -> Any:
    response = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["response"]
    if "frames" in response:
        return response["frames"][0][1]["data"]
    body = response["body"]
    if name == "regions":
        return body["regions"]
    # Long lists were cut in their middle when they were recorded.
    return [row for row in body if "_omitted" not in row] if isinstance(body, list) else body


def recorded(name: str) -> Any:
    return copy.deepcopy(_read(name))


# Whole answers.


@pytest.mark.parametrize("name", SHAPES)
def test_what_a_real_coder_answered_is_read(name: str) -> None:
    assert decode(SHAPES[name], recorded(name)) is not None


def test_a_ready_workspace_says_what_it_said() -> None:
    told, found = recorded("workspace-ready"), decode(model.Workspace, recorded("workspace-ready"))
    agent = found.latest_build.agents[0]
    told_agent = next(row for part in told["latest_build"]["resources"] for row in part.get("agents") or [])
    assert (found.id, found.name, found.owner_name) == (told["id"], told["name"], told["owner_name"])
    assert (agent.status, agent.lifecycle_state) == (told_agent["status"], told_agent["lifecycle_state"])
    assert [app.slug for app in agent.apps] == [app["slug"] for app in told_agent["apps"]]
    assert [one.display_name for one in agent.scripts] == [one["display_name"] for one in told_agent["scripts"]]
    assert found.latest_build.job.started_at is not None
    assert found.latest_build.job.started_at.tzinfo is UTC


def test_W2_the_recorded_cancelled_build_is_failed_by_word_and_cancelled_by_time() -> None:
    found = decode(model.Build, recorded("build-canceled"))
    assert (found.job.status, found.job.is_done, found.job.was_canceled) == ("failed", True, True)
    assert not decode(model.Build, recorded("build-failed")).job.was_canceled


def test_W1_only_the_answer_to_the_post_says_that_nobody_can_take_a_build() -> None:
    told = recorded("workspace-create")
    told["latest_build"]["job"]["status"] = "pending"
    assert not decode(model.Workspace, told).latest_build.has_no_provisioner
    for matched in ({"count": 0, "available": 0}, {"count": 3, "available": 0}):
        told["latest_build"]["matched_provisioners"] = matched
        assert decode(model.Workspace, told).latest_build.has_no_provisioner
    for absent in (None, {"count": 3, "available": 3}):
        told["latest_build"]["matched_provisioners"] = absent
        assert not decode(model.Workspace, told).latest_build.has_no_provisioner


def test_agents_of_agents_are_not_what_a_workspace_was_asked_for() -> None:
    told = recorded("workspace-ready")
    part = next(part for part in told["latest_build"]["resources"] if part.get("agents"))
    part["agents"].append({**part["agents"][0], "id": "sub", "name": "sub", "parent_id": part["agents"][0]["id"]})
    assert [agent.name for agent in decode(model.Workspace, told).latest_build.agents] == [part["agents"][0]["name"]]


# Go's spellings.


@pytest.mark.parametrize("shape", [shape for shape in SHAPES.values() if not hasattr(shape, "_fields")])
def test_F24_null_is_go_for_an_empty_list(shape: Any) -> None:
    assert decode(shape, None) == ()


def test_F24_null_in_a_field_with_a_default_is_that_default() -> None:
    told = recorded("workspace-ready")
    told |= {"health": None, "outdated": None, "ttl_ms": None, "dormant_at": None, "owner_id": None}
    told["latest_build"] |= {"resources": None, "reason": None, "deadline": None}
    found = decode(model.Workspace, told)
    assert (found.health.healthy, found.outdated, found.ttl_ms, found.owner_id) == (True, False, None, "")
    assert (found.latest_build.agents, found.latest_build.reason) == ((), "")


def test_F24_unknown_fields_are_ignored_everywhere() -> None:
    def strange(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: strange(item) for name, item in value.items()} | {"x_new": {"deep": [1, None]}, "": 0}
        return [strange(item) for item in value] if isinstance(value, list) else value

    for name, shape in SHAPES.items():
        assert decode(shape, strange(recorded(name))) == decode(shape, recorded(name))


def test_F24_unknown_words_stay_as_they_are() -> None:
    told = recorded("workspace-ready")
    told["latest_build"]["status"] = told["latest_build"]["job"]["status"] = "hibernating"
    told["latest_build"]["transition"] = "teleport"
    found = decode(model.Workspace, told).latest_build
    assert (found.status, found.job.status, found.transition) == ("hibernating", "hibernating", "teleport")
    assert not found.job.is_done


def test_presets_alone_speak_pascal_case() -> None:
    parameters = [{"Name": "cpu", "Value": "4"}]
    told = [{"ID": "1", "Name": "Small", "Default": True, "Parameters": parameters, "DesiredPrebuildInstances": None}]
    (found,) = decode(tuple[model.Preset, ...], [*told])
    assert found == model.Preset("1", "Small", True, (model.PresetParameter("cpu", "4"),))
    with pytest.raises(Mismatch, match=r"\[0\]\.ID: expected a value, got nothing"):
        decode(tuple[model.Preset, ...], [{"id": "1", "name": "Small", "default": True}])


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0001-01-01T00:00:00Z", None),
        (None, None),
        ("2026-11-24T14:00:00.123456789Z", datetime(2026, 11, 24, 14, 0, 0, 123456, UTC)),
        ("2026-11-24T15:00:00+01:00", datetime(2026, 11, 24, 14, tzinfo=UTC)),
        ("9999-12-31T23:59:59-05:00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_T57_times_as_go_writes_them(text: str | None, at: datetime | None) -> None:
    assert decode(model.Job, {"status": "failed", "canceled_at": text}).canceled_at == at
    assert decode(model.Job, {"status": "failed", "canceled_at": text}).was_canceled is (at is not None)


# Complaints.


GONE = object()


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (("id",), GONE, "a value, got nothing"),
        (("latest_build", "job"), GONE, "a value, got nothing"),
        (("latest_build", "job", "status"), None, "string, got null"),
        (("latest_build", "build_number"), "1", "number, got string"),
        (("latest_build", "build_number"), True, "number, got boolean"),
        (("latest_build", "build_number"), 1.5, "number, got number"),
        (("latest_build",), [], "object, got array"),
        (("latest_build", "resources"), {}, "array, got object"),
        (("outdated",), 0, "boolean, got number"),
        (("created_at",), "soon", "a time, got string"),
        (("created_at",), 1700000000, "a time, got number"),
        (("created_at",), "2026-11-24T14:00:00", "a time, got string"),
    ],
)
def test_F24_a_complaint_names_the_path_what_was_due_and_what_came(
    place: tuple[str, ...], value: object, complaint: str
) -> None:
    told = recorded("workspace-ready")
    holder = told
    for name in place[:-1]:
        holder = holder[name]
    if value is GONE:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    with pytest.raises(Mismatch) as raised:
        decode(model.Workspace, told)
    assert str(raised.value) == f".{'.'.join(place)}: expected {complaint}"


def test_F24_the_path_into_a_list_has_its_index() -> None:
    told = recorded("workspace-ready")
    told["latest_build"]["resources"] = [{}, {"agents": [{"id": "a", "name": "main"}]}]
    with pytest.raises(Mismatch) as raised:
        decode(model.Workspace, told)
    assert str(raised.value) == ".latest_build.resources[1].agents[0].status: expected a value, got nothing"


@pytest.mark.parametrize("value", [None, 1, "x", [], True])
def test_F24_an_answer_that_is_no_object_at_all_is_a_complaint(value: Any) -> None:
    with pytest.raises(Mismatch, match=r"^\.: expected object"):
        decode(model.Workspace, value)


def test_a_path_goes_on_from_where_the_reader_stood() -> None:
    with pytest.raises(Mismatch, match=r"^\.data\.id: expected a value"):
        decode(model.Workspace, {}, ".data")


# Mutations.

CANARY = "CANARY-never-repeat-me"
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.text(max_size=20),
    st.just(CANARY),
    st.sampled_from(
        ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-02-30", "T"]
    ),
)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    found: list[tuple[Any, Any]] = []
    pairs = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for key, item in pairs:
        found.append((value, key))
        found += places(item)
    return found


def mutate(told: Any, data: st.DataObject) -> Any:
    """One place of an answer is replaced, removed, renamed, doubled or cut short."""
    spots = places(told)
    if not spots:
        return data.draw(junk)
    container, key = data.draw(st.sampled_from(spots))
    how = data.draw(st.sampled_from(["replace", "remove", "rename", "wrap", "swap"]))
    if how == "replace":
        container[key] = data.draw(junk)
    elif how == "remove":
        del container[key]
    elif how == "rename" and isinstance(container, dict):
        container[data.draw(st.text(max_size=8))] = container.pop(key)
    elif how == "wrap":
        container[key] = data.draw(st.sampled_from([[container[key]], {"value": container[key]}]))
    else:
        other, at = data.draw(st.sampled_from(spots))
        container[key] = copy.deepcopy(other[at]) if _has(other, at) else None
    return told


def _has(container: Any, key: Any) -> bool:
    return key in container if isinstance(container, dict) else key < len(container)


def complaint_of(name: str, told: Any) -> str | None:
    """What is said against an answer; None when it is taken. Anything but a Mismatch fails the test."""
    try:
        decode(SHAPES[name], told)
    except Mismatch as mismatch:
        return str(mismatch)
    return None


@settings(max_examples=500)
@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_F24_every_mutation_of_a_recorded_answer_is_a_value_or_a_complaint(name: str, data: st.DataObject) -> None:
    told = recorded(name)
    for _ in range(data.draw(st.integers(1, 4))):
        told = mutate(told, data)
    said = complaint_of(name, told)
    assert said is None or (": expected " in said and CANARY not in said)


@settings(max_examples=500)
@given(st.sampled_from(sorted(SHAPES)), junk)
def test_F24_anything_at_all_is_a_value_or_a_complaint(name: str, told: Any) -> None:
    said = complaint_of(name, told)
    assert said is None or (": expected " in said and CANARY not in said)
