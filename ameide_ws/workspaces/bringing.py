"""One move after the other, until there is a build that leads to a running workspace."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import TemplateVersion, Workspace
from ameide_ws.events import Course, Noticed, Started
from ameide_ws.host import Host
from ameide_ws.problems import BadParameter, Conflict, Forbidden, NotFound, Problem, Usage
from ameide_ws.side_by_side import together
from ameide_ws.text import safe
from ameide_ws.when import spoken
from ameide_ws.workspaces import usual
from ameide_ws.workspaces.deadline import Deadline
from ameide_ws.workspaces.moves import Decision, Move, next_move
from ameide_ws.workspaces.parameters import Answers, Target, answer_parameters, flag
from ameide_ws.workspaces.people import require_links
from ameide_ws.workspaces.scene import Scene, other_template
from ameide_ws.workspaces.settling import settle
from ameide_ws.workspaces.wish import Wish

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
}


class Ours(NamedTuple):
    """A build to follow: the workspace with it, whether we asked for it, and whether nobody can take it."""

    workspace: Workspace
    is_ours: bool
    unclaimed: bool = False


class Bringing:
    """One workspace on its way to a build that starts it."""

    def __init__(self, coder: Coder, host: Host, wish: Wish, deadline: Deadline, scene: Scene) -> None:
        self._coder, self._host, self._wish, self._deadline, self._scene = coder, host, wish, deadline, scene
        self._update = wish.update
        self._joined = False
        self._fresh: tuple[TemplateVersion, Answers] | None = None

    def bring(self) -> Course[Ours]:
        """Go on until there is something to follow. Raises what stands in the way."""
        workspace = self._scene.workspace
        for _ in range(MOVES):
            decision = next_move(workspace, self._update)
            if decision.move is Move.REFUSE and workspace is not None:
                raise self._refused(workspace)
            if decision.move is not Move.CREATE:
                yield self._header(workspace.latest_build.template_version_name if workspace else "", decision)
            if decision.move in (Move.NOTHING, Move.ATTACH) and workspace is not None:
                yield from self._passed_over(workspace, decision.move)
                return Ours(workspace, is_ours=self._joined)
            try:
                if workspace is None or decision.move is Move.CREATE:
                    return (yield from self._create())
                if decision.move not in (Move.SETTLE, Move.CLEAN_UP):
                    return (yield from self._start(workspace, is_active=decision.move is Move.START_ACTIVE))
                workspace = yield from self._wait_out(workspace, decision.move)
            except BadParameter as bad:
                raise self._with_flags(bad) from bad
            except Conflict as conflict:
                workspace = self._after(conflict, decision.move)
            except Forbidden:
                # The template's policy refuses the version the workspace has; it takes the active one.
                if workspace is None or not workspace.outdated or self._update or self._wish.update is False:
                    raise
                self._update = True
        raise Conflict(
            f"workspace “{safe(self._scene.which.name)}” keeps changing under us",
            cause="somebody or something else starts, stops or deletes it at the same time",
            tries=(self._wish.again(self._scene.which.name),),
        )

    def _after(self, conflict: Conflict, move: Move) -> Workspace | None:
        """The workspace as it is after somebody was faster; what they asked for may be what we want."""
        workspace = self._coder.workspace(self._scene.which.owner or "me", self._scene.which.name)
        self._joined = True
        if workspace is None and move is Move.CREATE:
            raise conflict
        if workspace is not None and workspace.template_name != self._scene.template.name:
            raise other_template(workspace, self._wish) from conflict
        return workspace

    def _wait_out(self, workspace: Workspace, move: Move) -> Course[Workspace | None]:
        """Wait until a build that leads elsewhere has ended. What needs a person comes before, not after that."""
        if move is Move.SETTLE and workspace.latest_build.transition == "delete":
            yield from self._prepare()
        else:
            require_links(self._coder, self._scene.template)
        now: Workspace | None = workspace
        if move is Move.CLEAN_UP:
            self._refuse_stale(workspace)
            self._coder.build(workspace, "stop")
            now = self._coder.workspace_by_id(workspace.id)
        if now is None or now.latest_build.job.is_done:
            return now
        return (yield from settle(self._coder, self._host, self._wish, self._deadline, now))

    def _prepare(self) -> Course[tuple[TemplateVersion, Answers]]:
        """All that a new workspace needs of its person: the links, and the values of its parameters."""
        if self._fresh is None:
            coder, scene = self._coder, self._scene
            if scene.which.agent:
                raise NotFound(
                    f"there is no workspace “{safe(scene.which.name)}”, so it has no agent “{safe(scene.which.agent)}”",
                    cause="what stands behind a dot is the name of an agent",
                    tries=(f"ameide-ws up {scene.which.name}   # makes the workspace",),
                )
            if scene.which.owner not in ("", "me", scene.user.username):
                raise Usage(
                    "a workspace can only be made for yourself",
                    cause=f"{safe(scene.which.owner)}/{safe(scene.which.name)} would be somebody else's",
                    tries=(f"ameide-ws up {scene.which.name}",),
                )
            asks: Mapping[str, Any] = {
                "links": lambda: require_links(coder, scene.template),
                "version": lambda: coder.template_version(scene.template.active_version_id),
            }
            version: TemplateVersion = together(asks)["version"]
            target = Target(scene.which.name, scene.template, version.id, scene.user.id, is_new=True)
            self._fresh = version, (yield from answer_parameters(coder, self._wish, target, {}))
        return self._fresh

    def _create(self) -> Course[Ours]:
        version, answers = yield from self._prepare()
        name = self._scene.which.name
        yield self._header(version.name, Decision(Move.CREATE, ""))
        made = self._coder.create(name, version.id, answers.values, answers.preset_id)
        return Ours(made, is_ours=True, unclaimed=made.latest_build.has_no_provisioner)

    def _start(self, workspace: Workspace, *, is_active: bool) -> Course[Ours]:
        """Start a workspace: on its own version with the values it has, or on the active one with what that needs."""
        coder, wish, scene = self._coder, self._wish, self._scene
        require_links(coder, scene.template)
        version = scene.template.active_version_id if is_active else workspace.latest_build.template_version_id
        answers = Answers({})
        if is_active or wish.parameters or wish.preset:
            before = {row.name: row.value for row in coder.build_parameters(workspace.latest_build.id)}
            owner = workspace.owner_id or scene.user.id
            target = Target(workspace.name, scene.template, version, owner, is_new=False)
            answers = yield from answer_parameters(coder, wish, target, before)
        if not is_active and workspace.outdated and wish.update is None:
            yield Noticed(self._newer_version(workspace))
        self._refuse_stale(workspace)
        build = coder.build(
            workspace, "start", version_id=version if is_active else None,
            parameters=answers.values, preset_id=answers.preset_id,
        )  # fmt: skip
        return Ours(workspace._replace(latest_build=build), is_ours=True, unclaimed=build.has_no_provisioner)

    def _refuse_stale(self, workspace: Workspace) -> None:
        """Raise Conflict when somebody has built it since we looked: another build would end theirs."""
        now = self._coder.workspace_by_id(workspace.id)
        if now is None or now.latest_build.id != workspace.latest_build.id:
            raise Conflict(
                f"workspace “{safe(workspace.name)}” has changed since we looked",
                cause="somebody else has started, stopped or deleted it",
                tries=(self._wish.again(workspace.name),),
            )

    # What is said about it.

    def _header(self, version: str, decision: Decision) -> Started:
        """The line that says what is about to happen, and how long that usually takes."""
        name, template = self._scene.which.name, self._scene.template
        doing = _DOING.get(decision.move, decision.why)
        subject = f"{safe(name)}  {safe(template.name)}{f' ({safe(version)})' if version else ''}  {doing}"
        if decision.move not in (Move.NOTHING, Move.SETTLE):
            build = usual.usual_build_seconds(template)
            whole = usual.usual_seconds(self._host, self._coder.web.origin, template.name)
            subject += f" · build usually {spoken(build)}" if build else ""
            subject += f" · ready usually in {spoken(whole)}" if whole else ""
        return Started("up", subject=subject, resume=f"Look again with: {self._wish.again(name)}")

    def _passed_over(self, workspace: Workspace, move: Move) -> Course[None]:
        """What was asked for and does not happen, because the workspace is already there."""
        if self._wish.parameters or self._wish.preset:
            yield Noticed(
                Problem(
                    f"the parameters given are not used: “{safe(workspace.name)}” is already "
                    + ("running" if move is Move.NOTHING else "being started"),
                    cause="parameters take effect when a workspace starts",
                    tries=("stop it, then run this again",),
                )
            )
        if workspace.outdated and self._wish.update is None:
            yield Noticed(self._newer_version(workspace))

    def _newer_version(self, workspace: Workspace) -> Problem:
        version = safe(workspace.latest_build.template_version_name) or "its own"
        return Problem(
            f"a newer version of the template {safe(workspace.template_name)} is available",
            cause=f"“{safe(workspace.name)}” stays on {version}",
            tries=(f"{self._wish.again(workspace.name)} --update   # when it is stopped",),
        )

    def _refused(self, workspace: Workspace) -> Conflict:
        """An update would stop what runs; that is for the person to do, knowing what is in it."""
        page = f"{self._coder.url}/@{safe(workspace.owner_name)}/{safe(workspace.name)}"
        again = self._wish.again(workspace.name)
        return Conflict(
            f"“{safe(workspace.name)}” is running, and an update would stop it",
            cause="what runs in it would end, and files that are not pushed could be lost",
            tries=(f"{again}   # go on with the version it has", f"stop it at {page}, then: {again} --update"),
        )

    def _with_flags(self, bad: BadParameter) -> BadParameter:
        """Coder's complaint about values, with the command that gives other ones."""
        if not bad.fields:
            return bad
        return bad.advising((self._wish.anew(self._scene.which.name, *map(flag, bad.fields)),))
