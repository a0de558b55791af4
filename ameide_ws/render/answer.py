"""A result in the format that was asked for. `remark` is what belongs beside it, on stderr."""

from ameide_ws.host import Host
from ameide_ws.render.cards import (
    home_card,
    home_facts,
    plan_card,
    plan_facts,
    sandbox_card,
    up_card,
    up_facts,
    version_facts,
)
from ameide_ws.render.facts import below_each_other, tabbed_facts
from ameide_ws.render.look import Look
from ameide_ws.render.page import page_card, page_facts
from ameide_ws.render.rows import listed, names, none_found
from ameide_ws.results import Home, Listing, Page, Plan, Result, Sandbox, Text, Up, Version
from ameide_ws.text import SafeText, safe, sentence, word


def answered(result: Result, form: str, look: Look, host: Host, *, table: bool, suffix: str = "") -> SafeText:
    """What goes to stdout, without the last line break; empty for nothing.

    table: a person reads it. suffix: the options that lead a command to the same Coder.
    """
    if form == "name":
        return SafeText("\n".join(named(result)))
    if isinstance(result, Listing):
        return listed(result, result.now or host.now(), look, wide=form == "wide", table=table)
    return _for_person(result, form, look, host, suffix) if table else _for_program(result, form, host)


def named(result: Result) -> list[SafeText]:
    """The names in a result, for the next command."""
    match result:
        case Listing():
            return names(result)
        case Up() | Plan():
            return [safe(result.workspace)]
        case Page():
            return [safe(result.name)]
        case Home():
            return [safe(row.name) for row in result.workspaces]
        case Text():
            return [safe(result.name)]
        case Sandbox():
            return [sentence(result.url)] if result.running else []
        case Version():
            return [safe(result.version)]


def _for_person(result: Result, form: str, look: Look, host: Host, suffix: str) -> SafeText:
    match result:
        case Up():
            wide = ["", *below_each_other(up_facts(result), look)] if form == "wide" else []
            return SafeText("\n".join([up_card(result, look, host, suffix), *wide]))
        case Plan():
            return plan_card(result, look)
        case Page():
            return page_card(result, look, host, suffix)
        case Home():
            return home_card(result, look, host)
        case Sandbox():
            return sandbox_card(result, look)
        case Version():
            return SafeText("\n".join(below_each_other(version_facts(result), look, indent="")))
        case Text():
            return SafeText(result.text.rstrip("\n"))
        case Listing():
            raise AssertionError("a listing has a table of its own")


def _for_program(result: Result, form: str, host: Host) -> SafeText:
    match result:
        case Up():
            return tabbed_facts(up_facts(result)) if form == "wide" else sentence(result.url)
        case Plan():
            return tabbed_facts(plan_facts(result))
        case Page():
            return tabbed_facts(page_facts(result, host))
        case Home():
            return tabbed_facts(home_facts(result, Look(), host))
        case Sandbox():
            return sentence(result.url if result.running else "")
        case Version():
            return tabbed_facts(version_facts(result))
        case Text():
            return SafeText(result.text.rstrip("\n"))
        case Listing():
            raise AssertionError("a listing has lines of its own")


def remark(result: Result, *, table: bool, suffix: str = "") -> SafeText:
    """A sentence beside the result: an empty list, a hint, what a pipe would not see."""
    match result:
        case Listing():
            return none_found(result)
        case Text():
            return sentence(result.hint)
        case Sandbox():
            if result.note or result.running or table:
                return sentence(result.note)
            return SafeText("No sandbox runs. Start one: ameide-ws sandbox start")
        case Up():
            if result.status == "pending" and not table:
                return SafeText(
                    f"On its way. Follow it with: ameide-ws up {word(result.called or result.workspace)}{suffix}"
                )
            return SafeText("")
        case _:
            return SafeText("")
