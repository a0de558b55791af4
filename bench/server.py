"""The few questions the measuring itself asks of Coder, in the standard library's words."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from bench.clock import DidNotWork
from bench.place import Place

PATIENCE = 120.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(place: Place, path: str, body: object = None) -> Any:
    """The JSON at a path of the API; None where Coder says 404. Raises DidNotWork."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Coder-Session-Token": place.token, "Content-Type": "application/json", "User-Agent": "ameide-ws-bench"}
    asked = urllib.request.Request(f"{place.url}/api/v2{path}", data, headers)  # noqa: S310  the person's own server
    try:
        with _direct.open(asked, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            return None
        raise DidNotWork(f"{path}: {error.code} {error.read(300).decode(errors='replace')}") from error
    except OSError as error:
        raise DidNotWork(f"{place.url} does not answer: {error}") from error


def workspace(place: Place, name: str) -> Any:
    """One of our workspaces; None where there is none of that name."""
    return ask(place, f"/users/me/workspace/{name}")


def app_urls(found: Any) -> list[str]:
    """The addresses of a workspace's apps, as its agents know them."""
    resources = (found or {}).get("latest_build", {}).get("resources") or []
    agents = [agent for resource in resources for agent in resource.get("agents") or []]
    return [app["url"] for agent in agents for app in agent.get("apps") or [] if app.get("url", "").startswith("http")]


def remove(place: Place, name: str) -> None:
    """Delete a workspace and wait until it is gone. Raises DidNotWork."""
    found = workspace(place, name)
    if found is None:
        return
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        job = found["latest_build"]["job"]
        if job["status"] not in ("pending", "running", "canceling"):
            if found["latest_build"]["transition"] == "delete" and job["status"] != "succeeded":
                break
            ask(place, f"/workspaces/{found['id']}/builds", {"transition": "delete"})
        time.sleep(0.25)
        found = workspace(place, name)
        if found is None:
            return
    raise DidNotWork(f"the workspace {name} could not be deleted: delete it by hand")
