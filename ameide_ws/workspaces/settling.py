"""Waiting for a build that leads elsewhere (a stop, a deletion, a cancellation) to be over, before ours begins."""

from collections.abc import Callable

from ameide_ws.coder.client import Coder
from ameide_ws.coder.follow import watch
from ameide_ws.coder.model import Workspace
from ameide_ws.events import Course, Finished, Progress, Started
from ameide_ws.host import Host
from ameide_ws.problems import NotFinished
from ameide_ws.side_by_side import SideBySide
from ameide_ws.text import safe
from ameide_ws.when import spoken
from ameide_ws.workspaces.deadline import Deadline
from ameide_ws.workspaces.failures import build_url
from ameide_ws.workspaces.vigil import Snapshot
from ameide_ws.workspaces.wish import Wish

_WORDS = {"stop": "stopping", "delete": "deleting", "start": "ending the cancelled start"}


def settle(coder: Coder, host: Host, wish: Wish, deadline: Deadline, workspace: Workspace) -> Course[Workspace | None]:
    """The workspace once its build is over; None once it is deleted."""
    step = _WORDS.get(workspace.latest_build.transition, "settling")
    began = host.monotonic()
    yield Started(step, resume=f"It goes on without you. Look again with: {wish.again(workspace.name)}")
    with SideBySide[Snapshot | str]() as sources:

        def watching(put: Callable[[Snapshot | str], None]) -> None:
            for now in watch(coder, workspace.id, host, sources.closed, put):
                put(Snapshot(now))

        sources.start("watch", watching)
        while True:
            got = sources.get(1.0 if deadline.rest is None else min(1.0, deadline.rest))
            deadline.woke()
            item = got[1] if got else None
            if isinstance(item, str):
                yield Progress(step, item)
            elif isinstance(item, Snapshot):
                now = item.workspace
                if now is None or now.latest_build.job.is_done:
                    yield Finished(step, True, host.monotonic() - began)
                    return now if now is None or now.latest_build.transition != "delete" else _unless_deleted(now)
            if deadline.is_over:
                raise NotFinished(
                    f"“{safe(workspace.name)}” is still busy {step} after {spoken(deadline.seconds or 0)}",
                    cause="the build goes on without us",
                    tries=(
                        f"{wish.again(workspace.name)}   # go on waiting",
                        f"open {build_url(coder.url, workspace)} in a browser",
                    ),
                )


def _unless_deleted(workspace: Workspace) -> Workspace | None:
    """A watch goes on showing a workspace that has just been deleted (W19)."""
    return None if workspace.latest_build.job.status == "succeeded" else workspace
