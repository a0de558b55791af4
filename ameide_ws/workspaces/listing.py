"""`list`: the workspaces one has."""

from ameide_ws.coder.client import PAGE, Coder
from ameide_ws.coder.model import Workspace
from ameide_ws.events import Course
from ameide_ws.problems import Usage
from ameide_ws.results import Listing, Row
from ameide_ws.text import near, safe
from ameide_ws.workspaces.wish import check_template

STATUSES = (
    "pending", "starting", "running", "stopping", "stopped", "failed", "canceling", "canceled", "deleting", "deleted",
)  # fmt: skip


def question(*, everyone: bool = False, template: str | None = None, status: str | None = None) -> str:
    """The question in Coder's filter language. Raises Usage for what it cannot ask."""
    if template is not None:
        check_template(template)
    if status is not None and status not in STATUSES:
        meant = near(status, STATUSES)
        raise Usage(
            f"“{safe(status)}” is no status of a workspace",
            cause=f"known are {', '.join(STATUSES)}",
            tries=(f"ameide-ws list --status {meant or 'running'}",),
        )
    parts = [] if everyone else ["owner:me"]
    parts += [f"template:{template}"] if template else []
    parts += [f"status:{status}"] if status else []
    return " ".join(parts)


def ask_ahead(coder: Coder, question: str) -> None:
    """Send the request for the first page while the rest of the program is still being loaded."""
    coder.ask_ahead("/api/v2/workspaces", {"q": question, "limit": str(PAGE), "offset": "0"})


def listing(
    coder: Coder, *, everyone: bool = False, template: str | None = None, status: str | None = None
) -> Course[Listing]:
    """The workspaces of a question, in Coder's order: favourites first, then by name."""
    rows: list[Row] = []
    count = 0
    for page in coder.workspaces(question(everyone=everyone, template=template, status=status)):
        rows.extend(map(row, page.workspaces))
        count = page.count
    whose = "you can see" if everyone else "you own"
    which = f" from the template {template}" if template else ""
    which += f" with the status {status}" if status else ""
    return Listing(tuple(rows), count, whose, coder.date, which)
    yield  # a course, although nothing is seen happening


def row(workspace: Workspace) -> Row:
    """A workspace in one row."""
    build = workspace.latest_build
    return Row(
        name=workspace.name,
        owner=workspace.owner_name,
        template=workspace.template_name,
        status=build.status,
        healthy=workspace.health.healthy,
        outdated=workspace.outdated,
        stops_at=build.stops_at,
        created_at=workspace.created_at,
        last_used_at=workspace.last_used_at,
        started_at=build.created_at,
        version=build.template_version_name,
        build_number=build.build_number,
        dormant=workspace.dormant_at is not None,
        id=workspace.id,
    )
