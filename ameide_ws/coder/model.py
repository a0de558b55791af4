"""What Coder answers, in Coder's own field names (codersdk/*.go of v2.36.0); only what we read.

A field without a default is one we cannot do without. Status words stay words: an unknown one is shown as it is and
counts as still moving. NamedTuples, because a frozen dataclass costs a millisecond of start-up each.
"""

from datetime import datetime
from typing import NamedTuple

DONE = ("succeeded", "failed", "canceled")


class User(NamedTuple):
    """GET /users/me."""

    id: str
    username: str
    name: str = ""


class BuildInfo(NamedTuple):
    """GET /buildinfo."""

    version: str


class Percentiles(NamedTuple):
    """Milliseconds, null until there were builds."""

    P50: int | None = None
    P95: int | None = None


class BuildTimeStats(NamedTuple):
    """How long builds of a template took."""

    start: Percentiles = Percentiles()


class Template(NamedTuple):
    """GET /organizations/default/templates/{name}."""

    id: str
    name: str
    active_version_id: str
    build_time_stats: BuildTimeStats = BuildTimeStats()
    default_ttl_ms: int = 0
    deprecated: bool = False
    deprecation_message: str = ""
    use_classic_parameter_flow: bool = False


class Job(NamedTuple):
    """A provisioner job. `canceled_at` set means cancelled, whatever the status word says."""

    status: str
    error: str = ""
    error_code: str = ""
    queue_position: int = 0
    queue_size: int = 0
    started_at: datetime | None = None
    completed_at: datetime | None = None
    canceled_at: datetime | None = None
    logs_overflowed: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it will not change any more."""
        return self.status in DONE

    @property
    def was_canceled(self) -> bool:
        """Whether somebody ended it."""
        return self.canceled_at is not None or self.status == "canceled"


class TemplateVersion(NamedTuple):
    """GET /templateversions/{id}."""

    id: str
    name: str
    created_at: datetime | None = None
    archived: bool = False


class App(NamedTuple):
    """An app of an agent."""

    slug: str
    display_name: str = ""
    url: str = ""
    external: bool = False
    command: str = ""
    subdomain: bool = False
    subdomain_name: str = ""
    health: str = ""
    hidden: bool = False


class Script(NamedTuple):
    """A script of an agent; `status` is empty until it has ended."""

    display_name: str = ""
    run_on_start: bool = False
    log_source_id: str = ""
    status: str = ""
    exit_code: int | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it ended badly; left-open pipes are no failure."""
        return self.status in ("exit_failure", "timed_out")


class LogSource(NamedTuple):
    """Who wrote a line of the agent's log."""

    id: str
    display_name: str = ""


class Agent(NamedTuple):
    """One agent; a new build has new ids."""

    id: str
    name: str
    status: str
    lifecycle_state: str = ""
    parent_id: str | None = None
    directory: str = ""
    expanded_directory: str = ""
    architecture: str = ""
    version: str = ""
    connection_timeout_seconds: int = 0
    troubleshooting_url: str = ""
    logs_overflowed: bool = False
    apps: tuple[App, ...] = ()
    scripts: tuple[Script, ...] = ()
    log_sources: tuple[LogSource, ...] = ()

    @property
    def start_scripts(self) -> tuple[Script, ...]:
        """The scripts that run at each start."""
        return tuple(script for script in self.scripts if script.run_on_start)

    def app(self, slug: str) -> App | None:
        """The app of that slug."""
        return next((app for app in self.apps if app.slug == slug), None)


class Resource(NamedTuple):
    """A Terraform resource, with the agents that run on it."""

    type: str = ""
    name: str = ""
    agents: tuple[Agent, ...] = ()


class MatchedProvisioners(NamedTuple):
    """Who could take a job: zeros once it is taken, and always in a build's own answer (GET /workspacebuilds/{id})."""

    count: int = 0  # type: ignore[assignment]  # Coder's word; a tuple's own count is of no use here
    available: int = 0


class Build(NamedTuple):
    """One transition of a workspace."""

    id: str
    build_number: int
    transition: str
    status: str
    template_version_id: str
    job: Job
    template_version_name: str = ""
    workspace_id: str = ""
    initiator_name: str = ""
    reason: str = ""
    created_at: datetime | None = None
    deadline: datetime | None = None
    max_deadline: datetime | None = None
    resources: tuple[Resource, ...] = ()
    matched_provisioners: MatchedProvisioners | None = None

    @property
    def agents(self) -> tuple[Agent, ...]:
        """The agents that a workspace was asked for, without those that other agents made."""
        return tuple(agent for resource in self.resources for agent in resource.agents if not agent.parent_id)

    @property
    def stops_at(self) -> datetime | None:
        """When Coder stops it by itself; a deadline outlives the run it was made for."""
        return self.deadline if self.transition == "start" and self.job.status == "succeeded" else None

    @property
    def has_no_provisioner(self) -> bool:
        """Whether nobody can take it. Ask only the answer to the POST: later ones may say 0 whatever is true."""
        matched = self.matched_provisioners
        return self.job.status == "pending" and matched is not None and min(matched.count, matched.available) == 0


class Health(NamedTuple):
    """Of a workspace; false while an agent connects."""

    healthy: bool = True


class Workspace(NamedTuple):
    """GET /workspaces/{id} and each frame of its watch."""

    id: str
    name: str
    owner_name: str
    template_id: str
    template_name: str
    template_active_version_id: str
    latest_build: Build
    owner_id: str = ""
    outdated: bool = False
    template_require_active_version: bool = False
    health: Health = Health()
    ttl_ms: int | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    dormant_at: datetime | None = None


class WorkspacesPage(NamedTuple):
    """GET /workspaces: `count` is of the whole filter, not of this page."""

    count: int  # type: ignore[assignment]  # as above
    workspaces: tuple[Workspace, ...] = ()


class NullString(NamedTuple):
    """A value of the dynamic-parameters answers; `valid` false means there is none."""

    value: str = ""
    valid: bool = False


class Option(NamedTuple):
    """One choice of a dynamic parameter."""

    value: NullString
    name: str = ""


class Diagnostic(NamedTuple):
    """What Terraform says of a parameter."""

    severity: str = ""
    summary: str = ""
    detail: str = ""


class PreviewParameter(NamedTuple):
    """A parameter as POST …/dynamic-parameters/evaluate tells it."""

    name: str
    display_name: str = ""
    description: str = ""
    type: str = ""
    required: bool = False
    ephemeral: bool = False
    value: NullString = NullString()
    options: tuple[Option, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class Evaluation(NamedTuple):
    """POST /templateversions/{id}/dynamic-parameters/evaluate."""

    parameters: tuple[PreviewParameter, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


class RichOption(NamedTuple):
    """One choice of a rich parameter."""

    value: str
    name: str = ""


class RichParameter(NamedTuple):
    """GET /templateversions/{id}/rich-parameters. All values travel as strings."""

    name: str
    display_name: str = ""
    description_plaintext: str = ""
    type: str = ""
    default_value: str = ""
    required: bool = False
    ephemeral: bool = False
    options: tuple[RichOption, ...] = ()


class PresetParameter(NamedTuple):
    """A value that a preset sets."""

    Name: str
    Value: str


class Preset(NamedTuple):
    """GET /templateversions/{id}/presets, which alone speaks PascalCase."""

    ID: str
    Name: str
    Default: bool = False
    Parameters: tuple[PresetParameter, ...] = ()


class BuildParameter(NamedTuple):
    """GET /workspacebuilds/{id}/parameters."""

    name: str
    value: str


class ExternalAuth(NamedTuple):
    """GET /templateversions/{id}/external-auth: a provider that a version needs."""

    id: str
    authenticate_url: str
    authenticated: bool
    display_name: str = ""
    optional: bool = False


class ExternalAuthUser(NamedTuple):
    """Who one is at the provider."""

    login: str = ""


class ExternalAuthLink(NamedTuple):
    """GET /external-auth/{id}."""

    authenticated: bool
    user: ExternalAuthUser | None = None


class Region(NamedTuple):
    """GET /regions."""

    name: str = ""
    wildcard_hostname: str = ""


class MetadataResult(NamedTuple):
    """The newest value of an item; `age` in seconds."""

    value: str = ""
    error: str = ""
    age: int = 0
    collected_at: datetime | None = None


class MetadataDescription(NamedTuple):
    """What an item is."""

    display_name: str = ""
    key: str = ""


class Metadata(NamedTuple):
    """One item of …/watch-metadata-ws."""

    result: MetadataResult
    description: MetadataDescription


class BuildLog(NamedTuple):
    """One entry of a build's log; `output` may have several lines."""

    id: int
    created_at: datetime | None
    output: str = ""
    log_level: str = ""
    stage: str = ""


class AgentLog(NamedTuple):
    """One entry of an agent's log."""

    id: int
    created_at: datetime | None
    output: str = ""
    level: str = ""
    source_id: str = ""
