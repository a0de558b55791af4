"""Templates and their versions, presets and parameters."""

from __future__ import annotations

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from ..answers import Refused, absent, reply
from ..search import Query
from ..templates import Template, Version
from .asking import me, organization, path_id, read_body, whole_number, world_of

QUERY_KEYS = (
    "organization",
    "exact_name",
    "exact_display_name",
    "name",
    "display_name",
    "ids",
    "deprecated",
    "deleted",
    "author",
    "author_id",
    "has-ai-task",
    "has_external_agent",
    "agents-allowed",
)


def found(template: Template | None) -> Template:
    if template is None:
        raise absent()
    return template


def version_of(request: Asked) -> Version:
    me(request)
    version = world_of(request).version(path_id(request))
    if version is None:
        raise absent()
    return version


def active_users(request: Asked, template: Template) -> int:
    living = (workspace for workspace in world_of(request).workspaces if not workspace.is_deleted)
    return len({workspace.owner.id for workspace in living if workspace.template is template})


async def every(request: Asked) -> Response:
    me(request)
    query = Query(request.query_params.get("q", ""), QUERY_KEYS, "display_name", "Invalid template search query.")
    templates = world_of(request).templates
    for key in ("name", "display_name"):
        for wanted in query.values(key):
            templates = [one for one in templates if wanted in getattr(one, key).lower()]
    for wanted in query.values("exact_name"):
        templates = [one for one in templates if wanted == one.name.lower()]
    return reply([template.json(active_users(request, template)) for template in templates])


async def every_of_organization(request: Asked) -> Response:
    organization(request)
    return await every(request)


async def by_name(request: Asked) -> Response:
    organization(request)
    named = (one for one in world_of(request).templates if one.name == request.path_params["template"])
    template = found(next(named, None))
    return reply(template.json(active_users(request, template)))


async def by_id(request: Asked) -> Response:
    me(request)
    template = found(world_of(request).template(path_id(request)))
    return reply(template.json(active_users(request, template)))


async def versions(request: Asked) -> Response:
    me(request)
    template = found(world_of(request).template(path_id(request)))
    limit, offset = whole_number(request, "limit"), whole_number(request, "offset")
    rows = template.versions[offset : offset + limit if limit else None]
    return reply([version.json() for version in rows])


async def version_by_name(request: Asked) -> Response:
    me(request)
    template = found(world_of(request).template(path_id(request)))
    for version in template.versions:
        if version.name == request.path_params["version"]:
            return reply(version.json())
    raise Refused(404, f'No template version found by name "{request.path_params["version"]}".')


async def version(request: Asked) -> Response:
    return reply(version_of(request).json())


async def presets(request: Asked) -> Response:
    """By name; a Go slice that was never filled is null."""
    presets = sorted(version_of(request).presets, key=lambda preset: preset.name)
    return reply([preset.json() for preset in presets] or None)


async def rich_parameters(request: Asked) -> Response:
    return reply([parameter.rich() for parameter in version_of(request).parameters])


async def variables(request: Asked) -> Response:
    return reply(version_of(request).variables)


async def external_auth(request: Asked) -> Response:
    version, person = version_of(request), me(request)
    if not version.needs_github:
        return reply([])
    provider = {
        "id": "github",
        "type": "github",
        "display_name": "GitHub",
        "display_icon": "/icon/github.svg",
        "authenticate_url": f"{world_of(request).url}/external-auth/github",
        "authenticated": person.github,
    }
    return reply([provider])


async def evaluate(request: Asked) -> Response:
    version = version_of(request)
    body = read_body(request, {"id": int, "inputs": dict, "owner_id": str})
    owner = world_of(request).person(body.get("owner_id"), None)
    if owner is None:
        diagnostic = {
            "severity": "error",
            "summary": "Failed to fetch workspace owner",
            "detail": "Please check your permissions or the user may not exist.",
            "extra": {"code": "owner_not_found"},
        }
        return reply({"id": 0, "diagnostics": [diagnostic], "parameters": None})
    inputs = {name: value for name, value in (body.get("inputs") or {}).items() if isinstance(value, str)}
    parameters = [parameter.evaluated(inputs.get(parameter.name)) for parameter in version.parameters]
    return reply({"id": 0, "diagnostics": [], "parameters": parameters})


ROUTES = [
    Route("/api/v2/templates", every),
    Route("/api/v2/organizations/{organization}/templates", every_of_organization),
    Route("/api/v2/organizations/{organization}/templates/{template}", by_name),
    Route("/api/v2/templates/{id}", by_id),
    Route("/api/v2/templates/{id}/versions", versions),
    Route("/api/v2/templates/{id}/versions/{version}", version_by_name),
    Route("/api/v2/templateversions/{id}", version),
    Route("/api/v2/templateversions/{id}/presets", presets),
    Route("/api/v2/templateversions/{id}/rich-parameters", rich_parameters),
    Route("/api/v2/templateversions/{id}/variables", variables),
    Route("/api/v2/templateversions/{id}/external-auth", external_auth),
    Route("/api/v2/templateversions/{id}/dynamic-parameters/evaluate", evaluate, methods=["POST"]),
]
