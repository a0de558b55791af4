"""Who asks, for which workspace, from which template: what `up` finds out before it decides anything."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Template, User, Workspace
from ameide_ws.events import Course, Progress
from ameide_ws.host import Host
from ameide_ws.problems import Conflict
from ameide_ws.side_by_side import together
from ameide_ws.text import safe, word
from ameide_ws.workspaces.choose import choose
from ameide_ws.workspaces.people import greeting, require_template
from ameide_ws.workspaces.wish import Which, Wish, check_template


class Scene(NamedTuple):
    """workspace is None where it does not exist; template is the one it comes from, or will come from."""

    user: User
    which: Which
    workspace: Workspace | None
    template: Template


def set_scene(coder: Coder, host: Host, wish: Wish, command: str) -> Course[Scene]:
    """Find out who asks, which workspace is meant, and its template; all at once where that goes."""
    check_template(wish.template)
    asks: Mapping[str, Any] = {
        "user": coder.me,
        "template": lambda: coder.template(wish.template),
        "link": lambda: coder.external_auth(wish.provider),
    }
    found = together(asks)
    user: User = found["user"]
    yield Progress("people", greeting(coder, user, found["link"]))
    which, workspace = yield from choose(coder, host, wish, command, me=user.username)
    templates: dict[str, Template | None] = {wish.template: found["template"]}
    if workspace is not None and workspace.template_name != wish.template:
        if wish.template_chosen:
            raise other_template(workspace, wish)
        templates = {wish.template: coder.template(workspace.template_name)}
    return Scene(user, which, workspace, require_template(coder, wish, templates))


def other_template(workspace: Workspace, wish: Wish) -> Conflict:
    """The workspace of that name is made from something else."""
    name, theirs = word(workspace.name), word(workspace.template_name)
    return Conflict(
        f"workspace “{safe(workspace.name)}” exists, made from another template",
        cause=f"it comes from {safe(workspace.template_name)}, not from {safe(wish.template)}",
        tries=(
            f"ameide-ws up {name} --template {theirs}",
            f"ameide-ws up NAME --template {word(wish.template)}   # under another name",
        ),
    )
