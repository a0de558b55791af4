"""Users, and what they have linked."""

from __future__ import annotations

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from ..answers import NEVER, Refused, moment, reply
from .asking import me, owner_of

PROVIDER = {
    "id": "github",
    "type": "github",
    "device": True,
    "display_name": "GitHub",
    "display_icon": "/icon/github.svg",
    "allow_refresh": True,
    "allow_validate": True,
    "supports_revocation": True,
    "code_challenge_methods_supported": ["S256"],
}


async def first(_: Asked) -> Response:
    return reply({"message": "The initial user has already been created!"})


async def one(request: Asked) -> Response:
    return reply(owner_of(request).json())


async def login_type(request: Asked) -> Response:
    return reply({"login_type": owner_of(request).login_type})


async def external_auths(request: Asked) -> Response:
    person = me(request)
    link = {
        "provider_id": "github",
        "created_at": moment(person.created_at),
        "updated_at": moment(person.created_at),
        "has_refresh_token": False,
        "expires": NEVER,
        "authenticated": True,
        "validate_error": "",
    }
    return reply({"providers": [PROVIDER], "links": [link] if person.github else []})


async def external_auth(request: Asked) -> Response:
    person = me(request)
    if request.path_params["provider"] != "github":
        raise Refused(404, "Resource not found or you do not have access to this resource")
    user = {
        "id": 4242,
        "login": "dev-one",
        "avatar_url": "https://avatars.example/4242",
        "profile_url": "https://github.com/dev-one",
        "name": person.name,
    }
    return reply(
        {
            "authenticated": person.github,
            "device": True,
            "display_name": "GitHub",
            "supports_revocation": False,
            "user": user if person.github else None,
            "app_installable": False,
            "installations": [],
            "app_install_url": "",
        }
    )


ROUTES = [
    Route("/api/v2/users/first", first),
    Route("/api/v2/users/{user}", one),
    Route("/api/v2/users/{user}/login-type", login_type),
    Route("/api/v2/external-auth", external_auths),
    Route("/api/v2/external-auth/{provider}", external_auth),
]
