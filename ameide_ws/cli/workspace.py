"""The commands people came for: `up`, `list`, `show`, and the page without a command."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ameide_ws.app import App
from ameide_ws.cli.deliver import deliver
from ameide_ws.cli.names import remember
from ameide_ws.cli.options import one_of
from ameide_ws.cli.parameters import gathered
from ameide_ws.cli.words import WAITS
from ameide_ws.events import Course
from ameide_ws.problems import BadUrl
from ameide_ws.results import Home, Listing, Page, Plan, Up

if TYPE_CHECKING:
    from ameide_ws.workspaces.wish import Wish

HALF_AN_HOUR = 1800.0
GRACE = 2.0
Name = Annotated[str | None, typer.Argument(metavar="NAME", help="a workspace: NAME, NAME.AGENT or OWNER/NAME")]
Template = Annotated[str | None, typer.Option("--template", metavar="TEMPLATE", help="the template")]


def up(
    ctx: typer.Context,
    name: Name = None,
    template: Template = None,
    param: Annotated[list[str] | None, typer.Option(metavar="K=V", help="a template parameter; repeatable")] = None,
    params_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="parameters in TOML or JSON; - reads stdin")
    ] = None,
    preset: Annotated[str | None, typer.Option(metavar="PRESET", help="a preset of the template, or none")] = None,
    update: Annotated[
        bool | None, typer.Option("--update/--no-update", help="move to the active version, or not")
    ] = None,
    open_: Annotated[bool | None, typer.Option("--open/--no-open", help="open the browser, or not")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="say what would happen, change nothing")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="return once the build has begun")] = False,
    wait: Annotated[str, typer.Option(metavar="LAYER", help=f"return after {', '.join(WAITS)}")] = "editor",
) -> int:
    """From nothing to a working editor.

    Use it whenever you want to work: it creates your workspace, starts it, or finds it running, and ends when
    VS Code answers in the browser. Type it again after anything went wrong.

    \b
    Examples:
      ameide-ws up                      your workspace, ready
      ameide-ws up --plan               what would happen
      ameide-ws up demo --param region=eu --no-open

    \b
    Exit codes: 0 ready, 2 wrong or missing input, 3 not found, 4 sign in first,
    5 not allowed, 6 conflict, 7 Coder not reachable, 8 not finished in time,
    10 build failed, 11 build cancelled, 12 agent or 13 editor not ready.
    """
    app: App = ctx.obj
    app.limit, app.grace = HALF_AN_HOUR, GRACE

    def wish() -> "Wish":
        return _wish(
            app, name=name, template=template, preset=preset, update=update, detach=detach,
            wait=one_of(wait, WAITS, "ameide-ws up --wait"), parameters=gathered(app.host, param or (), params_file),
        )  # fmt: skip

    if plan:
        return deliver(app, lambda: _plan(app, wish()))
    return deliver(app, lambda: _up(app, wish()), effects=True, then=lambda result: _arrived(app, result, open_))


def list_(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="everybody's that you may see")] = False,
    template: Template = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="running, stopped, failed, …")] = None,
) -> int:
    """Your workspaces.

    Use it to see what you have, what runs, and when it stops by itself.

    \b
    Examples:
      ameide-ws list
      ameide-ws list --status running -o name
      ameide-ws list --all --json

    Exit codes: 0 also when there are none, 4 sign in first, 7 Coder not reachable.
    """
    app: App = ctx.obj

    def keep(result: Listing) -> None:
        if not (all_ or template or status or app.options.sandbox):
            remember(app.host, [row.name for row in result.rows])

    return deliver(app, lambda: _list(app, all_, template, status), then=keep)


def show(ctx: typer.Context, name: Name = None) -> int:
    """One workspace on one page.

    Use it to see how a workspace is: its agent, scripts, apps and their addresses, parameters, last build,
    and when it stops.

    \b
    Examples:
      ameide-ws show
      ameide-ws show demo --json

    Exit codes: 0, 2 several could be meant, 3 not found, 4 sign in first, 7 Coder not reachable.
    """
    app: App = ctx.obj
    return deliver(app, lambda: _show(app, name))


def home(app: App) -> int:
    """The page without a command: where you stand, and what to type next."""
    app.limit = 2.0
    return deliver(app, lambda: _home(app))


def _arrived(app: App, result: Up, wanted: bool | None) -> None:
    """Remember the name for completion, and open the browser where a person looks on."""
    if not app.options.sandbox:
        remember(app.host, [result.workspace], more=True)
    if not result.openable:
        return
    looks_on = app.host.is_terminal(app.host.out) and app.settings.opens
    opens = looks_on if wanted is None else wanted
    address = app.door(result.url) if opens or app.options.sandbox else ""
    if address and opens and app.host.open(address):
        app.voice.say("Opened in your browser.")
    elif wanted:
        app.voice.say("No browser could be opened here; the address is above.")
    elif address != result.url and address:
        app.voice.say(f"Sign a browser in to the sandbox (works once, within a minute): {address}")


# The courses. Each imports what it needs when it begins, so that help and usage errors load none of it.


def _wish(app: App, *, name: str | None, template: str | None = None, **said: Any) -> "Wish":
    """The options as the core takes them. A name that can be none is refused before anybody is asked anything."""
    from ameide_ws.workspaces.wish import Wish, which

    if name is not None:
        which(name)
    settings = app.settings
    return Wish(
        name=name,
        template=template or settings["template"], template_chosen=template is not None, app=settings["app"],
        provider=settings["provider"], seconds=app.seconds, suffix=app.suffix, **said,
    )  # fmt: skip


def _up(app: App, wish: "Wish") -> Course[Up]:
    from ameide_ws.workspaces.up import up

    return up(app.coder, app.host, wish)


def _plan(app: App, wish: "Wish") -> Course[Plan]:
    from ameide_ws.workspaces.plan import plan

    return plan(app.coder, app.host, wish)


def _list(app: App, everyone: bool, template: str | None, status: str | None) -> Course[Listing]:
    from ameide_ws.workspaces.listing import listing

    return listing(app.coder, everyone=everyone, template=template, status=status)


def _show(app: App, name: str | None) -> Course[Page]:
    from ameide_ws.workspaces.page import page

    return page(app.coder, app.host, _wish(app, name=name))


def _home(app: App) -> Course[Home]:
    from ameide_ws.workspaces.home import home

    try:
        url = app.address()
    except BadUrl as problem:
        return Home("", "", f"{problem.message}: {problem.cause}", (), problem.tries[0])
    result = yield from home(lambda: app.coder, url)
    is_ours = result.next_command.startswith("ameide-ws ")
    return result._replace(next_command=result.next_command + app.suffix) if is_ours else result
