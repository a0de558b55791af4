"""The whole decision behind `up`: what to do next about a workspace, as a table over Coder's statuses. Pure."""

from enum import StrEnum
from typing import NamedTuple

from ameide_ws.coder.model import Workspace


class Move(StrEnum):
    """What `up` can do next."""

    NOTHING = "nothing"
    ATTACH = "attach"
    START = "start"
    START_ACTIVE = "start-active"
    CLEAN_UP = "stop-then-start"
    WAKE = "wake"
    SETTLE = "wait"
    CREATE = "create"
    REFUSE = "refuse"


class Decision(NamedTuple):
    """A move and the reason for it, in words that follow the workspace's name."""

    move: Move
    why: str


_RUNNING = Decision(Move.NOTHING, "is running")
_ATTACH = Decision(Move.ATTACH, "is being started")
_STOPPING = Decision(Move.SETTLE, "is being stopped; it starts after that")
_DELETING = Decision(Move.SETTLE, "is being deleted; a new one is made after that")
_CANCELING = Decision(Move.SETTLE, "has a build that is being cancelled")
_UNCLEAN = Decision(Move.CLEAN_UP, "did not start last time; what is left of it is stopped first")
_STOPPED = Decision(Move.START, "is stopped")
_GONE = Decision(Move.CREATE, "does not exist yet")

# (transition, job status) of the latest build. What is not here is a word we do not know: still moving, so attach.
_TABLE = {
    ("start", "pending"): Decision(Move.ATTACH, "waits for its start"),
    ("start", "running"): _ATTACH,
    ("start", "succeeded"): _RUNNING,
    ("start", "failed"): _UNCLEAN,
    ("start", "canceled"): _UNCLEAN,
    ("start", "canceling"): _CANCELING,
    ("stop", "pending"): _STOPPING,
    ("stop", "running"): _STOPPING,
    ("stop", "succeeded"): _STOPPED,
    ("stop", "failed"): Decision(Move.START, "could not be stopped last time"),
    ("stop", "canceled"): Decision(Move.START, "was not stopped to the end"),
    ("stop", "canceling"): _CANCELING,
    ("delete", "pending"): _DELETING,
    ("delete", "running"): _DELETING,
    ("delete", "succeeded"): _GONE,
    ("delete", "failed"): Decision(Move.START, "could not be deleted last time"),
    ("delete", "canceled"): Decision(Move.START, "was not deleted to the end"),
    ("delete", "canceling"): _CANCELING,
}


def next_move(workspace: Workspace | None, update: bool | None = None) -> Decision:
    """What to do next about a workspace that may not exist; `update` is what the person said of newer versions."""
    if workspace is None:
        return _GONE
    build = workspace.latest_build
    status = "canceled" if build.job.is_done and build.job.was_canceled else build.job.status
    decision = _TABLE.get((build.transition, status), _ATTACH)
    if decision.move is Move.NOTHING and update and workspace.outdated:
        return Decision(Move.REFUSE, "is running on an older version")
    if decision.move is not Move.START:
        return decision
    if workspace.dormant_at is not None:
        decision = Decision(Move.WAKE, "was put to sleep for not being used")
    if workspace.outdated and (update or (workspace.template_require_active_version and update is None)):
        return Decision(Move.START_ACTIVE, f"{decision.why}; it starts on the template's active version")
    return decision
