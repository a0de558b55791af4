"""Templates, their versions, presets and parameters, spelt as Coder spells them.

What a value is worth to a parameter is decided in parameters.py; which templates exist is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .answers import NIL, Json, fresh_id, moment
from .parameters import Parameter
from .people import ORGANIZATION, ORGANIZATION_ID, Person

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass
class Preset:
    name: str
    values: dict[str, str]
    default: bool = False
    id: str = field(default_factory=fresh_id)

    def json(self) -> Json:
        return {
            "ID": self.id,
            "Name": self.name,
            "Parameters": [{"Name": name, "Value": value} for name, value in self.values.items()],
            "Default": self.default,
            "DesiredPrebuildInstances": 0,
            "Description": "",
            "Icon": "",
        }


@dataclass
class Version:
    template: Template
    name: str
    message: str
    author: Person
    created_at: datetime
    parameters: list[Parameter]
    presets: list[Preset] = field(default_factory=list)
    variables: list[Json] = field(default_factory=list)
    needs_github: bool = True
    id: str = field(default_factory=fresh_id)
    file_id: str = field(default_factory=fresh_id)
    job_id: str = field(default_factory=fresh_id)
    worker_id: str = field(default_factory=fresh_id)

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def json(self) -> Json:
        finished = self.created_at + timedelta(seconds=2)
        job = {
            "id": self.job_id,
            "created_at": moment(self.created_at),
            "started_at": moment(self.created_at + timedelta(milliseconds=7)),
            "completed_at": moment(finished),
            "status": "succeeded",
            "worker_id": self.worker_id,
            "file_id": self.file_id,
            "tags": {"owner": "", "scope": "organization"},
            "queue_position": 0,
            "queue_size": 0,
            "organization_id": ORGANIZATION_ID,
            "initiator_id": self.author.id,
            "input": {"template_version_id": self.id},
            "type": "template_version_import",
            "metadata": empty_metadata(),
            "logs_overflowed": False,
        }
        return {
            "id": self.id,
            "template_id": self.template.id,
            "organization_id": ORGANIZATION_ID,
            "created_at": moment(self.created_at),
            "updated_at": moment(finished),
            "name": self.name,
            "message": self.message,
            "job": job,
            "readme": "",
            "created_by": {"id": self.author.id, "username": self.author.username, "name": self.author.name},
            "archived": False,
            "has_external_agent": False,
        }


@dataclass
class Template:
    name: str
    display_name: str
    description: str
    author: Person
    created_at: datetime
    start_times: tuple[int | None, int | None] = (None, None)
    may_cancel: bool = True
    ttl_ms: int = 1_800_000
    versions: list[Version] = field(default_factory=list)
    active: int = -1
    id: str = field(default_factory=fresh_id)

    @property
    def active_version(self) -> Version:
        return self.versions[self.active]

    def json(self, active_users: int = 0) -> Json:
        start_p50, start_p95 = self.start_times
        return {
            "id": self.id,
            "created_at": moment(self.created_at),
            "updated_at": moment(self.active_version.created_at),
            "organization_id": ORGANIZATION_ID,
            "organization_name": ORGANIZATION["name"],
            "organization_display_name": ORGANIZATION["display_name"],
            "organization_icon": "",
            "name": self.name,
            "display_name": self.display_name,
            "provisioner": "terraform",
            "active_version_id": self.active_version.id,
            "active_user_count": active_users,
            "build_time_stats": {
                "delete": {"P50": start_p50 and start_p50 // 3, "P95": start_p95 and start_p95 // 3},
                "start": {"P50": start_p50, "P95": start_p95},
                "stop": {"P50": start_p50 and start_p50 // 4, "P95": start_p95 and start_p95 // 4},
            },
            "description": self.description,
            "deprecated": False,
            "deprecation_message": "",
            "deleted": False,
            "icon": "",
            "default_ttl_ms": self.ttl_ms,
            "activity_bump_ms": 1_800_000,
            "time_til_autostop_notify_ms": 0,
            "autostop_requirement": {"days_of_week": [], "weeks": 1},
            "autostart_requirement": {"days_of_week": DAYS},
            "created_by_id": self.author.id,
            "created_by_name": self.author.username,
            "allow_user_autostart": True,
            "allow_user_autostop": True,
            "allow_user_cancel_workspace_jobs": self.may_cancel,
            "failure_ttl_ms": 0,
            "time_til_dormant_ms": 0,
            "time_til_dormant_autodelete_ms": 0,
            "require_active_version": False,
            "max_port_share_level": "public",
            "cors_behavior": "simple",
            "use_classic_parameter_flow": False,
            "disable_module_cache": False,
        }


def empty_metadata() -> Json:
    return {
        "template_version_name": "",
        "template_id": NIL,
        "template_name": "",
        "template_display_name": "",
        "template_icon": "",
    }


def bundled(author: Person, today: datetime) -> list[Template]:
    """The two templates of a new world, each with an older version and a newer, active one."""
    dev = Template(
        "ameide-dev", "Ameide dev", "Dev workspace", author, today - timedelta(days=90), start_times=(3_000, 9_000)
    )
    gitops = Template("ameide-gitops", "Ameide GitOps", "GitOps workspace", author, today - timedelta(days=60))
    for template, parameters in ((dev, dev_parameters()), (gitops, gitops_parameters())):
        for name, message, age in (("v1", "first", 30), ("v2", "pins renewed", 3)):
            made = today - timedelta(days=age)
            template.versions.append(Version(template, name, message, author, made, list(parameters)))
    for version in dev.versions:
        version.presets = [
            Preset("Standard", {"cpu": "4", "memory": "16"}, default=True),
            Preset("Large", {"cpu": "8", "memory": "32"}),
        ]
    return [dev, gitops]


def dev_parameters() -> list[Parameter]:
    return [
        Parameter("cpu", "CPU limit", "Processors it may use", "number", default="4", minimum=1, maximum=8),
        Parameter(
            "memory",
            "Memory limit",
            "GiB of memory it may use",
            "string",
            default="16",
            form_type="dropdown",
            options=(("8 GiB", "8"), ("16 GiB", "16"), ("32 GiB", "32")),
        ),
        Parameter("build_cache", "Build cache", "Keep build caches", "bool", default="true", form_type="checkbox"),
        Parameter("repo_branch", "", "", "string", default="main"),
    ]


def gitops_parameters() -> list[Parameter]:
    return [
        Parameter("cluster", "Cluster", "Which cluster it works on", "string", default=None),
        Parameter("repo_branch", "", "", "string", default="main"),
    ]
