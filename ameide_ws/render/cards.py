"""The answers of `up`, `up --plan`, the page without arguments, `sandbox` and `version`, for people and for pipes."""

from ameide_ws.host import Host
from ameide_ws.render.facts import STATUS_STYLES, Fact, below_each_other, clock, fact, until
from ameide_ws.render.look import Look
from ameide_ws.results import Home, Plan, Sandbox, Up, Version
from ameide_ws.text import SafeText, cells, safe, sentence, word
from ameide_ws.when import rfc3339, spoken

_DONE = {"build": "Built", "agent": "Connected", "scripts": "Set up", "editor": "Ready"}


def up_card(up: Up, look: Look, host: Host, suffix: str = "") -> SafeText:
    """What a person sees when `up` has ended: the address, when it stops, what to type next.

    suffix: the options that lead a command to the same Coder.
    """
    name = word(up.called or up.workspace)
    if up.status == "pending":
        return SafeText(f"On its way. Follow it with: ameide-ws up {name}{suffix}")
    head = look.paint("green", f"{_DONE.get(up.wait, 'Ready')} in {spoken(up.seconds)}")
    address = f": {sentence(up.url)}" if up.url else f": {safe(up.workspace)}"
    stops = _stops(up, host)
    ways = f"look: ameide-ws show {name}{suffix} · come back: ameide-ws up {name}{suffix}"
    between = " · " if cells(stops) + cells(ways) + 3 <= look.columns else "\n"
    return SafeText(f"{head}{address}\n{stops}{between}{ways}")


def _stops(up: Up, host: Host) -> str:
    idle = f" after {spoken(up.idle_seconds)} idle" if up.idle_seconds else ""
    if up.stops_at is None:
        return f"Stops{idle}" if idle else "Does not stop by itself"
    return f"Stops{idle} (now {clock(up.stops_at, host)})" if idle else f"Stops at {clock(up.stops_at, host)}"


def plan_card(plan: Plan, look: Look) -> SafeText:
    """What `up` would do."""
    lines = [f"{look.paint('bold', safe(plan.workspace))}  {safe(plan.template)} ({safe(plan.version)})"]
    lines += below_each_other(plan_facts(plan)[4:], look)
    return SafeText("\n".join([*lines, "Nothing was changed."]))


def plan_facts(plan: Plan) -> list[Fact]:
    """A plan, fact by fact."""
    usually = "" if plan.usually_seconds is None else spoken(plan.usually_seconds)
    facts = [
        fact("workspace", plan.workspace), fact("owner", plan.owner), fact("template", plan.template),
        fact("version", plan.version), fact("move", plan.move), fact("why", plan.why),
    ]  # fmt: skip
    if usually:
        facts.append(fact("usually", usually, f"{plan.usually_seconds:g}"))
    return facts + [fact("parameter", f"{each.name} = {each.value}") for each in plan.parameters]


def home_card(home: Home, look: Look, host: Host) -> SafeText:
    """Half a screen: what this is, where you stand, what to type next."""
    lines = ["ameide-ws takes you to a working VS Code in the browser, on Coder.", ""]
    lines += below_each_other(home_facts(home, look, host), look)
    return SafeText("\n".join(lines))


def home_facts(home: Home, look: Look, host: Host) -> list[Fact]:
    """Where the person stands, fact by fact."""
    now = home.now or host.now()
    facts = [fact("Coder", home.url)]
    facts.append(fact("signed in", f"as {home.signed_in_as}" if home.signed_in_as else f"no: {home.trouble}"))
    width = max((cells(safe(row.name)) for row in home.workspaces), default=0)
    for row in home.workspaces:
        name, status = safe(row.name), safe("dormant" if row.dormant else row.status)
        stops = f", stops {until(row.stops_at, now)}" if row.stops_at else ""
        pad = " " * (width - cells(name) + 2)
        shown = f"{name}{pad}{look.paint(STATUS_STYLES.get(status, 'yellow'), status)}{stops}"
        facts.append(Fact("workspaces", SafeText(shown), SafeText(f"{name} {status}")))
    if home.signed_in_as and not home.workspaces:
        facts.append(fact("workspaces", "none yet"))
    facts.append(Fact("next", look.paint("bold", sentence(home.next_command)), sentence(home.next_command)))
    if not home.signed_in_as:
        facts.append(fact("or", "ameide-ws up --sandbox   # try it on this machine, without an account"))
    facts.append(fact("help", "ameide-ws --help"))
    return facts


def sandbox_card(sandbox: Sandbox, look: Look) -> SafeText:
    """The state of the sandbox for a person."""
    if not sandbox.running:
        return SafeText("" if sandbox.note else "No sandbox runs. Start one: ameide-ws sandbox start")
    facts = [
        fact("address", sandbox.url), fact("story", sandbox.story), fact("since", sandbox.started_at),
        fact("editor", sandbox.editor), fact("try it", "ameide-ws up --sandbox"),
        fact("end it", "ameide-ws sandbox stop"),
    ]  # fmt: skip
    return SafeText("\n".join(["The sandbox runs.", *below_each_other([f for f in facts if f.text], look)]))


def version_facts(version: Version) -> list[Fact]:
    """Who we are and whom we talk to."""
    return [
        fact("ameide-ws", version.version), fact("python", version.python), fact("platform", version.platform),
        fact("coder", version.url), fact("server", version.server or "not asked or no answer", version.server),
    ]  # fmt: skip


def up_facts(up: Up) -> list[Fact]:
    """`up -o wide`: everything it knows."""
    facts = [
        fact("url", up.url), fact("workspace", up.workspace), fact("owner", up.owner), fact("template", up.template),
        fact("version", up.version), fact("build", str(up.build_number)), fact("stops", rfc3339(up.stops_at) or ""),
        fact("seconds", f"{up.seconds:.1f}"),
    ]  # fmt: skip
    words = {True: "ok", False: "failed", None: "not finished"}
    for layer in up.layers:
        took = "" if layer.seconds is None else f" in {spoken(layer.seconds)}"
        facts.append(fact(layer.step, f"{words[layer.ok]}{took}"))
    return facts
