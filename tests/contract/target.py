"""A Coder that is held to the contract: how the tests speak to it, and what they made there.

One class for both targets, so that a test cannot tell them apart; what only the sandbox can do is asked for by
`only_in_the_sandbox`, which skips the test on a real Coder.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from threading import Event
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ameide_ws.coder.client import Coder
from ameide_ws.host import Host
from ameide_ws.sandbox.serve import Sandbox
from ameide_ws.sandbox.world import World
from ameide_ws.settings import Secret
from ameide_ws.web import Web, parse_origin

AGENT = "ameide-ws-contract"
APP = "code-server"
DONE = ("succeeded", "failed", "canceled")
SECONDS = 45.0
Json = dict[str, Any]


class Reply(NamedTuple):
    """One plain answer."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The content type."""
        said: str = self.headers.get("content-type", "")
        return said

    @property
    def message(self) -> str:
        said: str = self.json["message"]
        return said

    @property
    def fields(self) -> list[str]:
        """The fields it complains about."""
        return [row["field"] for row in self.json.get("validations") or []]


class Names:
    """The `ct-` names of one run, and which of them were handed out."""

    def __init__(self, run: str) -> None:
        self.prefix = f"ct-{run}-"
        self.given: list[str] = []

    def next(self) -> str:
        self.given.append(f"{self.prefix}{len(self.given) + 1}")
        return self.given[-1]


class Target:
    """One Coder, seen by one member who may use one template."""

    def __init__(self, url: str, token: str, template: str, names: Names, sandbox: Sandbox | None = None) -> None:
        self.url, self.template, self.names = url, template, names
        self._token = Secret(token)
        self._sandbox = sandbox
        self._http = httpx.Client(trust_env=False, timeout=20, follow_redirects=False)
        self._shared: Json | None = None
        self.nonsense_is_meant = False
        """A test that asks for what Coder does not know sets this; else the sandbox's surprise fails it."""

    def __repr__(self) -> str:
        return f"Target({self.url})"

    @property
    def is_sandbox(self) -> bool:
        return self._sandbox is not None

    def only_in_the_sandbox(self, why: str) -> World:
        """The sandbox's world, for what no real Coder does on demand."""
        if self._sandbox is None:
            pytest.skip(why)
        return self._sandbox.world

    def story(self, name: str, why: str) -> World:
        """A fresh world in which a story happens."""
        self.only_in_the_sandbox(why)
        assert self._sandbox is not None
        world = self._sandbox.fresh(name)
        self._token = Secret(world.token)
        self._shared = None
        self.__dict__.pop("client", None)
        return world

    @contextmanager
    def held(self, beat: str) -> Iterator[None]:
        """Within this, the next build waits before a beat; a real build takes its seconds anyhow."""
        hold = self._sandbox.world.hold(beat) if self._sandbox else None
        try:
            yield
        finally:
            if hold is not None:
                hold.release()

    def close(self) -> None:
        self._http.close()

    # Three ways to ask: plainly, by a socket, and as the product does.

    def raw(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
    ) -> Reply:
        """One request, with the token in its header unless `token` (which may be empty) or `headers` say otherwise."""
        sent = {"User-Agent": AGENT, **self._signature(token), **(headers or {})}
        answer = self._http.request(method, self.url + path, json=json, headers=sent)
        # A cookie that Coder sets would outrank the header of the next request.
        self._http.cookies.clear()
        return Reply(answer.status_code, answer.headers, answer.content)

    def get(self, path: str) -> Any:
        """What a GET that has to succeed says."""
        reply = self.raw("GET", path)
        assert reply.status == 200, (path, reply)
        return reply.json

    def _signature(self, token: str | None) -> dict[str, str]:
        value = self._token.reveal() if token is None else token
        return {"Coder-Session-Token": value} if value else {}

    @property
    def cookie(self) -> dict[str, str]:
        """The headers of a browser's request: the session as a cookie, which Coder keeps from the app (W8)."""
        return {"Cookie": f"coder_session_token={self._token.reveal()}"}

    def visit(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """An app's address, as a browser asks for it."""
        return self.raw("GET", path, headers=self.cookie if headers is None else headers, token="")

    def socket(
        self, path: str, *, token: str | None = None, headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[ClientConnection]:
        """A WebSocket, without extensions and without a cap."""
        return connect(
            "ws" + self.url.removeprefix("http") + path,
            additional_headers=headers if headers is not None else self._signature(token),
            user_agent_header=AGENT,
            compression=None,
            proxy=None,
            max_size=None,
            open_timeout=10,
            close_timeout=1,
        )

    def refused_socket(self, path: str, *, token: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """The answer to a dial that is not taken."""
        with pytest.raises(InvalidStatus) as refused, self.socket(path, token=token, headers=headers):
            pass
        answer = refused.value.response
        return Reply(answer.status_code, httpx.Headers(list(answer.headers.raw_items())), bytes(answer.body or b""))

    @cached_property
    def host(self) -> Host:
        return Host(env={}, out=io.StringIO(), err=io.StringIO(), stdin=io.StringIO())

    @cached_property
    def client(self) -> Coder:
        """Our own client."""
        origin = parse_origin(self.url)
        return Coder(Web(origin, self.host, token=self._token, user_agent=AGENT))

    # What there is.

    @property
    def me(self) -> Json:
        found: Json = self.get("/api/v2/users/me")
        return found

    @property
    def template_json(self) -> Json:
        found: Json = self.get(f"/api/v2/organizations/default/templates/{quote(self.template)}")
        return found

    @property
    def version_id(self) -> str:
        """The template's active version."""
        found: str = self.template_json["active_version_id"]
        return found

    # What the tests make. A name is noted before it is sent, so that nothing made is ever forgotten.

    def create(self, name: str | None = None, **more: Any) -> Reply:
        """The POST that makes a workspace out of the template's active version."""
        if not {"template_id", "template_version_id"} & more.keys():
            more["template_version_id"] = self.version_id
        return self.raw("POST", "/api/v2/users/me/workspaces", json={"name": name or self.names.next(), **more})

    def make(self, name: str | None = None, **more: Any) -> Json:
        """A workspace whose first build is done and has succeeded."""
        made = self.create(name, **more)
        assert made.status == 201, made
        built = self.done(made.json)
        assert built["latest_build"]["status"] == "running", built["latest_build"]
        return built

    def shared(self) -> Json:
        """A running workspace whose editor answers, for tests that only look; a real Coder makes it once."""
        if self._shared is None:
            made = self.until(self.make(), lambda now: agent_of(now)["lifecycle_state"] in ("ready", "start_error"))
            self.patiently(lambda: self.visit(app_path(made) + "healthz").status == 200)
            self._shared = made
        found: Json = self.get(f"/api/v2/workspaces/{self._shared['id']}")
        return found

    def build(self, workspace: Json, transition: str, **more: Any) -> Reply:
        path = f"/api/v2/workspaces/{workspace['id']}/builds"
        return self.raw("POST", path, json={"transition": transition, **more})

    def built(self, workspace: Json, transition: str, **more: Any) -> Json:
        """The workspace after a build that has succeeded."""
        posted = self.build(workspace, transition, **more)
        assert posted.status == 201, posted
        number = posted.json["build_number"]
        now = self.until(workspace, lambda now: is_done(now) and now["latest_build"]["build_number"] >= number)
        assert now["latest_build"]["job"]["status"] == "succeeded", now["latest_build"]
        return now

    @property
    def shared_name(self) -> str:
        return self._shared["name"] if self._shared else ""

    # Waiting: on the server's own word, never by the clock alone.

    def watch(self, workspace: Json) -> Iterator[Json]:
        """The workspace now, and at each change. The watch ends only with the test."""
        with self.socket(f"/api/v2/workspaces/{workspace['id']}/watch-ws") as socket:
            while True:
                event = json.loads(socket.recv(timeout=SECONDS))
                if event["type"] == "data":
                    yield event["data"]

    def until(self, workspace: Json, wanted: Callable[[Json], bool]) -> Json:
        return next(now for now in self.watch(workspace) if wanted(now))

    def done(self, workspace: Json) -> Json:
        """The workspace once its latest build is done."""
        return self.until(workspace, is_done)

    def patiently(self, question: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Ask until it is so. For what has no socket; a question every fifth of a second is below every limit."""
        pause = Event()
        for _ in range(int(seconds * 5)):
            if question():
                return
            pause.wait(0.2)
        raise AssertionError(f"not so after {seconds:g} s")

    # Cleaning up.

    def living(self) -> list[Json]:
        """What is left of this run. The prefix is compared here, too: `name:` means "has this in it"."""
        found = self.get(f"/api/v2/workspaces?q=owner:me%20name:{self.names.prefix}")["workspaces"] or []
        return [one for one in found if one["name"].startswith(self.names.prefix)]

    def forget(self, workspace: Json) -> None:
        """Ask for its deletion; one that is being built is left to the sweep at the end."""
        if workspace["name"].startswith(self.names.prefix):
            self.build(workspace, "delete")

    def sweep(self) -> None:
        """Delete all this run has made, and see it gone."""

        def is_clean() -> bool:
            left = self.living()
            for one in left:
                if is_done(one):
                    self.forget(one)
            return not left

        self.patiently(is_clean, 90)


def is_done(workspace: Json) -> bool:
    return workspace["latest_build"]["job"]["status"] in DONE


def agents_of(workspace: Json) -> list[Json]:
    return [agent for one in workspace["latest_build"]["resources"] or [] for agent in one.get("agents") or []]


def agent_of(workspace: Json) -> Json:
    """The agent that has the app; an empty one while there is none."""
    apps = (agent for agent in agents_of(workspace) for app in agent["apps"] or [] if app["slug"] == APP)
    return next(apps, {"lifecycle_state": "", "status": "", "id": ""})


def app_path(workspace: Json, slug: str = APP) -> str:
    """The app's address below the deployment's."""
    return f"/@{workspace['owner_name']}/{workspace['name']}.{agent_of(workspace)['name']}/apps/{slug}/"
