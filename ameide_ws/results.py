"""What commands answer. Field names are the keys of `data` in JSON and a promise: adding is allowed, nothing else.

Times are aware datetimes in UTC, durations seconds, ids strings. NamedTuples: a frozen dataclass costs
each start half a millisecond.
"""

from datetime import datetime
from typing import NamedTuple


class Layer(NamedTuple):
    """One layer of `up`: queue, terraform, agent, scripts or editor.

    ok is None while it was still under way when the command ended, or was not waited for.
    """

    step: str
    ok: bool | None
    seconds: float | None
    note: str = ""


class Up(NamedTuple):
    """The end of `up`. `status` is `pending` after --detach, else `ok`."""

    url: str
    workspace: str
    owner: str
    template: str
    version: str
    build_number: int
    stops_at: datetime | None
    seconds: float
    layers: tuple[Layer, ...]
    status: str = "ok"
    wait: str = "editor"
    idle_seconds: float | None = None
    openable: bool = False
    called: str = ""
    """The workspace as the person calls it, with its owner or its agent where they said them."""


class Plan(NamedTuple):
    """What `up --plan` would do: `move` is one of the names of `workspaces.moves`."""

    workspace: str
    owner: str
    template: str
    version: str
    move: str
    why: str
    usually_seconds: float | None
    parameters: tuple["Setting", ...] = ()


class Setting(NamedTuple):
    """A template parameter and its value."""

    name: str
    value: str


class Row(NamedTuple):
    """One workspace in `list`."""

    name: str
    owner: str
    template: str
    status: str
    healthy: bool
    outdated: bool
    stops_at: datetime | None
    created_at: datetime | None
    last_used_at: datetime | None
    started_at: datetime | None
    version: str
    build_number: int
    dormant: bool
    id: str


class Listing(NamedTuple):
    """The rows of `list`, in Coder's order, and how many there are on the server for that question."""

    rows: tuple[Row, ...]
    count: int  # type: ignore[assignment]  # nobody counts the fields of a listing
    whose: str = "you own"
    now: datetime | None = None
    which: str = ""
    """What narrowed the question, as the end of a sentence."""


class Script(NamedTuple):
    """A startup script: `status` is ok, exit_failure, timed_out, pipes_left_open, or empty while it runs."""

    name: str
    status: str
    exit_code: int | None


class App(NamedTuple):
    """An app of the workspace, with the address a browser would open."""

    slug: str
    name: str
    url: str
    health: str


class Reading(NamedTuple):
    """One item of agent metadata, such as load or memory; `error` says why there is no value."""

    name: str
    value: str
    error: str
    age_seconds: int | None


class Agent(NamedTuple):
    """One agent of the workspace."""

    name: str
    status: str
    lifecycle_state: str
    version: str
    architecture: str
    directory: str
    scripts: tuple[Script, ...]
    apps: tuple[App, ...]
    metadata: tuple[Reading, ...]
    troubleshooting_url: str


class Build(NamedTuple):
    """The last build of a workspace; seconds is None while it runs."""

    number: int
    transition: str
    status: str
    reason: str
    initiator: str
    started_at: datetime | None
    seconds: float | None
    error: str


class Page(NamedTuple):
    """One workspace, as `show` tells it. `moved` says that use has moved the stop beyond completion + ttl."""

    name: str
    owner: str
    template: str
    status: str
    healthy: bool
    outdated: bool
    dormant: bool
    version: str
    active_version: str
    versions_behind: int | None
    stops_at: datetime | None
    stops_moved: bool
    ttl_seconds: float | None
    created_at: datetime | None
    last_used_at: datetime | None
    build: Build
    agents: tuple[Agent, ...]
    parameters: tuple[Setting, ...]
    id: str
    now: datetime | None = None


class Home(NamedTuple):
    """The page without arguments. `signed_in_as` is empty and `trouble` says why when it could not be asked."""

    url: str
    signed_in_as: str
    trouble: str
    workspaces: tuple[Row, ...]
    next_command: str
    now: datetime | None = None


class Sandbox(NamedTuple):
    """The local sandbox in the background; `running` false means the rest is empty."""

    running: bool
    url: str
    story: str
    started_at: str
    pid: int | None
    editor: str
    note: str = ""


class Version(NamedTuple):
    """Who we are, and whom we talk to: `server` is empty where nobody was asked or nobody answered."""

    version: str
    python: str
    platform: str
    url: str
    server: str


class Text(NamedTuple):
    """Plain text to print as it is: a help topic, a completion script."""

    name: str
    text: str
    hint: str = ""


Result = Up | Plan | Listing | Page | Home | Sandbox | Version | Text
