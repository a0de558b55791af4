"""`up --plan`: what `up` would do, found out with GET requests alone."""

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Template
from ameide_ws.events import Course, Noticed
from ameide_ws.host import Host
from ameide_ws.problems import LinkMissing, MissingInput
from ameide_ws.results import Plan, Setting
from ameide_ws.text import safe, sentence
from ameide_ws.workspaces import usual
from ameide_ws.workspaces.moves import Move, next_move
from ameide_ws.workspaces.parameters import choose_preset, flag, missing_names
from ameide_ws.workspaces.people import require_links
from ameide_ws.workspaces.scene import Scene, set_scene
from ameide_ws.workspaces.wish import Wish


def plan(coder: Coder, host: Host, wish: Wish) -> Course[Plan]:
    """The next move, the reason for it, and what would still be asked for."""
    scene = yield from set_scene(coder, host, wish, "up")
    workspace, template = scene.workspace, scene.template
    decision = next_move(workspace, wish.update)
    builds = decision.move not in (Move.NOTHING, Move.ATTACH, Move.REFUSE)
    parameters: tuple[Setting, ...] = ()
    if builds:
        try:
            require_links(coder, template)
        except LinkMissing as missing:
            yield Noticed(missing)
        parameters, unanswered = _parameters(coder, wish, scene, decision.move)
        if unanswered:
            yield Noticed(_unanswered(wish, scene.which.name, template, unanswered))
    is_fresh = decision.move in (Move.CREATE, Move.START_ACTIVE)
    version = coder.template_version(template.active_version_id).name if is_fresh or workspace is None else ""
    return Plan(
        workspace=scene.which.name,
        owner=scene.which.owner or scene.user.username,
        template=template.name,
        version=version or (workspace.latest_build.template_version_name if workspace else ""),
        move=decision.move.value,
        why=f"{scene.which.name} {decision.why}",
        usually_seconds=usual.usual_build_seconds(template) if builds else None,
        parameters=parameters,
    )


def _parameters(coder: Coder, wish: Wish, scene: Scene, move: Move) -> tuple[tuple[Setting, ...], list[str]]:
    """The values the build would have, and the names of those that somebody would be asked for."""
    template, workspace, values = scene.template, scene.workspace, dict[str, str]()
    if workspace is not None:
        values = {row.name: row.value for row in coder.build_parameters(workspace.latest_build.id)}
    unanswered: list[str] = []
    is_fresh = workspace is None or move in (Move.CREATE, Move.START_ACTIVE)
    if is_fresh or wish.preset or wish.parameters:
        version = template.active_version_id
        if workspace is not None and not is_fresh:
            version = workspace.latest_build.template_version_id
        preset = None
        if move is Move.CREATE or wish.preset:
            preset = choose_preset(coder.presets(version), wish, template.name, scene.which.name)
        given = values | {row.Name: row.Value for row in (preset.Parameters if preset else ())} | dict(wish.parameters)
        rows = [row for row in coder.rich_parameters(version) if not row.ephemeral]
        unanswered = missing_names(rows, given)
        values = {row.name: row.default_value for row in rows if row.name not in unanswered} | given
    values |= wish.parameters
    return tuple(Setting(name, value) for name, value in values.items()), unanswered


def _unanswered(wish: Wish, name: str, template: Template, names: list[str]) -> MissingInput:
    return MissingInput(
        f"the template {safe(template.name)} will ask for {sentence(', '.join(names))}",
        cause="they have no value yet",
        tries=[wish.anew(name, *map(flag, names))],
    )
