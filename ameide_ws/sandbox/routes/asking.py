"""What every route needs of a request: the world, who asks, the body and its strictness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import HTTPConnection

from ..answers import NIL, SIGNED_OUT, Refused, absent
from ..people import ORGANIZATION_ID, Person
from ..world import Request, World

LARGEST = 4 * 1024 * 1024


def world_of(request: HTTPConnection) -> World:
    world: World = request.scope["world"]
    return world


def asked_of(request: HTTPConnection) -> Request:
    asked: Request = request.scope["asked"]
    return asked


def me(request: HTTPConnection) -> Person:
    """Who asks; Coder's 401 when nobody does."""
    person: Person | None = request.scope["me"]
    if person is not None:
        return person
    token: str | None = request.scope["token"]
    if not token:
        detail = 'Cookie "coder_session_token" or query parameter must be provided.'
    elif token.count("-") != 1:
        parts = len(token.split("-"))
        detail = f"Invalid API key format: incorrect amount of API key parts, expected 2 got {parts}"
    elif token in world_of(request).issued:
        detail = "API key has expired."
    else:
        detail = "API key is invalid."
    protected = f"{world_of(request).url}/.well-known/oauth-protected-resource"
    challenge = (
        'Bearer realm="coder", error="invalid_token", error_description="The access token has expired", '
        f'resource_metadata="{protected}"'
    )
    raise Refused(401, SIGNED_OUT, detail, headers={"www-authenticate": challenge})


def owner_of(request: HTTPConnection) -> Person:
    """The `{user}` of the path; another user's things are absent to a member."""
    asker = me(request)
    person = world_of(request).person(request.path_params["user"], asker)
    if person is None or (person is not asker and not asker.is_owner):
        raise absent()
    return person


def organization(request: HTTPConnection) -> None:
    """Check the `{organization}` of the path, of which there is one."""
    me(request)
    if request.path_params["organization"] not in ("default", "coder", ORGANIZATION_ID):
        raise absent()


def path_id(request: HTTPConnection, name: str = "id") -> str:
    value: str = request.path_params[name]
    try:
        return str(UUID(value))
    except ValueError:
        raise Refused(400, f'Invalid UUID "{value}".', f"invalid UUID length: {len(value)}") from None


def whole_number(request: HTTPConnection, name: str) -> int:
    """A query parameter such as `limit`; absent is 0, which means no limit."""
    text = request.query_params.get(name, "")
    if not text:
        return 0
    if not text.isdigit():
        sign = text.startswith("-") and text[1:].isdigit()
        why = "value is negative" if sign else f'strconv.ParseInt: parsing "{text}": invalid syntax'
        wrong = [(name, f'Query param "{name}" must be a valid 32-bit positive integer: {why}')]
        raise Refused(400, "Query parameters have invalid values.", validations=wrong)
    return int(text)


def read_body(request: HTTPConnection, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON body, whose fields must be among these, of these types.

    Coder ignores a field it does not know. Here it is refused: it can only be a client's typing error.
    """
    raw = asked_of(request).body
    if len(raw) > LARGEST:
        raise Refused(413, "Request body too large.", "http: request body too large")
    try:
        body = json.loads(raw)
    except ValueError as wrong:
        raise Refused(400, "Request body must be valid JSON.", str(wrong)) from None
    if not isinstance(body, dict):
        detail = f"json: cannot unmarshal {type(body).__name__} into Go value"
        raise Refused(400, "Request body must be valid JSON.", detail)
    check_fields(body, fields)
    # An id of zeros is Go's way to say that there is none.
    return {name: None if fields[name] is UUID and value == NIL else value for name, value in body.items()}


def is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and UUID(value) is not None
    except ValueError:
        return False


def check_fields(body: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if name not in fields:
            raise Refused(
                400,
                f'The sandbox refuses the field "{name}".',
                "Coder would silently ignore it, so it can only be a typing error.",
                [(name, "no such field")],
            )
        wanted = fields[name]
        if wanted is UUID:
            if value is not None and not is_uuid(value):
                detail = f"invalid UUID length: {len(str(value))}"
                raise Refused(400, "Request body must be valid JSON.", detail)
        elif value is not None and not isinstance(value, wanted):
            detail = f"json: cannot unmarshal {type(value).__name__} into Go struct field .{name}"
            raise Refused(400, "Request body must be valid JSON.", detail)


def given_values(body: Mapping[str, Any]) -> dict[str, str]:
    """The `rich_parameter_values` of a body: all values travel as strings."""
    values: dict[str, str] = {}
    for entry in body.get("rich_parameter_values") or []:
        if not isinstance(entry, dict):
            raise Refused(400, "Request body must be valid JSON.", "json: cannot unmarshal into rich_parameter_values")
        check_fields(entry, {"name": str, "value": str})
        values[entry.get("name", "")] = entry.get("value", "")
    return values
