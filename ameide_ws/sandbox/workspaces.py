"""Workspaces and their builds as Coder describes them. How a build goes is told by builds.py."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from .agent import Agent
from .answers import Json, encode, fresh_id, moment, now
from .logs import Log
from .people import ORGANIZATION, ORGANIZATION_ID, Person
from .templates import Template, Version, empty_metadata

WORDS = {
    "start": {"pending": "pending", "running": "starting", "succeeded": "running"},
    "stop": {"pending": "pending", "running": "stopping", "succeeded": "stopped"},
    "delete": {"pending": "pending", "running": "deleting", "succeeded": "deleted"},
}
ACTIVE = ("pending", "running", "canceling")


@dataclass
class Build:
    workspace: Workspace
    number: int
    transition: str
    version: Version
    initiator: Person
    log: Log
    parameters: dict[str, str]
    reason: str = "initiator"
    preset_id: str | None = None
    on_success: Json | None = None
    status: str = "pending"
    error: str | None = None
    error_code: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    started_at: datetime | None = None
    completed_at: datetime | None = None
    canceled_at: datetime | None = None
    deadline: datetime | None = None
    agent: Agent | None = None
    task: asyncio.Task[None] | None = None
    id: str = field(default_factory=fresh_id)
    job_id: str = field(default_factory=fresh_id)
    worker_id: str = field(default_factory=fresh_id)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def word(self) -> str:
        """The workspace's status, which follows from transition and job alone."""
        return WORDS[self.transition].get(self.status, self.status)

    def finish(self, status: str, error: str | None = None, error_code: str | None = None) -> None:
        self.status, self.error, self.error_code = status, error, error_code
        self.completed_at = self.updated_at = now()
        if status == "succeeded" and self.workspace.ttl_ms:
            self.deadline = self.completed_at + timedelta(milliseconds=self.workspace.ttl_ms)

    def job(self, queue: tuple[int, int]) -> Json:
        made: Json = {"id": self.job_id, "created_at": moment(self.created_at)}
        for name, when in (
            ("started_at", self.started_at),
            ("completed_at", self.completed_at),
            ("canceled_at", self.canceled_at),
        ):
            if when is not None:
                made[name] = moment(when)
        if self.error is not None:
            made["error"] = self.error
        if self.error_code is not None:
            made["error_code"] = self.error_code
        made["status"] = self.status
        if self.started_at is not None:
            made["worker_id"] = self.worker_id
        return made | {
            "file_id": self.version.file_id,
            "tags": {"owner": "", "scope": "organization"},
            "queue_position": queue[0],
            "queue_size": queue[1],
            "organization_id": ORGANIZATION_ID,
            "initiator_id": self.initiator.id,
            "input": {"workspace_build_id": self.id},
            "type": "workspace_build",
            "metadata": empty_metadata(),
            "logs_overflowed": self.log.overflowed,
        }

    def timings(self) -> Json:
        """Where the time went, as far as it is over."""
        provisioner: list[Json] = []
        if self.started_at is not None and self.completed_at is not None:
            third = (self.completed_at - self.started_at) / 3
            for index, stage in enumerate(("init", "plan", "apply")):
                provisioner.append(
                    {
                        "job_id": self.job_id,
                        "started_at": moment(self.started_at + third * index),
                        "ended_at": moment(self.started_at + third * (index + 1)),
                        "stage": stage,
                        "source": "coder",
                        "action": "terraform",
                        "resource": f"coder_stage_{stage}",
                    }
                )
        return {
            "provisioner_timings": provisioner,
            "agent_script_timings": self.agent.script_timings() if self.agent else [],
            "agent_connection_timings": self.agent.connection_timings() if self.agent else [],
        }

    def json(self, queue: tuple[int, int] = (0, 0), matched: Json | None = None, *, posted: bool = False) -> Json:
        """`matched` is who could take the job, `posted` says that this is the answer which made it."""
        workspace = self.workspace
        made: Json = {
            "id": self.id,
            "created_at": moment(self.created_at),
            "updated_at": moment(self.updated_at),
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "workspace_owner_id": workspace.owner.id,
            "workspace_owner_name": workspace.owner.username,
            "template_version_id": self.version.id,
            "template_version_name": "" if posted else self.version.name,
            "build_number": self.number,
            "transition": self.transition,
            "initiator_id": self.initiator.id,
            "initiator_name": self.initiator.username,
            "job": self.job(queue),
            "reason": self.reason,
            "resources": [self.agent.resource(self.job_id)] if self.agent is not None else [],
            "deadline": moment(self.deadline) if self.deadline else None,
            "max_deadline": None,
            "status": self.word,
            "daily_cost": 0,
            "matched_provisioners": matched or {"count": 0, "available": 0, "most_recently_seen": None},
            "template_version_preset_id": self.preset_id,
        }
        if self.status == "succeeded":
            made |= {"has_ai_task": False, "has_external_agent": False}
        return made


@dataclass
class Workspace:
    name: str
    owner: Person
    template: Template
    folder: Path
    ttl_ms: int | None
    autostart: str | None = None
    automatic_updates: str = "never"
    favorite: bool = False
    dormant_at: datetime | None = None
    deleting_at: datetime | None = None
    created_at: datetime = field(default_factory=now)
    last_used_at: datetime = field(default_factory=now)
    builds: list[Build] = field(default_factory=list)
    id: str = field(default_factory=fresh_id)
    watchers: set[asyncio.Queue[bytes]] = field(default_factory=set)

    @property
    def latest(self) -> Build:
        return self.builds[-1]

    @property
    def agent(self) -> Agent | None:
        return self.latest.agent

    @property
    def is_deleted(self) -> bool:
        return self.latest.word == "deleted"

    @property
    def is_outdated(self) -> bool:
        return self.latest.version is not self.template.active_version

    def json(
        self,
        queue: tuple[int, int] = (0, 0),
        matched: Json | None = None,
        *,
        posted: bool = False,
        reader: Person | None = None,
    ) -> Json:
        failing = [self.agent.id] if self.agent is not None and self.agent.trouble() else []
        made: Json = {
            "id": self.id,
            "created_at": moment(self.created_at),
            "updated_at": moment(self.created_at),
            "owner_id": self.owner.id,
            "owner_name": self.owner.username,
            "owner_avatar_url": "",
            "organization_id": ORGANIZATION_ID,
            "organization_name": ORGANIZATION["name"],
            "template_id": self.template.id,
            "template_name": self.template.name,
            "template_display_name": self.template.display_name,
            "template_icon": "",
            "template_allow_user_cancel_workspace_jobs": self.template.may_cancel,
            "template_active_version_id": self.template.active_version.id,
            "template_require_active_version": False,
            "template_use_classic_parameter_flow": False,
            "latest_build": self.latest.json(queue, matched, posted=posted),
            "latest_app_status": None,
            "outdated": self.is_outdated,
            "name": self.name,
        }
        if self.autostart is not None:
            made["autostart_schedule"] = self.autostart
        if self.ttl_ms is not None:
            made["ttl_ms"] = self.ttl_ms
        return made | {
            "last_used_at": moment(self.last_used_at),
            "deleting_at": moment(self.deleting_at) if self.deleting_at else None,
            "dormant_at": moment(self.dormant_at) if self.dormant_at else None,
            "health": {"healthy": not failing, "failing_agents": failing},
            "automatic_updates": self.automatic_updates,
            "allow_renames": False,
            "favorite": self.favorite and reader in (None, self.owner),
            "next_start_at": None,
            "is_prebuild": False,
            "task_id": None,
        }

    def tell(self, queue: tuple[int, int], matched: Json | None) -> None:
        """Put the whole workspace, as it is at this moment, before everybody who watches it."""
        if self.watchers:
            frame = event("data", self.json(queue, matched))
            for watcher in self.watchers:
                watcher.put_nowait(frame)


def event(kind: str, data: Any) -> bytes:
    return encode({"type": kind, "data": data})
