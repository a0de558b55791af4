"""The table behind `up`, every cell of it: transition, job, dormant, outdated, policy, and what the person said."""

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ameide_ws.coder.model import Workspace
from ameide_ws.workspaces.moves import Decision, Move, next_move

from .builders import build, job, workspace

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
STATUSES = ("pending", "running", "succeeded", "canceling", "canceled", "failed", "unknown", "hibernating")
# Read across: what `up` does about the latest build, before the version and sleep are looked at.
TABLE = {
    "start": "attach attach nothing wait stop-then-start stop-then-start attach attach",
    "stop": "wait wait start wait start start attach attach",
    "delete": "wait wait create wait start start attach attach",
}
CELLS = [
    (transition, status, Move(move))
    for transition, row in TABLE.items()
    for status, move in zip(STATUSES, row.split(), strict=True)
]
SAID: tuple[bool | None, ...] = (None, True, False)


def standing(transition: str, status: str, *, dormant: bool, outdated: bool, policy: bool) -> Workspace:
    return workspace(
        build(transition, status),
        dormant_at=NOW if dormant else None,
        outdated=outdated,
        template_require_active_version=policy,
    )


def expected(move: Move, *, dormant: bool, outdated: bool, policy: bool, update: bool | None) -> Move:
    """The rules for versions and sleep, in the words of the commands."""
    if move is Move.NOTHING:
        return Move.REFUSE if outdated and update is True else Move.NOTHING
    if move is not Move.START:
        return move
    if outdated and (update is True or (policy and update is None)):
        return Move.START_ACTIVE
    return Move.WAKE if dormant else Move.START


@pytest.mark.parametrize(("transition", "status", "move"), CELLS, ids=str)
def test_every_cell_of_the_table(transition: str, status: str, move: Move) -> None:
    for dormant, outdated, policy, update in product((False, True), (False, True), (False, True), SAID):
        found = standing(transition, status, dormant=dormant, outdated=outdated, policy=policy)
        wanted = expected(move, dormant=dormant, outdated=outdated, policy=policy, update=update)
        assert next_move(found, update).move is wanted, (dormant, outdated, policy, update)


@pytest.mark.parametrize("update", SAID)
def test_what_does_not_exist_is_created(update: bool | None) -> None:
    assert next_move(None, update).move is Move.CREATE


@pytest.mark.parametrize(
    ("transition", "move"),
    [("start", Move.CLEAN_UP), ("stop", Move.START), ("delete", Move.START)],
)
def test_W2_a_failed_job_with_canceled_at_counts_as_cancelled(transition: str, move: Move) -> None:
    failed = build(transition, "failed", job=job("failed", canceled_at=NOW, error="terraform apply: exit status 1"))
    assert next_move(workspace(failed)) == next_move(workspace(build(transition, "canceled")))
    assert next_move(workspace(failed)).move is move


@pytest.mark.parametrize("transition", ["start", "stop", "delete"])
def test_W2_a_job_that_is_being_cancelled_is_waited_for_whatever_it_was(transition: str) -> None:
    canceling = build(transition, "canceling", job=job("canceling", canceled_at=NOW))
    assert next_move(workspace(canceling)).move is Move.SETTLE


def test_the_word_of_the_job_counts_not_that_of_the_workspace() -> None:
    odd = build("start", "running", job=job("failed"))
    assert next_move(workspace(odd)).move is Move.CLEAN_UP


def test_a_sleeping_workspace_on_an_old_version_says_both_reasons() -> None:
    asleep = standing("stop", "succeeded", dormant=True, outdated=True, policy=False)
    assert next_move(asleep).move is Move.WAKE
    move, why = next_move(asleep, True)
    assert move is Move.START_ACTIVE
    assert "sleep" in why
    assert "active version" in why


def test_F54_after_the_clean_up_comes_the_start() -> None:
    assert next_move(workspace(build("start", "failed"))).move is Move.CLEAN_UP
    for stopped in ("succeeded", "failed", "canceled"):
        assert next_move(workspace(build("stop", stopped))).move is Move.START


@given(st.text(), st.text(), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(SAID))
def test_any_words_give_a_decision(
    transition: str, status: str, dormant: bool, outdated: bool, policy: bool, update: bool | None
) -> None:
    found = standing(transition, status, dormant=dormant, outdated=outdated, policy=policy)
    decision = next_move(found, update)
    assert isinstance(decision, Decision)
    assert decision.why
    if transition not in TABLE or status not in STATUSES:
        assert decision.move is Move.ATTACH
