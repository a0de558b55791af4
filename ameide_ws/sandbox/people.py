"""The users, their tokens and the one organization of a world."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime

from .answers import Json, fresh_id, moment

ORGANIZATION_ID = "5a4d0b0c-0000-4000-8000-00000000c0de"
ORGANIZATION: Json = {
    "id": ORGANIZATION_ID,
    "name": "coder",
    "display_name": "Coder",
    "icon": "",
    "description": "Builtin default organization.",
    "created_at": "2026-01-05T08:00:00.302402Z",
    "updated_at": "2026-01-05T08:00:00.302402Z",
    "is_default": True,
    "default_org_member_roles": ["organization-workspace-access"],
}


def new_token(key: str) -> str:
    """A token of Coder's shape whose first half says that it is not real."""
    alphabet = string.ascii_letters + string.digits
    return f"{key}-" + "".join(secrets.choice(alphabet) for _ in range(22))


@dataclass
class Person:
    username: str
    name: str
    email: str
    login_type: str
    created_at: datetime
    is_owner: bool = False
    github: bool = False
    id: str = field(default_factory=fresh_id)

    def json(self) -> Json:
        made = moment(self.created_at)
        return {
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "email": self.email,
            "created_at": made,
            "updated_at": made,
            "last_seen_at": made,
            "status": "active",
            "login_type": self.login_type,
            "organization_ids": [ORGANIZATION_ID],
            "roles": [{"name": "owner", "display_name": "Owner"}] if self.is_owner else [],
            "has_ai_seat": False,
        }
