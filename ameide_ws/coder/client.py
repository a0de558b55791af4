"""What we ask of Coder, one method each. Each says what is absent (None) apart from what is refused (a Problem).

How a request travels, and what is tried again, is the business of `web`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from ameide_ws import __version__
from ameide_ws.coder import model
from ameide_ws.coder.decode import Mismatch, decode
from ameide_ws.coder.refusals import refusal
from ameide_ws.problems import BadAnswer, Problem
from ameide_ws.text import safe
from ameide_ws.web import Answer, Jar, Refused, Seen, Unsure, Web

if TYPE_CHECKING:
    from ameide_ws.web.socket import Socket

T = TypeVar("T")
PAGE = 100


class Coder:
    """One Coder deployment, seen by one person."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self._jar = Jar()
        self._server_version = ""
        self._ahead: dict[str, Callable[[], Answer]] = {}
        self.date: datetime | None = None
        """The server's clock at its last answer: what deadlines of the server are compared with."""
        self.trouble: Problem | None = None
        """Why the server cannot be reached just now, as far as a stream that goes on trying knows."""

    @property
    def url(self) -> str:
        """The address of the deployment, without a slash at the end."""
        return self.web.origin.url

    # Who and what.

    def me(self) -> model.User:
        """Who the token belongs to."""
        return self._get(model.User, "/api/v2/users/me", doing="say who you are")

    def build_info(self) -> model.BuildInfo:
        """Which Coder this is; needs no token."""
        return self._get(model.BuildInfo, "/api/v2/buildinfo", doing="say its version")

    def regions(self) -> tuple[model.Region, ...]:
        """Where apps are served; only for apps with a host name of their own."""
        answer = self._answer("/api/v2/regions", doing="list its regions")
        return self._read(tuple[model.Region, ...], _field(answer.body, "regions"), answer, ".regions")

    def external_auth(self, provider: str) -> model.ExternalAuthLink | None:
        """One's own link to a provider; None where the deployment has no such provider."""
        path = f"/api/v2/external-auth/{_part(provider)}"
        return self._find(model.ExternalAuthLink, path, doing=f"look at the link to {provider}")

    # Templates.

    def template(self, name: str) -> model.Template | None:
        """A template by its name."""
        path = f"/api/v2/organizations/default/templates/{_part(name)}"
        return self._find(model.Template, path, doing=f"show the template {name}")

    def templates(self) -> tuple[model.Template, ...]:
        """All templates one can see."""
        return self._get(tuple[model.Template, ...], "/api/v2/templates", doing="list the templates")

    def template_version(self, version_id: str) -> model.TemplateVersion:
        """One version of a template."""
        path = f"/api/v2/templateversions/{_part(version_id)}"
        return self._get(model.TemplateVersion, path, doing="show the template's version")

    def template_versions(self, template_id: str) -> tuple[model.TemplateVersion, ...]:
        """All versions of a template, oldest first."""
        path = f"/api/v2/templates/{_part(template_id)}/versions"
        return self._get(tuple[model.TemplateVersion, ...], path, doing="list the template's versions")

    def presets(self, version_id: str) -> tuple[model.Preset, ...]:
        """The presets of a version."""
        path = f"/api/v2/templateversions/{_part(version_id)}/presets"
        return self._get(tuple[model.Preset, ...], path, doing="list the template's presets")

    def rich_parameters(self, version_id: str) -> tuple[model.RichParameter, ...]:
        """The parameters of a version, as they stand before any value is given."""
        path = f"/api/v2/templateversions/{_part(version_id)}/rich-parameters"
        return self._get(tuple[model.RichParameter, ...], path, doing="list the template's parameters")

    def evaluate(self, version_id: str, owner_id: str, inputs: Mapping[str, str]) -> model.Evaluation:
        """The parameters of a version for these values of some of them. Changes nothing on the server."""
        path = f"/api/v2/templateversions/{_part(version_id)}/dynamic-parameters/evaluate"
        body = {"id": 1, "inputs": dict(inputs), "owner_id": owner_id}
        answer = self._post(path, body, doing="check the parameters", reads=True)
        return self._read(model.Evaluation, answer.body, answer)

    def version_external_auth(self, version_id: str) -> tuple[model.ExternalAuth, ...]:
        """The providers that a version needs, and whether one is connected."""
        path = f"/api/v2/templateversions/{_part(version_id)}/external-auth"
        return self._get(tuple[model.ExternalAuth, ...], path, doing="list what has to be connected")

    # Workspaces.

    def workspace(self, owner: str, name: str) -> model.Workspace | None:
        """A workspace by its name; None where there is none, or none that one may see."""
        path = f"/api/v2/users/{_part(owner)}/workspace/{_part(name)}"
        return self._find(model.Workspace, path, doing=f"show the workspace {name}")

    def workspace_by_id(self, workspace_id: str) -> model.Workspace | None:
        """A workspace as it is now; None once it is deleted."""
        path = f"/api/v2/workspaces/{_part(workspace_id)}"
        return self._find(model.Workspace, path, doing="show the workspace")

    def workspaces(self, question: str) -> Iterator[model.WorkspacesPage]:
        """The workspaces of a question in Coder's filter language, page by page."""
        offset = 0
        while True:
            query = {"q": question, "limit": str(PAGE), "offset": str(offset)}
            page = self._get(model.WorkspacesPage, "/api/v2/workspaces", query, doing="list workspaces")
            yield page
            offset += len(page.workspaces)
            if not page.workspaces or offset >= page.count:
                return

    def create(
        self, name: str, version_id: str, parameters: Mapping[str, str], preset_id: str | None = None
    ) -> model.Workspace:
        """Make a workspace and start it. After an answer that never came, looks whether it is there."""
        body: dict[str, Any] = {
            "name": name,
            "template_version_id": version_id,
            "rich_parameter_values": _values(parameters),
        }
        if preset_id:
            body["template_version_preset_id"] = preset_id
        doing = f"create the workspace {name}"
        try:
            answer = self._post("/api/v2/users/me/workspaces", body, doing=doing)
        except Unsure as unsure:
            made = self.workspace("me", name)
            if made is None:
                raise unsure.problem from unsure
            return made
        return self._read(model.Workspace, answer.body, answer)

    def build(
        self,
        workspace: model.Workspace,
        transition: str,
        *,
        version_id: str | None = None,
        parameters: Mapping[str, str] | None = None,
        preset_id: str | None = None,
    ) -> model.Build:
        """Start or stop a workspace. After an answer that never came, looks for a newer build."""
        body: dict[str, Any] = {"transition": transition, "reason": "cli"}
        if version_id:
            body["template_version_id"] = version_id
        if parameters:
            body["rich_parameter_values"] = _values(parameters)
        if preset_id:
            body["template_version_preset_id"] = preset_id
        path = f"/api/v2/workspaces/{_part(workspace.id)}/builds"
        try:
            answer = self._post(path, body, doing=f"{transition} the workspace {workspace.name}")
        except Unsure as unsure:
            now = self.workspace_by_id(workspace.id)
            if now is None or now.latest_build.id == workspace.latest_build.id:
                raise unsure.problem from unsure
            return now.latest_build
        return self._read(model.Build, answer.body, answer)

    def build_by_id(self, build_id: str) -> model.Build:
        """A build as it is now."""
        return self._get(model.Build, f"/api/v2/workspacebuilds/{_part(build_id)}", doing="show the build")

    def build_parameters(self, build_id: str) -> tuple[model.BuildParameter, ...]:
        """The values a build was made with."""
        path = f"/api/v2/workspacebuilds/{_part(build_id)}/parameters"
        return self._get(tuple[model.BuildParameter, ...], path, doing="show the build's parameters")

    # Streams.

    def build_logs(self, build_id: str, after: int) -> Iterator[model.BuildLog]:
        """The entries of a build's log beyond an id."""
        path = f"/api/v2/workspacebuilds/{_part(build_id)}/logs"
        return self._items(model.BuildLog, path, after, "show the build's log")

    def agent_logs(self, agent_id: str, after: int) -> Iterator[model.AgentLog]:
        """The entries of an agent's log beyond an id; NotFound once the agent is gone (W9)."""
        path = f"/api/v2/workspaceagents/{_part(agent_id)}/logs"
        return self._items(model.AgentLog, path, after, "show the agent's log")

    def dial_build_logs(self, build_id: str, after: int) -> "Socket":
        """A socket with the log's entries beyond an id, and those to come. Raises Refused."""
        return self.web.dial(f"/api/v2/workspacebuilds/{_part(build_id)}/logs", _after(after, follow=True))

    def dial_agent_logs(self, agent_id: str, after: int) -> "Socket":
        """As `dial_build_logs`, for an agent; its frames are arrays. Raises Refused."""
        query = _after(after, follow=True) | {"no_compression": ""}
        return self.web.dial(f"/api/v2/workspaceagents/{_part(agent_id)}/logs", query)

    def dial_watch(self, workspace_id: str) -> "Socket":
        """A socket with the whole workspace, now and at each change. Raises Refused."""
        return self.web.dial(f"/api/v2/workspaces/{_part(workspace_id)}/watch-ws")

    def dial_metadata(self, agent_id: str) -> "Socket":
        """A socket with an agent's metadata, at most once a second. Raises Refused."""
        return self.web.dial(f"/api/v2/workspaceagents/{_part(agent_id)}/watch-metadata-ws")

    # Apps.

    def app_page(self, path_and_query: str) -> Seen:
        """One look at a page of an app, as the person's browser would see it."""
        return self.web.page(path_and_query, self._jar)

    def app_socket(self, path_and_query: str) -> Seen:
        """One try of a WebSocket at an app; 101 when it takes it."""
        return self.web.upgrade(path_and_query, self._jar)

    # How answers are read.

    def refused(self, answer: Answer, doing: str) -> Exception:
        """What a refusal means."""
        return refusal(answer, self.url, doing)

    def read(self, shape: type[T], value: Any, path: str = "") -> T:
        """A frame of a socket. Raises BadAnswer."""
        return self._read(shape, value, None, path)

    def ask_ahead(self, path: str, query: Mapping[str, str] | None = None) -> None:
        """Send a GET now, on a thread of its own; the method that needs it finds it under way."""
        from ameide_ws.side_by_side import ahead

        self.web.warm()  # two threads that import at once only hold each other up
        self._ahead[_key(path, query)] = ahead(lambda: self.web.get(path, query))

    def _answer(
        self, path: str, query: Mapping[str, str] | None = None, *, doing: str, absent: tuple[int, ...] = ()
    ) -> Answer:
        under_way = self._ahead.pop(_key(path, query), None)
        answer = under_way() if under_way else self.web.get(path, query)
        self._remember(answer)
        if answer.status not in (200, *absent):
            raise refusal(answer, self.url, doing)
        return answer

    def _get(self, shape: type[T], path: str, query: Mapping[str, str] | None = None, *, doing: str) -> T:
        answer = self._answer(path, query, doing=doing)
        return self._read(shape, answer.body, answer)

    def _find(self, shape: type[T], path: str, *, doing: str) -> T | None:
        answer = self._answer(path, doing=doing, absent=(404, 410))
        return None if answer.status != 200 else self._read(shape, answer.body, answer)

    def _post(self, path: str, body: Any, *, doing: str, reads: bool = False) -> Answer:
        answer = self.web.post(path, body, reads=reads)
        self._remember(answer)
        if answer.status not in (200, 201):
            raise refusal(answer, self.url, doing)
        return answer

    def _items(self, shape: type[T], path: str, after: int, doing: str) -> Iterator[T]:
        try:
            for item in self.web.items(path, _after(after)):
                yield self._read(shape, item, None)
        except Refused as refused:
            raise refusal(refused.answer, self.url, doing) from refused

    def _remember(self, answer: Answer) -> None:
        self.date = answer.date or self.date
        self._server_version = answer.headers.get("x-coder-build-version", self._server_version)

    def _read(self, shape: type[T], value: Any, answer: Answer | None, path: str = "") -> T:
        try:
            return decode(shape, value, path)
        except Mismatch as mismatch:
            versions = f"server {safe(self._server_version) or 'of unknown version'}, this ameide-ws {__version__}"
            raise BadAnswer(
                "Coder answered in a form this version does not know",
                cause=f"{mismatch} ({versions})",
                tries=("ameide-ws version   # compare the two versions",),
                ref=f"request {safe(answer.request_id)}" if answer and answer.request_id else "",
            ) from mismatch


def _part(name: str) -> str:
    """A part of a path; nothing in it can lead elsewhere."""
    return name.replace(".", "%2E") if name in (".", "..") else quote(name, safe="")


def _after(after: int, *, follow: bool = False) -> dict[str, str]:
    query = {"follow": ""} if follow else {}
    return query | ({"after": str(after)} if after else {})


def _key(path: str, query: Mapping[str, str] | None) -> str:
    return f"{path}?{sorted((query or {}).items())}"


def _values(parameters: Mapping[str, str]) -> Sequence[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in parameters.items()]


def _field(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None
