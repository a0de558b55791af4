"""`up`: from nothing to a working editor, from whatever state a workspace is in. Safe to repeat."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Agent, Build, Template, TemplateVersion, User, Workspace
from ameide_ws.events import Course, Noticed, Progress, Started
from ameide_ws.host import Host
from ameide_ws.problems import BadParameter, Conflict, Forbidden, Problem, SignedOut, Usage
from ameide_ws.results import Up
from ameide_ws.side_by_side import together
from ameide_ws.text import safe
from ameide_ws.when import spoken
from ameide_ws.workspaces import usual
from ameide_ws.workspaces.choose import choose
from ameide_ws.workspaces.deadline import Deadline
from ameide_ws.workspaces.moves import Move, next_move
from ameide_ws.workspaces.parameters import Answers, Target, answer_parameters
from ameide_ws.workspaces.people import greeting, require_links, require_template
from ameide_ws.workspaces.probing import editor_path
from ameide_ws.workspaces.settling import settle
from ameide_ws.workspaces.vigil import Vigil, Waited
from ameide_ws.workspaces.wish import Which, Wish, check_template

# A workspace that somebody else keeps changing is followed this often before we say so.
MOVES = 8
_DOING = {
    Move.ATTACH: "joining the build that runs",
    Move.NOTHING: "running",
    Move.CREATE: "creating",
    Move.START: "starting",
    Move.START_ACTIVE: "starting on the active version",
    Move.WAKE: "waking",
    Move.CLEAN_UP: "cleaning up what is left of the last start",
    Move.SETTLE: "waiting",
}


class Scene(NamedTuple):
    """Who asks, for which workspace, from which template."""

    user: User
    which: Which
    workspace: Workspace | None
    template: Template


class Ours(NamedTuple):
    """A build that is to be followed: the workspace with it, and whether nobody could take it."""

    workspace: Workspace
    is_ours: bool
    unclaimed: bool = False


def up(coder: Coder, host: Host, wish: Wish) -> Course[Up]:
    """Bring a workspace up and wait as far as `wish.wait` says. Raises the Problem that stands in the way."""
    deadline = Deadline(host, wish.seconds)
    return (yield from deadline.not_counting_questions(_up(coder, host, wish, deadline)))


def _up(coder: Coder, host: Host, wish: Wish, deadline: Deadline) -> Course[Up]:
    began = host.monotonic()
    yield Started("people", resume="Nothing was started.")
    scene = yield from set_scene(coder, host, wish, "up")
    try:
        ours = yield from _bring(coder, host, wish, deadline, scene)
        if wish.detach:
            return _result(coder, host, wish, Waited(ours.workspace, None, ()), began, status="pending")
        vigil = Vigil(
            coder, host, wish, deadline, ours.workspace, agent=scene.which.agent,
            is_ours=ours.is_ours, unclaimed=ours.unclaimed,
        )  # fmt: skip
        waited = yield from vigil.wait()
    except SignedOut as signed_out:
        raise _while_building(signed_out, wish.again(scene.which.name)) from signed_out
    if ours.is_ours and wish.wait == "editor":
        usual.remember(host, coder.url, waited.workspace.template_name, host.monotonic() - began)
    return _result(coder, host, wish, waited, began)


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
    which, workspace = yield from choose(coder, host, wish, command)
    templates: dict[str, Template | None] = {wish.template: found["template"]}
    if workspace is not None and workspace.template_name != wish.template:
        if wish.template_chosen:
            raise _other_template(workspace, wish)
        templates = {wish.template: coder.template(workspace.template_name)}
    return Scene(user, which, workspace, require_template(coder, wish, templates))


def _bring(coder: Coder, host: Host, wish: Wish, deadline: Deadline, scene: Scene) -> Course[Ours]:
    """One move after the other until there is a build that leads to a running workspace."""
    workspace, update, asked = scene.workspace, wish.update, False
    for _ in range(MOVES):
        decision = next_move(workspace, update)
        if decision.move is Move.REFUSE and workspace is not None:
            raise _refused(coder, workspace, wish)
        if decision.move is not Move.CREATE:
            version = workspace.latest_build.template_version_name if workspace else ""
            yield _header(coder, host, scene, version, decision.move, wish)
        if decision.move in (Move.NOTHING, Move.ATTACH) and workspace is not None:
            yield from _passed_over(workspace, wish, decision.move)
            return Ours(workspace, is_ours=asked)
        try:
            if workspace is None or decision.move is Move.CREATE:
                return (yield from _create(coder, host, wish, scene))
            if decision.move is Move.SETTLE:
                workspace = yield from _settle(coder, host, wish, deadline, workspace)
            elif decision.move is Move.CLEAN_UP:
                coder.build(workspace, "stop")
                workspace = yield from _settle(coder, host, wish, deadline, _now(coder, workspace))
            else:
                return (yield from _start(coder, wish, scene, workspace, is_active=decision.move is Move.START_ACTIVE))
        except Conflict as conflict:
            # Somebody was faster: another `up`, another person. What they asked for may be what we want.
            workspace = coder.workspace(scene.which.owner or "me", scene.which.name)
            asked = True
            if workspace is None and decision.move is Move.CREATE:
                raise
            if workspace is not None and workspace.template_name != scene.template.name:
                raise _other_template(workspace, wish) from conflict
        except BadParameter as bad:
            raise _with_flags(bad, wish, scene) from bad
        except Forbidden:
            # The template's policy refuses the version the workspace has; it takes the active one.
            if workspace is None or not workspace.outdated or update or wish.update is False:
                raise
            update = True
    raise Conflict(
        f"workspace “{safe(scene.which.name)}” keeps changing under us",
        cause="somebody or something else starts, stops or deletes it at the same time",
        tries=(wish.again(scene.which.name),),
    )


def _create(coder: Coder, host: Host, wish: Wish, scene: Scene) -> Course[Ours]:
    if scene.which.owner not in ("", "me", scene.user.username):
        raise Usage(
            "a workspace can only be made for yourself",
            cause=f"{safe(scene.which.owner)}/{safe(scene.which.name)} would be somebody else's",
            tries=(wish.again(scene.which.name),),
        )
    found = together(
        {
            "links": lambda: require_links(coder, scene.template),
            "version": lambda: coder.template_version(scene.template.active_version_id),
        }
    )
    version: TemplateVersion = found["version"]
    target = Target(scene.which.name, scene.user.id, is_new=True)
    answers = yield from answer_parameters(coder, wish, scene.template, target, {})
    yield _header(coder, host, scene, version.name, Move.CREATE, wish)
    made = coder.create(scene.which.name, version.id, answers.values, answers.preset_id)
    return Ours(made, is_ours=True, unclaimed=made.latest_build.has_no_provisioner)


def _start(coder: Coder, wish: Wish, scene: Scene, workspace: Workspace, *, is_active: bool) -> Course[Ours]:
    """Start a workspace: on its own version with the values it has, or on the active one with what that needs."""
    require_links(coder, scene.template)
    answers = Answers(wish.parameters)
    if is_active:
        before = {row.name: row.value for row in coder.build_parameters(workspace.latest_build.id)}
        target = Target(workspace.name, workspace.owner_id or scene.user.id, is_new=False)
        answers = yield from answer_parameters(coder, wish, scene.template, target, before)
    elif workspace.outdated and wish.update is None:
        yield Noticed(_newer_version(workspace, wish))
    version = scene.template.active_version_id if is_active else None
    _refuse_stale(coder, workspace)
    build = coder.build(
        workspace, "start", version_id=version, parameters=answers.values, preset_id=answers.preset_id
    )  # fmt: skip
    return Ours(workspace._replace(latest_build=build), is_ours=True, unclaimed=build.has_no_provisioner)


def _refuse_stale(coder: Coder, workspace: Workspace) -> None:
    """Raise Conflict when somebody else has built it since we looked: a second start would end the first one's."""
    now = coder.workspace_by_id(workspace.id)
    if now is None or now.latest_build.id != workspace.latest_build.id:
        raise Conflict(
            f"workspace “{safe(workspace.name)}” has changed since we looked",
            cause="somebody else has started, stopped or deleted it",
            tries=("run this again",),
        )


def _settle(
    coder: Coder, host: Host, wish: Wish, deadline: Deadline, workspace: Workspace | None
) -> Course[Workspace | None]:
    """Wait until a build that leads elsewhere has ended; how it ended is the next move's business."""
    if workspace is None or workspace.latest_build.job.is_done:
        return workspace
    return (yield from settle(coder, host, wish, deadline, workspace))


def _now(coder: Coder, workspace: Workspace) -> Workspace | None:
    return coder.workspace_by_id(workspace.id)


def _header(coder: Coder, host: Host, scene: Scene, version: str, move: Move, wish: Wish) -> Started:
    """The line that says what is about to happen, and how long that usually takes."""
    name = scene.which.name
    version = f" ({safe(version)})" if version else ""
    subject = f"{safe(name)}  {safe(scene.template.name)}{version}  {_DOING.get(move, move)}"
    if move not in (Move.NOTHING, Move.SETTLE):
        build = usual.usual_build_seconds(scene.template)
        whole = usual.usual_seconds(host, coder.url, scene.template.name)
        subject += f" · build usually {spoken(build)}" if build else ""
        subject += f" · ready usually in {spoken(whole)}" if whole else ""
    resume = f"Look again with: {wish.again(name)}"
    return Started("up", subject=subject, resume=resume)


def _passed_over(workspace: Workspace, wish: Wish, move: Move) -> Course[None]:
    """What was asked for and does not happen, because the workspace is already there."""
    if wish.parameters or wish.preset:
        yield Noticed(
            Problem(
                f"the parameters given are not used: “{safe(workspace.name)}” is already "
                + ("running" if move is Move.NOTHING else "being started"),
                cause="parameters take effect when a workspace starts",
                tries=(f"stop it, then: {wish.again(workspace.name)} with the same parameters",),
            )
        )
    if workspace.outdated and wish.update is None:
        yield Noticed(_newer_version(workspace, wish))


def _newer_version(workspace: Workspace, wish: Wish) -> Problem:
    return Problem(
        f"a newer version of the template {safe(workspace.template_name)} is available",
        cause=f"“{safe(workspace.name)}” stays on {safe(workspace.latest_build.template_version_name) or 'its own'}",
        tries=(f"{wish.again(workspace.name)} --update   # when it is stopped",),
    )


def _refused(coder: Coder, workspace: Workspace, wish: Wish) -> Conflict:
    """An update would stop what runs; that is for the person to do, knowing what is in it."""
    name, owner = safe(workspace.name), safe(workspace.owner_name)
    return Conflict(
        f"“{name}” is running, and an update would stop it",
        cause="what runs in it would end, and files that are not pushed could be lost",
        tries=(
            f"{wish.again(name)}   # go on with the version it has",
            f"stop it at {coder.url}/@{owner}/{name}, then: {wish.again(name)} --update",
        ),
    )


def _other_template(workspace: Workspace, wish: Wish) -> Conflict:
    name = safe(workspace.name)
    return Conflict(
        f"workspace “{name}” exists, made from another template",
        cause=f"it comes from {safe(workspace.template_name)}, not from {safe(wish.template)}",
        tries=(
            f"ameide-ws up {name} --template {safe(workspace.template_name)}",
            f"ameide-ws up NAME --template {safe(wish.template)}   # under another name",
        ),
    )


def _with_flags(bad: BadParameter, wish: Wish, scene: Scene) -> BadParameter:
    """Coder's complaint about values, with the command that gives other ones."""
    if not bad.fields:
        return bad
    command = wish.anew(scene.which.name, *(f"--param {field}=…" for field in bad.fields))
    return bad.advising((command,))


def _while_building(problem: SignedOut, again: str) -> SignedOut:
    tries = (*problem.tries[:-1], f"export AMEIDE_WS_TOKEN=…, then: {again}   # a build that runs goes on meanwhile")
    return problem.advising(tries)


def _result(coder: Coder, host: Host, wish: Wish, waited: Waited, began: float, *, status: str = "ok") -> Up:
    workspace, agent = waited.workspace, waited.agent
    build: Build = workspace.latest_build
    return Up(
        url=_address(coder, wish, workspace, agent),
        workspace=workspace.name,
        owner=workspace.owner_name,
        template=workspace.template_name,
        version=build.template_version_name,
        build_number=build.build_number,
        stops_at=build.stops_at,
        seconds=round(host.monotonic() - began, 3),
        layers=waited.layers,
        status=status,
        wait=wish.wait,
        idle_seconds=workspace.ttl_ms / 1000 if workspace.ttl_ms else None,
        openable=status == "ok" and wish.wait in ("editor", "scripts"),
    )


def _address(coder: Coder, wish: Wish, workspace: Workspace, agent: Agent | None) -> str:
    """The editor's address; before there is an agent, the workspace's page."""
    agent = agent or next((one for one in workspace.latest_build.agents if one.app(wish.app)), None)
    app = agent.app(wish.app) if agent else None
    if agent is None or app is None:
        return f"{coder.url}/@{safe(workspace.owner_name)}/{safe(workspace.name)}"
    return coder.url + editor_path(workspace, agent, app)
