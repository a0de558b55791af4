"""The `q=` language of lists (coderd/searchquery): words, `key:value`, quotes, everything in lower case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from .answers import Refused
from .people import Person
from .workspaces import Workspace

WORKSPACE_KEYS = (
    "id",
    "owner",
    "template",
    "name",
    "status",
    "has-agent",
    "dormant",
    "last_used_after",
    "last_used_before",
    "outdated",
    "has-ai-task",
    "has_external_agent",
    "organization",
    "shared",
    "shared_with_user",
    "shared_with_group",
    "healthy",
    "include_agent_metadata",
    "param",
)
STATUSES = (
    "pending",
    "starting",
    "running",
    "stopping",
    "stopped",
    "failed",
    "canceling",
    "canceled",
    "deleted",
    "deleting",
)
ONCE = "Only provide 1 instance of this query param."
TRUE, FALSE = ("1", "t", "true"), ("0", "f", "false")


class Query:
    """A parsed query. A word without a key goes to `default`, or to owner and name as `owner/name`."""

    def __init__(self, text: str, keys: Iterable[str], default: str, message: str) -> None:
        self._message = message
        self._values: dict[str, list[str]] = {}
        allowed = tuple(keys)
        for element in elements(text.lower()):
            key, value = self._pair(element, default)
            if key not in allowed:
                raise self.refusal(key, f'"{key}" is not a valid query param')
            self._values.setdefault(key, []).append(value)

    def _pair(self, element: str, default: str) -> tuple[str, str]:
        if element.startswith(":") or element.endswith(":"):
            raise self.refusal("q", f"Query element \"{element}\" cannot start or end with ':'")
        parts = split(element, ":")
        if len(parts) == 2:
            return parts[0].strip('"'), parts[1].strip('"')
        if len(parts) > 2:
            raise self.refusal("q", f"Query element \"{element}\" can only contain 1 ':'")
        names = [part.strip('"') for part in split(element, "/")]
        if default == "name" and len(names) == 2:
            self._values.setdefault("owner", []).append(names[0])
            return "name", names[1]
        if default == "name" and len(names) > 2:
            raise self.refusal("q", f"Query element \"{element}\" can only contain 1 '/'")
        return default, element.strip('"')

    def refusal(self, key: str, detail: str) -> Refused:
        return Refused(400, self._message, validations=[(key, detail)])

    def values(self, key: str) -> list[str]:
        return self._values.get(key, [])

    def one(self, key: str) -> str | None:
        """The value of a key that may come once."""
        values = self.values(key)
        if len(values) > 1:
            raise self.refusal(key, f'Query param "{key}" provided more than once, found {len(values)} times. {ONCE}')
        return values[0] if values else None

    def truth(self, key: str) -> bool | None:
        value = self.one(key)
        if value is None or value in TRUE + FALSE:
            return None if value is None else value in TRUE
        raise self.refusal(key, f'Query param "{key}" must be a valid boolean')

    def time(self, key: str) -> datetime | None:
        value = self.one(key)
        if value is None:
            return None
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            raise self.refusal(key, f'Query param "{key}" must be a valid date format') from None


def elements(text: str) -> list[str]:
    return split(text, " ")


def split(text: str, delimiter: str) -> list[str]:
    """Fields between delimiters; inside double quotes a delimiter is a character like others."""
    fields, field, quoted = [], "", False
    for character in text:
        quoted ^= character == '"'
        if character == delimiter and not quoted:
            if field:
                fields.append(field)
            field = ""
        else:
            field += character
    return fields + [field] if field else fields


def search(workspaces: Iterable[Workspace], text: str, asker: Person) -> list[Workspace]:
    """The asker's workspaces that match, in Coder's order."""
    query = Query(text, WORKSPACE_KEYS, "name", "Invalid workspace search query.")
    visible = [one for one in workspaces if asker.is_owner or one.owner is asker]
    wants = [
        about_owner(query, asker),
        about_names(query),
        about_state(query),
        about_agent(query),
        about_use(query),
        about_parameters(query),
    ]
    kept = [one for one in visible if all(want(one) for want in wants)]
    return sorted(kept, key=lambda one: order(one, asker))


def order(workspace: Workspace, asker: Person) -> tuple[bool, bool, str, str]:
    build = workspace.latest
    ended_well = build.completed_at is not None and not build.canceled_at and not build.error
    running = build.transition == "start" and ended_well
    mine = workspace.favorite and workspace.owner is asker
    return not mine, not running, workspace.owner.username.lower(), workspace.name.lower()


Want = Callable[[Workspace], bool]


def about_owner(query: Query, asker: Person) -> Want:
    owner = query.one("owner")
    wanted = asker.username if owner == "me" else owner
    return lambda one: wanted is None or one.owner.username.lower() == wanted.lower()


def about_names(query: Query) -> Want:
    name, template, ids = query.one("name"), query.one("template"), query.values("id")
    organization = query.one("organization")
    if organization not in (None, "default", "coder"):
        detail = f'Organization "{organization}" either does not exist, or you are unauthorized to view it'
        raise query.refusal("organization", detail)

    def want(one: Workspace) -> bool:
        named = name is None or name in one.name.lower()
        made = template is None or template == one.template.name.lower()
        return named and made and (not ids or one.id in ids)

    return want


def about_state(query: Query) -> Want:
    status, outdated, dormant = query.one("status"), query.truth("outdated"), query.truth("dormant")
    if status is not None and status not in STATUSES:
        raise query.refusal("status", f'Query param "status" has invalid value: "{status}" is not a valid value')

    def want(one: Workspace) -> bool:
        # Coder shows deleted workspaces only to those who ask for that very status.
        there = one.is_deleted == (status == "deleted")
        same = status is None or one.latest.word == status
        stale = outdated is None or one.is_outdated == outdated
        # `dormant:false` is no filter at all, as in Coder's query.
        return there and same and stale and (not dormant or one.dormant_at is not None)

    return want


def about_agent(query: Query) -> Want:
    statuses = [word for value in query.values("has-agent") for word in value.split(",")]
    healthy = query.truth("healthy")
    if healthy is not None:
        statuses += ["connected"] if healthy else ["disconnected", "timeout"]
    never = query.truth("has-ai-task") or query.truth("has_external_agent") or query.truth("shared")
    nobody = query.one("shared_with_user") or query.one("shared_with_group")

    def want(one: Workspace) -> bool:
        if never or nobody:
            return False
        return not statuses or (one.agent is not None and one.agent.status in statuses)

    return want


def about_use(query: Query) -> Want:
    after, before = query.time("last_used_after"), query.time("last_used_before")
    return lambda one: (after is None or one.last_used_at >= after) and (before is None or one.last_used_at <= before)


def about_parameters(query: Query) -> Want:
    pairs = [value.partition("=") for value in query.values("param")]

    def want(one: Workspace) -> bool:
        has = {name.lower(): value for name, value in one.latest.parameters.items()}
        return all(name in has and (not sign or has[name].lower() == value) for name, sign, value in pairs)

    return want
