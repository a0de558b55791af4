"""What the deployment says about itself, mostly to anybody."""

from __future__ import annotations

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from ..answers import VERSION, Refused, reply
from ..people import ORGANIZATION
from .asking import me, organization, world_of

DEPLOYMENT_ID = "5a4d0b0c-0000-4000-8000-00000000d00d"


async def root(_: Asked) -> Response:
    return reply({"message": "👋"})


async def healthz(_: Asked) -> Response:
    return Response("OK", media_type="text/plain; charset=utf-8")


async def buildinfo(request: Asked) -> Response:
    return reply(
        {
            "external_url": "https://github.com/coder/coder",
            "version": VERSION,
            "dashboard_url": world_of(request).url,
            "telemetry": False,
            "workspace_proxy": False,
            "agent_api_version": "1.0",
            "provisioner_api_version": "1.18",
            "upgrade_message": "",
            "deployment_id": DEPLOYMENT_ID,
            "webpush_public_key": "",
        }
    )


async def regions(request: Asked) -> Response:
    me(request)
    region = {
        "id": DEPLOYMENT_ID,
        "name": "primary",
        "display_name": "Default",
        "icon_url": "/emojis/1f3e1.png",
        "healthy": True,
        "path_app_url": world_of(request).url,
        "wildcard_hostname": "",
    }
    return reply({"regions": [region]})


async def experiments(request: Asked) -> Response:
    me(request)
    return reply([])


async def entitlements(_: Asked) -> Response:
    """Absent in an AGPL build, which is what the sandbox tells."""
    raise Refused(404, "Route not found.")


async def authmethods(_: Asked) -> Response:
    return reply(
        {
            "password": {"enabled": True},
            "github": {"enabled": False, "default_provider_configured": False},
            "oidc": {"enabled": True, "signInText": "Sign in with Keycloak", "iconUrl": ""},
        }
    )


async def organizations(request: Asked) -> Response:
    me(request)
    return reply([ORGANIZATION])


async def one_organization(request: Asked) -> Response:
    organization(request)
    return reply(ORGANIZATION)


async def oauth_metadata(_: Asked) -> Response:
    raise Refused(403, "Experiment 'oauth2' is required but not enabled")


ROUTES = [
    Route("/healthz", healthz),
    Route("/latency-check", healthz),
    Route("/api/v2/", root),
    Route("/api/v2/buildinfo", buildinfo),
    Route("/api/v2/regions", regions),
    Route("/api/v2/experiments", experiments),
    Route("/api/v2/entitlements", entitlements),
    Route("/api/v2/users/authmethods", authmethods),
    Route("/api/v2/organizations", organizations),
    Route("/api/v2/users/me/organizations", organizations),
    Route("/api/v2/organizations/{organization}", one_organization),
    Route("/.well-known/oauth-authorization-server", oauth_metadata),
]
