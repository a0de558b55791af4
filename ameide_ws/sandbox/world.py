"""One world: its users, templates, workspaces and builds, what was asked of it and what it did not expect.

Everything happens on the server's event loop. The methods without underscore may be called from any thread: from
another one they wait until the loop has done the work.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from . import arranging, builds
from .answers import Json, moment, now
from .doors import Doors
from .faults import Faults
from .limits import Limits
from .logs import Log, counter
from .passes import Passes
from .people import Person, new_token
from .provisioners import Provisioners
from .stories import Story, named
from .templates import Template, Version, bundled
from .workspaces import Build, Workspace

T = TypeVar("T")
# Coder's name for the session cookie, under which API clients send it here as well.
SESSION = "coder_session_token"
# What is kept for tests to look at must not fill the memory of a sandbox that lives for days.
KEPT_REQUESTS, KEPT_BODY = 2_000, 64 * 1024
KEPT_SURPRISES, LONGEST_SURPRISE = 1_000, 1_000
BEATS = ("queue", "others", "terraform", "agent", "scripts", "editor", "cancel")


@dataclass(frozen=True)
class Request:
    """One request or socket dial; sockets have the method WS, header names are in lower case.

    In `requests` and `delivered` a body is cut after KEPT_BODY bytes.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Place:
    """What a world is given by the server it lives in."""

    url: str
    folder: Path
    path: str
    editor: str | None
    pace: float
    loop: asyncio.AbstractEventLoop


class Hold:
    """The next build stops before a beat until it is released."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reached = threading.Event()
        self._released = asyncio.Event()

    def reached(self, timeout: float = 5) -> bool:
        return self._reached.wait(timeout)

    def release(self) -> None:
        self._loop.call_soon_threadsafe(self._released.set)

    async def _stay(self) -> None:
        self._reached.set()
        await self._released.wait()


class World:
    def __init__(self, place: Place, story: str = "good-morning") -> None:
        self.place = place
        self.story: Story = named(story)
        self.requests: list[Request] = []
        self.delivered: list[Request] = []
        self.unexpected: list[str] = []
        self.faults = Faults()
        self.limits = Limits()
        born = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self.admin = Person("admin", "Admin", "admin@example.com", "password", born, is_owner=True)
        self.dev1 = Person("dev1", "Dev One", "dev1@example.com", "oidc", born, github=self.story.github)
        self.people = [self.admin, self.dev1]
        self.token = new_token("sandbox000")
        self.admin_token = new_token("sandboxadm")
        self.tokens: dict[str, Person] = {self.token: self.dev1, self.admin_token: self.admin}
        self.issued = set(self.tokens)
        self.passes = Passes()
        self.templates: list[Template] = bundled(self.admin, now() - timedelta(days=1))
        self.workspaces: list[Workspace] = []
        self.provisioners = Provisioners(self.story.provisioners, self.story.ahead)
        self.build_log_ids, self.agent_log_ids = counter(168), counter()
        # What the GitHub device flow says for each new code before it says "linked".
        self.device_answers: list[str] = ["authorization_pending"]
        self.device_codes: dict[str, list[str]] = {}
        self.signed: dict[str, tuple[str, Person, datetime]] = {}
        self._holds: dict[str, list[Hold]] = {beat: [] for beat in BEATS}
        self._once: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.visits: set[asyncio.Task[Any]] = set()
        self.doors = Doors(place.folder / ".doors")

    # -- what it was given ---------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self.place.url

    @property
    def path(self) -> str:
        return self.place.path

    @property
    def pace(self) -> float:
        return self.place.pace

    @property
    def editor(self) -> str | None:
        return self.place.editor

    @property
    def session_cookie(self) -> str:
        """The cookie of a browser that signed in here.

        A browser keeps one set of cookies for all ports of a host, so a name without the port would take the place of
        the session with a real Coder beside us.
        """
        return f"{SESSION}_{self.url.rpartition(':')[2]}"

    # -- for tests and stories, from any thread ------------------------------------------------------------------------

    def fault(self, route: str, *, times: int | None = None, **knobs: Any) -> None:
        """Let a route go wrong, for so many requests or for good; the knobs are the fields of faults.Fault."""
        self._here(lambda: self.faults.add(route, times=times, **knobs))

    def mend(self) -> None:
        """Take all faults back."""
        self._here(self.faults.clear)

    def hold(self, beat: str) -> Hold:
        """Stop the next build that comes to a beat.

        At `scripts` the agent is `starting` and nothing has run; `others` holds one step of the queue ahead, `cancel`
        a build that is `canceling`.
        """
        hold = Hold(self.place.loop)
        self._here(lambda: self._holds[beat].append(hold))
        return hold

    def workspace(self, name: str, **state: Any) -> Workspace:
        """Arrange a workspace in a state, without HTTP: the keywords of arranging.arrange."""
        return self._here(lambda: arranging.arrange(self, name, **state))

    def go_on(self, name: str) -> None:
        """Let an arranged build (pending, starting, stopping, deleting) take its course."""
        self._here(lambda: arranging.go_on(self, self.find(name)))

    def change_agent(self, name: str, *, agent: str | None = None, lifecycle: str | None = None) -> None:
        """Put an agent into another state, seen by everybody who watches."""
        self._here(lambda: arranging.change_agent(self, self.find(name), agent, lifecycle))

    def stop_by_somebody(self, name: str) -> Build:
        return self._here(lambda: builds.post(self, self.find(name), "stop", self.admin))

    def start_by_somebody(self, name: str) -> Build:
        return self._here(lambda: builds.post(self, self.find(name), "start", self.admin))

    def delete_by_somebody(self, name: str) -> Build:
        return self._here(lambda: builds.post(self, self.find(name), "delete", self.admin))

    def cancel_by_somebody(self, name: str) -> None:
        self._here(lambda: builds.cancel(self, self.find(name).latest))

    def revoke(self, token: str | None = None) -> None:
        """From now on the token is refused, though it was issued here."""
        self._here(lambda: self.tokens.pop(token or self.token, None))

    def link(self, linked: bool = True) -> None:
        """Link dev1's GitHub, or unlink it."""
        self._here(lambda: setattr(self.dev1, "github", linked))

    def _here(self, work: Callable[[], T]) -> T:
        """Do it on the loop: at once when called there, else wait for it."""
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self.place.loop:
            return work()

        async def do() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self.place.loop).result(10)

    # -- what is kept for tests ----------------------------------------------------------------------------------------

    def surprise(self, sentence: str) -> None:
        """Write down what was not expected; a test's world ends with none."""
        if len(self.unexpected) < KEPT_SURPRISES:
            self.unexpected.append(sentence[:LONGEST_SURPRISE])

    def note(self, asked: Request) -> None:
        keep(self.requests, asked)

    def deliver(self, asked: Request) -> None:
        """Write down what reached the plain page that stands in for an editor."""
        keep(self.delivered, asked)

    # -- for the routes and the course of builds, on the loop ----------------------------------------------------------

    def find(self, name: str, owner: Person | None = None) -> Workspace:
        """A workspace by name that is not deleted; KeyError when there is none."""
        for workspace in reversed(self.workspaces):
            if workspace.name.lower() == name.lower() and owner in (None, workspace.owner) and not workspace.is_deleted:
                return workspace
        raise KeyError(name)

    def person(self, word: str | None, me: Person | None = None) -> Person | None:
        """A user by `me`, name or id."""
        if word == "me":
            return me
        return next((person for person in self.people if word in (person.username, person.id)), None)

    def template(self, word: str | None) -> Template | None:
        return next((template for template in self.templates if word in (template.id, template.name)), None)

    def version(self, version_id: str | None) -> Version | None:
        versions = (version for template in self.templates for version in template.versions)
        return next((version for version in versions if version.id == version_id), None)

    def workspace_of(self, workspace_id: str) -> Workspace | None:
        return next((workspace for workspace in self.workspaces if workspace.id == workspace_id), None)

    def build_of(self, build_id: str) -> Build | None:
        every = (build for workspace in self.workspaces for build in workspace.builds)
        return next((build for build in every if build.id == build_id), None)

    def new_log(self) -> Log:
        return Log(self.build_log_ids)

    def matched(self, build: Build) -> Json | None:
        """Who could take a build: told while it waits, in every answer but its own (coderd/workspacebuilds.go)."""
        if build.status != "pending":
            return None
        return dict(self.provisioners.matched(moment(now() - timedelta(seconds=20))))

    def queue_of(self, workspace: Workspace) -> tuple[int, int]:
        return self.provisioners.position(workspace.latest)

    def changed(self, workspace: Workspace) -> None:
        """Tell everybody who watches. Coder tells nothing when only the place in the queue changes."""
        workspace.tell(self.queue_of(workspace), self.matched(workspace.latest))

    def take_once(self, what: str) -> bool:
        """Whether this is the first time, for what a story does only once."""
        first = what not in self._once
        self._once.add(what)
        return first

    async def beat(self, beat: str) -> None:
        if self._holds[beat]:
            await self._holds[beat].pop(0)._stay()

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.pace)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self.place.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.surprise(f"the sandbox itself broke: {task.exception()!r}")

    @property
    def is_building(self) -> bool:
        """Whether a build runs that will end by itself; one that nobody can take never does."""
        return any(
            build.is_active and build.task is not None and not build.task.done()
            for workspace in self.workspaces
            for build in workspace.builds[-1:]
            if self.provisioners.count
        )

    def end(self) -> list[asyncio.Task[Any]]:
        """The world's end, on the loop: its tasks, its open sockets and its workspaces' processes.

        Gives the tasks back, which need a moment of the loop to end in.
        """
        ending = [*self._tasks, *self.visits]
        for task in ending:
            task.cancel()
        for workspace in self.workspaces:
            for build in workspace.builds:
                if build.agent is not None:
                    build.agent.processes.end()
        self.doors.end()
        return ending


def keep(row: list[Request], asked: Request) -> None:
    row.append(replace(asked, body=asked.body[:KEPT_BODY]) if len(asked.body) > KEPT_BODY else asked)
    if len(row) > KEPT_REQUESTS:
        del row[: KEPT_REQUESTS // 2]
