"""How the tests of the sandbox speak to it: plain httpx and websockets, and nothing of the program's own."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection

from ameide_ws.sandbox.world import World

PATH = "/usr/bin:/bin"
RECORDINGS = Path(__file__).parents[1] / "contract" / "recordings"
# A client makes a context of its own otherwise, which takes longer than most tests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Dial = Callable[..., AbstractContextManager[ClientConnection]]


def client(url: str, token: str | None) -> httpx.Client:
    headers = {"Coder-Session-Token": token} if token else {}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10, verify=NO_TLS)


def cookie(world: World) -> dict[str, str]:
    return {"Cookie": f"coder_session_token={world.token}"}


def socket_url(world: World, path: str) -> str:
    return world.url.replace("http:", "ws:") + path


def recording(name: str) -> dict[str, Any]:
    """What a real Coder answered, scrubbed."""
    read: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return read


def template_of(api: httpx.Client, name: str = "ameide-dev") -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/api/v2/organizations/default/templates/{name}").json()
    return found


def create(api: httpx.Client, name: str = "demo", **more: Any) -> httpx.Response:
    body = {"name": name, "template_version_id": template_of(api)["active_version_id"], **more}
    return api.post("/api/v2/users/me/workspaces", json=body)


def frames(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    """The workspaces that a watch tells."""
    while True:
        event = json.loads(socket.recv(timeout=10))
        if event["type"] == "data":
            yield event["data"]


def first_agent(workspace: dict[str, Any]) -> dict[str, Any]:
    agent: dict[str, Any] = workspace["latest_build"]["resources"][0]["agents"][0]
    return agent


def until(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """All workspaces told up to the first that is as wanted."""
    told = []
    for workspace in frames(socket):
        told.append(workspace)
        if wanted(workspace):
            return told
    raise AssertionError("the socket ended")


def has_status(status: str) -> Callable[[dict[str, Any]], bool]:
    return lambda workspace: bool(workspace["latest_build"]["status"] == status)


def is_ready(workspace: dict[str, Any]) -> bool:
    resources = workspace["latest_build"]["resources"]
    return bool(resources) and resources[0]["agents"][0]["lifecycle_state"] in ("ready", "start_error")


def built(api: httpx.Client, dial: Dial, name: str = "demo") -> dict[str, Any]:
    """A workspace created over HTTP and waited for."""
    made = create(api, name).json()
    with dial(f"/api/v2/workspaces/{made['id']}/watch-ws") as socket:
        return until(socket, is_ready)[-1]
