"""Waiting for a build, its agent, its scripts and its editor, all watched side by side.

Sources on threads put what they see; this one reader has each new look judged by `ready` and tells what changed.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ameide_ws.coder.client import Coder
from ameide_ws.coder.follow import AgentLog, BuildLog, Entry, Log, follow, watch
from ameide_ws.coder.model import Agent, Build, Workspace
from ameide_ws.events import Course, Event, Line, Noticed, Progress
from ameide_ws.host import Host
from ameide_ws.problems import Problem, Unreachable
from ameide_ws.results import Layer
from ameide_ws.side_by_side import SideBySide
from ameide_ws.text import safe
from ameide_ws.when import spoken
from ameide_ws.workspaces import failures
from ameide_ws.workspaces.choose import choose_agent
from ameide_ws.workspaces.deadline import Deadline
from ameide_ws.workspaces.layers import Layers
from ameide_ws.workspaces.probing import editor_path, probe_editor
from ameide_ws.workspaces.ready import End, Look, Probe, Standing, State, judge
from ameide_ws.workspaces.wish import Wish

TICK = 1.0
KEPT = 2000
# A log's last lines arrive a little after what they explain.
DRAIN_SECONDS = 2.0
SETTLE_SECONDS = 0.3
_FALLBACK = "falling back to the default image"
_WRONG_PROCESSOR = "exec format error"


class Snapshot(NamedTuple):
    """The workspace as the watch has it; None once it is deleted."""

    workspace: Workspace | None


class Placed(NamedTuple):
    """The build as it stands in the queue: a watch tells nothing while only its place changes."""

    build: Build


class Told(NamedTuple):
    """A sentence about the way to the server."""

    sentence: str


class Waited(NamedTuple):
    """How it ended: the workspace, the agent that was meant, and the layers."""

    workspace: Workspace
    agent: Agent | None
    layers: tuple[Layer, ...]


Seen = Snapshot | Placed | Told | Probe | Entry


class Vigil:
    """One wait for one build. `is_ours`: we asked for the build; `unclaimed`: nobody could take it when we did."""

    def __init__(
        self, coder: Coder, host: Host, wish: Wish, deadline: Deadline, workspace: Workspace, *, agent: str = "",
        is_ours: bool = False, unclaimed: bool = False,
    ) -> None:  # fmt: skip
        self._coder, self._host, self._wish, self._deadline = coder, host, wish, deadline
        self._workspace, self._agent_name, self._unclaimed = workspace, agent, unclaimed
        self._again = wish.again(workspace.name)
        resume = f"The build goes on without you. Look again with: {self._again}"
        self._layers = Layers(host, is_ours=is_ours, resume=resume)
        self._look = Look(workspace, workspace.latest_build.id, app=wish.app, wait=wish.wait)
        self._sources: SideBySide[Seen] = SideBySide()
        self._build_log: deque[Entry] = deque(maxlen=KEPT)
        self._agent_log: deque[Entry] = deque(maxlen=KEPT)
        self._lost_since: float | None = None
        self._script_warning_at: float | None = None
        self._noticed: set[str] = set()

    def wait(self) -> Course[Waited]:
        """Go on until the wish is met. Raises the Problem that ends it otherwise."""
        with self._sources:
            self._see(self._workspace)
            if self._unclaimed:
                yield Noticed(failures.unclaimed(self._workspace))
            self._start_watching()
            while True:
                standing = self._judge()
                yield from self._layers.changes(standing)
                yield from self._warnings(standing)
                self._start_what_is_due()
                if standing.end is End.READY:
                    yield from self._script_warning(standing, now=True)
                    return Waited(self._workspace, self._look.agent, self._layers.results())
                if standing.end is not None:
                    yield from self._drain(standing.end)
                    raise self._failure(standing.end)
                if self._deadline.is_over:
                    raise self._out_of_time()
                yield from self._take(self._sources.get(self._pause()))

    # Sources.

    def _start_watching(self) -> None:
        workspace, closed = self._workspace, self._sources.closed

        def watching(put: Callable[[Seen], None]) -> None:
            for now in watch(self._coder, workspace.id, self._host, closed, lambda word: put(Told(word))):
                put(Snapshot(now))

        self._sources.start("watch", watching)
        if workspace.latest_build.job.status == "pending":
            self._sources.start("queue", self._ask_for_the_place)
        if not workspace.latest_build.job.is_done or self._wish.wait == "build":
            self._follow("build", BuildLog(self._coder, workspace.latest_build.id))

    def _ask_for_the_place(self, put: Callable[[Seen], None]) -> None:
        """The build's place in the queue, every second at first, then less often."""
        began = self._host.monotonic()
        while not self._sources.closed.wait(min(8.0, max(1.0, (self._host.monotonic() - began) / 20))):
            try:
                build = self._coder.build_by_id(self._look.build_id)
            except Problem:
                continue  # whether the server can be reached is the watch's word
            put(Placed(build))
            if build.job.status != "pending":
                return

    def _follow(self, name: str, log: Log) -> None:
        def following(put: Callable[[Seen], None]) -> None:
            try:
                for entry in follow(log, self._host, self._sources.closed, lambda word: put(Told(word))):
                    put(entry)
            except Problem as problem:
                # A log is for eyes; whether to go on is the watch's word.
                put(Told(f"the log cannot be followed: {problem.message}"))

        self._sources.start(name, following)

    def _start_what_is_due(self) -> None:
        """The agent's log from the moment there is an agent, the probe from the moment it is connected."""
        agent = self._look.agent
        if agent is None or self._wish.wait == "build":
            return
        if not self._sources.started("agent"):
            self._follow("agent", AgentLog(self._coder, agent.id, lambda: not self._sources.closed.is_set()))
        app = agent.app(self._wish.app)
        if app is not None and agent.status == "connected" and self._wish.wait in ("editor", "scripts"):
            path = editor_path(self._workspace, agent, app)
            if not self._sources.started("probe"):
                closed = self._sources.closed
                self._sources.start("probe", lambda put: probe_editor(self._coder, self._host, path, closed, put))

    # Looking.

    def _take(self, got: tuple[str, Seen | None] | None) -> Iterator[Event]:
        """Learn from what a source put."""
        slept = self._deadline.woke()
        if slept:
            yield Progress("up", f"resumed after {spoken(slept)} asleep")
        name, item = got if got is not None else ("", None)
        if isinstance(item, Snapshot):
            self._see(item.workspace)
        elif isinstance(item, Probe):
            self._look = self._look._replace(probe=item)
        elif isinstance(item, Placed):
            if self._workspace.latest_build.job.status == "pending" and item.build.id == self._look.build_id:
                self._see(self._workspace._replace(latest_build=item.build))
        elif isinstance(item, Told) and item.sentence not in self._noticed:
            self._noticed.add(item.sentence)
            yield Progress("up", item.sentence)
        elif isinstance(item, Entry):
            yield from self._read(name, item)

    def _see(self, workspace: Workspace | None) -> None:
        self._look = self._look._replace(workspace=workspace)
        if workspace is None:
            return
        self._workspace = workspace
        if workspace.latest_build.id != self._look.build_id or workspace.latest_build.job.status != "succeeded":
            return
        is_asked = bool(workspace.latest_build.agents) and self._wish.wait != "build"
        agent = choose_agent(workspace, self._agent_name, self._wish.app) if is_asked else None
        self._look = self._look._replace(agent=agent)
        silent = agent is not None and agent.status == "disconnected"
        self._lost_since = (self._lost_since or self._host.monotonic()) if silent else None

    def _read(self, name: str, entry: Entry) -> Iterator[Event]:
        """A line of a log: kept, passed on, and its note shown beside its layer."""
        lines = [line for line in entry.text.splitlines() if line.strip()]
        note = safe(lines[-1]) if lines else ""
        if name == "build":
            self._build_log.append(entry)
            self._look = self._look._replace(build_note=safe(entry.source) or note)
            yield Line("build", entry.text, entry.level, entry.at)
            return
        self._agent_log.append(entry)
        yield Line(self._source_name(entry.source), entry.text, entry.level, entry.at)
        self._look = self._look._replace(
            agent_note=note or self._look.agent_note,
            wrong_processor=self._look.wrong_processor or self._is_wrong_processor(entry),
        )
        if _FALLBACK in entry.text.lower():
            yield from self._notice("fallback", lambda: failures.fallback_image(self._workspace, self._again))

    def _is_wrong_processor(self, entry: Entry) -> bool:
        """Whether the editor's own script says that its program is for another processor."""
        return _WRONG_PROCESSOR in entry.text.lower() and self._wish.app in self._source_name(entry.source).lower()

    def _source_name(self, source_id: str) -> str:
        sources: Iterable[tuple[str, str]] = (
            (source.id, source.display_name) for source in (self._look.agent.log_sources if self._look.agent else ())
        )
        return dict(sources).get(source_id) or "agent"

    def _judge(self) -> Standing:
        lost_for = 0.0 if self._lost_since is None else self._host.monotonic() - self._lost_since
        return judge(self._look._replace(lost_for=lost_for))

    def _pause(self) -> float:
        rest = self._deadline.rest
        pause = TICK if rest is None else min(TICK, rest)
        if self._script_warning_at is not None:
            pause = min(pause, max(0.0, self._script_warning_at - self._host.monotonic()))
        return pause

    # Warnings.

    def _warnings(self, standing: Standing) -> Iterator[Event]:
        agent = self._look.agent
        if self._workspace.latest_build.job.logs_overflowed or (agent is not None and agent.logs_overflowed):
            yield from self._take(("", Told("Coder has stopped recording this log: it keeps the first 1 MiB")))
        if agent is not None and agent.status == "timeout":
            yield from self._notice("late", lambda: failures.late_agent(self._workspace, agent))
        yield from self._script_warning(standing, now=False)

    def _script_warning(self, standing: Standing, *, now: bool) -> Iterator[Event]:
        """A failed script is told once, when the lines that explain it have had a moment to arrive."""
        agent = self._look.agent
        if agent is None or self._wish.wait == "scripts":
            return
        if standing.scripts.state is not State.FAILED and not any(script.has_failed for script in agent.start_scripts):
            return
        if self._script_warning_at is None:
            self._script_warning_at = self._host.monotonic() + SETTLE_SECONDS
        if now and "scripts" not in self._noticed:
            yield from self._drain_until(lambda: self._host.monotonic() >= (self._script_warning_at or 0.0))
        if self._host.monotonic() >= self._script_warning_at:
            self._script_warning_at = float("inf")
            yield from self._notice(
                "scripts", lambda: failures.script_failed(self._workspace, agent, self._agent_log, self._again)
            )

    def _notice(self, kind: str, problem: Callable[[], Problem]) -> Iterator[Event]:
        if kind not in self._noticed:
            self._noticed.add(kind)
            yield Noticed(problem())

    # The end.

    def _drain(self, end: End) -> Iterator[Event]:
        """Let the lines that explain a failure arrive: the build's log to its end, an agent's for a moment."""
        until = self._host.monotonic() + (DRAIN_SECONDS if end is End.BUILD_FAILED else SETTLE_SECONDS)
        if end in (End.BUILD_FAILED, End.SCRIPT_FAILED, End.EDITOR_CACHE):
            follows = "build" if end is End.BUILD_FAILED else "agent"
            yield from self._drain_until(lambda: self._host.monotonic() >= until or not self._sources.running(follows))

    def _drain_until(self, is_enough: Callable[[], bool]) -> Iterator[Event]:
        while not is_enough():
            yield from self._take(self._sources.get(0.05))

    def _failure(self, end: End) -> Problem:
        workspace, agent, again = self._workspace, self._look.agent, self._again
        if end is End.BUILD_FAILED:
            return failures.build_failed(self._coder.url, workspace, self._build_log, again)
        if end is End.BUILD_CANCELED:
            return failures.build_canceled(workspace, again)
        if end is End.DELETED:
            return failures.deleted(workspace.name, again)
        if end is End.REPLACED:
            return failures.replaced(workspace, again)
        if end is End.SHUTTING_DOWN:
            return failures.shutting_down(workspace, again)
        if end is End.EDITOR_CACHE:
            return failures.editor_cache(workspace, again)
        if agent is None:
            return failures.no_agent(workspace)
        if end is End.NO_APP:
            return failures.no_app(workspace, agent, self._wish.app, again)
        if end is End.AGENT_LOST:
            return failures.agent_lost(workspace, agent, again)
        return failures.script_failed(workspace, agent, self._agent_log, again)

    def _out_of_time(self) -> Problem:
        trouble = self._coder.trouble
        if trouble is not None:
            return Unreachable(
                f"time is up, and {self._coder.url} could not be reached at the end",
                cause=trouble.message,
                tries=(f"{self._again}   # once it answers again",),
            )
        return failures.out_of_time(
            self._layers.step,
            self._coder.url,
            self._workspace,
            self._look,
            unclaimed=self._unclaimed,
            seconds=self._deadline.seconds or 0.0,
            again=self._again,
        )
