"""A workspace's agent as Coder describes it: states, scripts, apps and logs.

How its scripts run as processes is told by scripts.py, and when by builds.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .answers import VERSION, Json, fresh_id, moment, now
from .logs import Log, agent_row
from .scripts import Processes

STATUSES = ("connecting", "timeout", "connected", "disconnected")
LIFECYCLES = (
    "created",
    "starting",
    "start_timeout",
    "start_error",
    "ready",
    "shutting_down",
    "shutdown_timeout",
    "shutdown_error",
    "off",
)
REASONS = {
    "connecting": "agent has not yet connected",
    "timeout": "agent is taking too long to connect",
    "disconnected": "agent has lost connection",
}
LIFECYCLE_REASONS = {
    "start_timeout": "agent startup script timed out",
    "start_error": "agent startup script exited with an error",
    "shutting_down": "agent is shutting down",
    "shutdown_timeout": "agent is shutting down",
    "shutdown_error": "agent is shutting down",
    "off": "agent is shutting down",
}
LATENCY = {"Coder Embedded Relay": {"preferred": True, "latency_ms": 27.926208000000003}}
HELP = "https://coder.com/docs/admin/templates/troubleshooting"


@dataclass
class Script:
    """One startup script: what it says, and how it ended."""

    name: str
    text: str
    blocks_login: bool = False
    exit_code: int | None = None
    status: str | None = None
    began: datetime = field(default_factory=now)
    ended: datetime | None = None
    id: str = field(default_factory=fresh_id)
    log_source_id: str = field(default_factory=fresh_id)

    def end(self, exit_code: int, status: str) -> None:
        self.exit_code, self.status, self.ended = exit_code, status, now()

    def json(self) -> Json:
        made: Json = {
            "id": self.id,
            "log_source_id": self.log_source_id,
            "log_path": "",
            "script": self.text,
            "cron": "",
            "run_on_start": True,
            "run_on_stop": False,
            "start_blocks_login": self.blocks_login,
            "timeout": 0,
            "display_name": self.name,
        }
        if self.status is not None:
            made |= {"exit_code": self.exit_code, "status": self.status}
        return made


@dataclass
class Agent:
    workspace_name: str
    directory: str
    ids: Iterator[int]
    scripts: list[Script] = field(default_factory=list)
    status: str = "connecting"
    lifecycle: str = "created"
    app_health: str = "initializing"
    timeout_seconds: int = 120
    troubleshooting_url: str = HELP
    created_at: datetime = field(default_factory=now)
    first_connected_at: datetime | None = None
    last_connected_at: datetime | None = None
    disconnected_at: datetime | None = None
    started_at: datetime | None = None
    ready_at: datetime | None = None
    external_source_id: str | None = None
    # The socket the editor listens on (None is the plain page), and whether its time has come: until then the proxy
    # finds nobody there.
    door: Path | None = None
    editor_open: bool = False
    id: str = field(default_factory=fresh_id)
    resource_id: str = field(default_factory=fresh_id)
    app_id: str = field(default_factory=fresh_id)
    slug: str = "code-server"
    name: str = "main"
    processes: Processes = field(default_factory=Processes)

    def __post_init__(self) -> None:
        self.log = Log(self.ids)

    def connect(self) -> None:
        self.status = "connected"
        self.first_connected_at = self.first_connected_at or now()
        self.last_connected_at = now()
        self.disconnected_at = None

    def arrange(self, status: str, lifecycle: str) -> None:
        """Put it straight into a state, with the times that such an agent has."""
        if status not in STATUSES or lifecycle not in LIFECYCLES:
            raise ValueError(f"no agent is {status}/{lifecycle}")
        if status in ("connected", "disconnected"):
            self.connect()
        if status == "disconnected":
            self.disconnected_at = now()
        self.status, self.lifecycle = status, lifecycle
        if lifecycle != "created":
            self.started_at = self.started_at or now()
        if lifecycle in ("ready", "start_error", "start_timeout"):
            self.ready_at = self.ready_at or now()

    def say(self, output: str, level: str = "info", source_id: str = "") -> None:
        self.log.add(agent_row(output, level, source_id))

    def external_log(self) -> str:
        """The id of the source that speaks before the agent runs, as envbuilder does."""
        if self.external_source_id is None:
            self.external_source_id = fresh_id()
        return self.external_source_id

    @property
    def folder_query(self) -> str:
        return f"folder={self.directory}"

    def trouble(self) -> str | None:
        return REASONS.get(self.status) or LIFECYCLE_REASONS.get(self.lifecycle)

    def app(self) -> Json:
        return {
            "id": self.app_id,
            "url": f"http://localhost:13337/?{self.folder_query}",
            "external": False,
            "slug": self.slug,
            "display_name": "VS Code (Web)",
            "icon": "/icon/code.svg",
            "subdomain": False,
            "sharing_level": "owner",
            "healthcheck": {"url": "http://localhost:13337/healthz", "interval": 5, "threshold": 6},
            "health": self.app_health,
            "hidden": False,
            "open_in": "slim-window",
            "statuses": [],
        }

    def log_sources(self) -> list[Json]:
        named = [(script.log_source_id, script.name, "") for script in self.scripts]
        if self.external_source_id is not None:
            named.insert(0, (self.external_source_id, "External", "/emojis/1f310.png"))
        return [
            {
                "workspace_agent_id": self.id,
                "id": source,
                "created_at": moment(self.created_at),
                "display_name": name,
                "icon": icon,
            }
            for source, name, icon in named
        ]

    def times(self) -> Json:
        """The times that have come; the others are left out, not null."""
        known = {
            "first_connected_at": self.first_connected_at,
            "last_connected_at": self.last_connected_at,
            "disconnected_at": self.disconnected_at,
            "started_at": self.started_at,
            "ready_at": self.ready_at,
        }
        return {name: moment(when) for name, when in known.items() if when is not None}

    def json(self) -> Json:
        connected = self.first_connected_at is not None
        trouble = self.trouble()
        made: Json = {
            "id": self.id,
            "parent_id": None,
            "created_at": moment(self.created_at),
            "updated_at": moment(self.last_connected_at or self.created_at),
            **self.times(),
            "status": self.status,
            "lifecycle_state": self.lifecycle,
            "name": self.name,
            "resource_id": self.resource_id,
            "architecture": "amd64",
            "environment_variables": {"AMEIDE_WORKSPACE": self.workspace_name},
            "operating_system": "linux",
            "logs_length": self.log.length,
            "logs_overflowed": self.log.overflowed,
            "directory": self.directory,
        }
        if connected:
            made["expanded_directory"] = self.directory
        made |= {
            "version": VERSION if connected else "",
            "api_version": "2.10" if connected else "",
            "apps": [self.app()],
        }
        if connected and self.started_at is not None:
            made["latency"] = LATENCY
        return made | {
            "connection_timeout_seconds": self.timeout_seconds,
            "troubleshooting_url": self.troubleshooting_url,
            "subsystems": [],
            "health": {"healthy": False, "reason": trouble} if trouble else {"healthy": True},
            "display_apps": ["vscode", "ssh_helper", "port_forwarding_helper", "web_terminal"],
            "log_sources": self.log_sources(),
            "scripts": [script.json() for script in self.scripts],
            "startup_script_behavior": "non-blocking",
        }

    def resource(self, job_id: str) -> Json:
        return {
            "id": self.resource_id,
            "created_at": moment(self.created_at),
            "job_id": job_id,
            "workspace_transition": "start",
            "type": "kubernetes_pod",
            "name": "workspace",
            "hide": False,
            "icon": "",
            "agents": [self.json()],
            "daily_cost": 0,
        }

    def script_timings(self) -> list[Json]:
        return [
            {
                "started_at": moment(script.began),
                "ended_at": moment(script.ended),
                "exit_code": script.exit_code,
                "stage": "start",
                "status": script.status,
                "display_name": script.name,
                "workspace_agent_id": self.id,
                "workspace_agent_name": self.name,
            }
            for script in self.scripts
            if script.ended is not None
        ]

    def connection_timings(self) -> list[Json]:
        if self.first_connected_at is None:
            return []
        return [
            {
                "started_at": moment(self.created_at),
                "ended_at": moment(self.first_connected_at),
                "stage": "connect",
                "workspace_agent_id": self.id,
                "workspace_agent_name": self.name,
            }
        ]

    def metadata(self, age: int = 0) -> list[Json]:
        """One frame of the agent's metadata."""
        return [
            {
                "result": {"collected_at": moment(now()), "age": age, "value": "0.11", "error": ""},
                "description": {
                    "display_name": "Load",
                    "key": "load",
                    "script": "cut -d' ' -f1 /proc/loadavg",
                    "interval": 10,
                    "timeout": 1,
                },
            }
        ]
