"""Users, and what they have linked."""

from __future__ import annotations

import secrets

from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from ..answers import NEVER, Refused, absent, moment, nothing, reply
from .asking import me, owner_of, read_body, world_of

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
        raise absent()
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


async def unlink(request: Asked) -> Response:
    person = me(request)
    if not person.github:
        raise absent()
    person.github = False
    return reply({"token_revoked": False})


async def device_start(request: Asked) -> Response:
    """A new code for each call, so nobody should ask twice."""
    me(request)
    code = secrets.token_hex(20)
    world = world_of(request)
    world.device_codes[code] = list(world.device_answers)
    return reply(
        {
            "device_code": code,
            "user_code": "ABCD-1234",
            "verification_uri": f"{world.url}/login/device",
            "expires_in": 900,
            "interval": 5,
        }
    )


async def device_exchange(request: Asked) -> Response:
    """What GitHub says next: pending and slow_down as arranged, then linked."""
    person, world = me(request), world_of(request)
    code = read_body(request, {"device_code": str}).get("device_code") or ""
    if code not in world.device_codes:
        raise Refused(400, "Failed to exchange device code.", "incorrect_device_code")
    if world.device_codes[code]:
        raise Refused(400, "Failed to exchange device code.", world.device_codes[code].pop(0))
    person.github = True
    return nothing()


ROUTES = [
    Route("/api/v2/users/first", first),
    Route("/api/v2/users/{user}", one),
    Route("/api/v2/users/{user}/login-type", login_type),
    Route("/api/v2/external-auth", external_auths),
    Route("/api/v2/external-auth/{provider}", external_auth),
    Route("/api/v2/external-auth/{provider}", unlink, methods=["DELETE"]),
    Route("/api/v2/external-auth/{provider}/device", device_start),
    Route("/api/v2/external-auth/{provider}/device", device_exchange, methods=["POST"]),
]
