"""Which workspace is meant when a name was left out, or only part of it was said."""

from ameide_ws import git
from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Agent, Workspace
from ameide_ws.events import Asked, Course
from ameide_ws.host import Host
from ameide_ws.problems import AgentNotReady, Ambiguous, NotFound
from ameide_ws.text import near, safe, word
from ameide_ws.workspaces.wish import DEFAULT_NAME, Which, Wish, which


def choose(coder: Coder, host: Host, wish: Wish, command: str, me: str = "") -> Course[tuple[Which, Workspace | None]]:
    """The workspace a person means, and how it stands; None where it does not exist. me: the person's own name.

    Of those one owns from the template: one is it; of several, the one named like the repository's folder, else
    `dev`, else a person picks. Raises Ambiguous where nobody can pick, NotFound for somebody else's that is not there.
    """
    if wish.name is not None:
        named = which(wish.name)
        workspace = coder.workspace(named.owner or "me", named.name)
        if workspace is None and named.owner not in ("", "me", me):
            raise not_found(coder, wish.name)
        return named, workspace
    owned = [
        workspace
        for page in coder.workspaces(f'owner:me template:"{wish.template}"')
        for workspace in page.workspaces
    ]  # fmt: skip
    if len(owned) == 1:
        return Which("", owned[0].name, ""), owned[0]
    by_name = {workspace.name: workspace for workspace in owned}
    for name in (git.top(host) if owned else None, DEFAULT_NAME):
        if name is not None and (name in by_name or not owned):
            return Which("", name, ""), by_name.get(name)
    picked = yield Asked(
        "Which workspace?",
        flag=f"ameide-ws {command} NAME",
        choices=tuple((name, _line(by_name[name])) for name in by_name),
    )
    if picked is None:
        names = ", ".join(safe(name) for name in by_name)
        raise Ambiguous(
            f"you have {len(owned)} workspaces, and none was named",
            cause=f"they are {names}",
            tries=(f"ameide-ws {command} {word(owned[0].name)}",),
        )
    return Which("", picked, ""), by_name[picked]


def _line(workspace: Workspace) -> str:
    return f"{workspace.name} ({workspace.latest_build.status})"


def not_found(coder: Coder, name: str) -> NotFound:
    """No such workspace, with the name that was probably meant."""
    names = [workspace.name for page in coder.workspaces("owner:me") for workspace in page.workspaces]
    meant = near(which(name).name, names)
    tries = [f"ameide-ws show {word(meant)}   # did you mean this one?"] if meant else []
    return NotFound(
        f"there is no workspace “{safe(name)}”",
        cause="it does not exist, or you have no access: Coder does not tell the two apart",
        tries=[*tries, "ameide-ws list   # the workspaces you have"],
    )


def none_yet() -> NotFound:
    """Nobody named a workspace, and there is none that could be meant."""
    return NotFound("you have no workspace yet", cause="`up` makes one", tries=("ameide-ws up",))


def no_such_agent(workspace: Workspace, agent: str) -> NotFound:
    """The workspace is there, an agent of that name is not."""
    names = ", ".join(safe(one.name) for one in workspace.latest_build.agents)
    return NotFound(
        f"“{safe(workspace.name)}” has no agent “{safe(agent)}”",
        cause=f"its agents are: {names}" if names else "it has none while it does not run",
        tries=(f"ameide-ws show {word(workspace.name)}",),
    )


def choose_agent(workspace: Workspace, agent: str, app: str) -> Agent:
    """The agent that is meant: the one named, else the one with the editor, else the only one.

    Raises Ambiguous for several, AgentNotReady for none.
    """
    agents = workspace.latest_build.agents
    if agent:
        found = [one for one in agents if one.name == agent]
    else:
        found = [one for one in agents if one.app(app)] or list(agents)
    if len(found) == 1:
        return found[0]
    names = ", ".join(safe(one.name) for one in agents)
    if not found:
        raise AgentNotReady(
            f"{workspace.name} has no agent{f' “{safe(agent)}”' if agent else ''}",
            cause=f"its agents are: {names}" if agents else "its template makes none, so nothing can run in it",
            tries=(f"ameide-ws show {word(workspace.name)}",),
        )
    raise Ambiguous(
        f"{workspace.name} has several agents",
        cause=f"they are {names}",
        tries=(f"ameide-ws up {word(f'{workspace.name}.{found[0].name}')}",),
    )
