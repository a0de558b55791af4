"""The suite itself: what it refuses to touch, and that it leaves nothing behind."""

from __future__ import annotations

import pytest

from tests.contract.conftest import PRODUCTION, VARIABLES, Real, named, refuse_production
from tests.contract.target import Names, Target

TOKEN = "ct00000000-" + "c" * 22


def said(*values: str) -> dict[str, str]:
    return dict(zip(VARIABLES, values, strict=True))


@pytest.mark.parametrize(
    "url",
    [
        "https://coder.dev.ameide.io",
        "https://CODER.dev.ameide.io./",
        "http://coder.dev.ameide.io:8080/x",
        "https://somebody@coder.dev.ameide.io",
        "coder.dev.ameide.io",
    ],
)
def test_production_is_refused_by_name(url: str) -> None:
    with pytest.raises(pytest.UsageError, match=rf"https://{PRODUCTION} is where people work"):
        named(said(url, TOKEN, "ameide-dev"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:3000", "https://coder.example.com", "https://x.coder.dev.ameide.io"])
def test_another_coder_is_not_refused(url: str) -> None:
    refuse_production(url)
    assert named(said(f"{url}/", TOKEN, "ameide-dev")) == Real(url, TOKEN, "ameide-dev")


def test_no_variable_means_no_real_coder_and_half_of_them_is_an_error() -> None:
    assert named(said("", "", "")) is None
    with pytest.raises(pytest.UsageError, match=r"AMEIDE_WS_CONTRACT_TOKEN and AMEIDE_WS_CONTRACT_TEMPLATE as well"):
        named(said("http://127.0.0.1:3000", "", ""))


def test_a_real_coder_is_held_to_all_of_this_as_well(real_address: Real | None) -> None:
    if real_address is None:
        pytest.skip(f"only the sandbox: set {', '.join(VARIABLES)} to hold a real Coder to the same")


def test_names_begin_with_ct_and_are_of_this_run_alone() -> None:
    names = Names("ab12cd")
    assert [names.next(), names.next()] == ["ct-ab12cd-1", "ct-ab12cd-2"] == names.given


def test_the_sweep_takes_what_this_run_made_and_nothing_else(coder: Target) -> None:
    world = coder.only_in_the_sandbox("it would delete what other tests use")
    world.workspace("ct-somebody-else")
    world.workspace(f"x{coder.names.prefix}1")
    world.workspace("mine")
    failed = world.workspace(f"{coder.names.prefix}90", status="failed")
    coder.make()
    coder.create()
    coder.sweep()
    assert failed.is_deleted
    left = sorted(one["name"] for one in coder.get("/api/v2/workspaces?q=owner:me")["workspaces"])
    assert left == ["ct-somebody-else", "mine", f"x{coder.names.prefix}1"]


def test_what_a_test_made_is_noted_before_it_is_sent(coder: Target) -> None:
    refused = coder.create(template_version_id="00000000-0000-0000-0000-000000000000")
    assert refused.status == 400
    assert len(coder.names.given) >= 1


def test_the_token_is_in_no_representation(coder: Target) -> None:
    assert coder.cookie["Cookie"].removeprefix("coder_session_token=") not in repr(vars(coder)) + repr(coder)
