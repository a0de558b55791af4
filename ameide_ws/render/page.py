"""The answer of `show`: one workspace, layer by layer."""

from datetime import datetime

from ameide_ws.host import Host
from ameide_ws.render.facts import STATUS_STYLES, Fact, below_each_other, clock, fact
from ameide_ws.render.look import Look
from ameide_ws.results import Agent, Build, Page
from ameide_ws.text import SafeText, safe
from ameide_ws.when import age, rfc3339, spoken

_SCRIPT_WORDS = {"": "running", "timed_out": "timed out", "pipes_left_open": "left pipes open"}


def page_card(page: Page, look: Look, host: Host, suffix: str = "") -> SafeText:
    """One page for a person. suffix: the options that lead a command to the same Coder."""
    status = safe("dormant" if page.dormant else page.status)
    painted = look.paint(STATUS_STYLES.get(status, "yellow"), status)
    head = f"{look.paint('bold', safe(page.name))}  {safe(page.template)} ({safe(page.version)})  {painted}"
    facts = page_facts(page, host, suffix)[4:]
    if page.status in ("stopped", "failed", "canceled"):
        facts.append(fact("start it", f"ameide-ws up {page.name}{suffix}"))
    return SafeText("\n".join([head, *below_each_other(facts, look)]))


def page_facts(page: Page, host: Host, suffix: str = "") -> list[Fact]:
    """Everything `show` tells, fact by fact."""
    now = page.now or host.now()
    facts = [
        fact("name", page.name), fact("owner", page.owner), fact("template", page.template),
        fact("status", "dormant" if page.dormant else page.status),
        fact("health", "healthy" if page.healthy else "unhealthy"),
    ]  # fmt: skip
    for agent in page.agents:
        facts += _agent(agent)
    facts += [fact("parameter", f"{each.name} = {each.value}") for each in page.parameters]
    facts += [_version(page, suffix), *_stops(page, host), _build(page.build, now)]
    if page.build.error:
        facts.append(fact("error", page.build.error))
    facts.append(_when("created", page.created_at, now))
    facts.append(_when("last used", page.last_used_at, now))
    return facts


def _agent(agent: Agent) -> list[Fact]:
    about = ", ".join(part for part in (agent.status, agent.lifecycle_state, agent.architecture, agent.version) if part)
    facts = [fact(f"agent {agent.name}", about)]
    if agent.status == "timeout" and agent.troubleshooting_url:
        facts.append(fact("see", agent.troubleshooting_url))
    for script in agent.scripts:
        word = _SCRIPT_WORDS.get(script.status, script.status)
        word = "not started" if not script.status and agent.lifecycle_state in ("", "created") else word
        facts.append(fact("script", f"{script.name}: {f'exited {script.exit_code}' if script.exit_code else word}"))
    for app in agent.apps:
        facts.append(fact("app", f"{app.name or app.slug}: {app.url}" + (f" ({app.health})" if app.health else "")))
    for reading in agent.metadata:
        facts.append(fact(reading.name, reading.value or f"unknown: {reading.error or 'no value yet'}"))
    return facts


def _version(page: Page, suffix: str) -> Fact:
    if not page.outdated:
        return fact("version", f"{page.version}, the active one")
    behind = "" if page.versions_behind is None else f"{page.versions_behind} behind, "
    way = f"ameide-ws up {page.name} --update{suffix}"
    return fact("version", f"{page.version}, {behind}{page.active_version} is active: {way}")


def _stops(page: Page, host: Host) -> list[Fact]:
    idle = f" after {spoken(page.ttl_seconds)} idle" if page.ttl_seconds else ""
    if page.stops_at is not None:
        moved = ", moved by use" if page.stops_moved else ""
        return [fact("stops", f"{clock(page.stops_at, host)}{idle}{moved}", rfc3339(page.stops_at))]
    return [fact("stops", idle.strip() or "not by itself", "")]


def _build(build: Build, now: datetime) -> Fact:
    took = "" if build.seconds is None else f" in {spoken(build.seconds)}"
    since = f", {_ago(build.started_at, now)}" if build.started_at else ""
    by = f", by {build.initiator}" if build.initiator else ""
    return fact("last build", f"#{build.number} {build.transition} {build.status}{took}{since}{by}")


def _when(name: str, at: datetime | None, now: datetime) -> Fact:
    return fact(name, _ago(at, now), rfc3339(at) or "")


def _ago(at: datetime | None, now: datetime) -> str:
    said = age(at, now)
    return said if said in ("never", "now") else f"{said} ago"
