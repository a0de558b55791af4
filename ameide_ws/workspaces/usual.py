"""How long an `up` usually takes: remembered from the last ten on this machine, and what Coder knows of a template."""

import json
import statistics

from ameide_ws.coder.model import Template
from ameide_ws.host import Host
from ameide_ws.web import Origin

KEPT = 10


def usual_build_seconds(template: Template) -> float | None:
    """The median of the template's start builds, as Coder counts them; None before the first."""
    median = template.build_time_stats.start.P50
    return None if not median else median / 1000


def usual_seconds(host: Host, origin: Origin, template: str) -> float | None:
    """The median of the last ten whole `up`s of this template from here; None before the first."""
    seconds = _remembered(host).get(_key(origin, template), [])
    return statistics.median(seconds) if seconds else None


def remember(host: Host, origin: Origin, template: str, seconds: float) -> None:
    """Note how long one took. A state folder that cannot be written is no reason to fail."""
    known = _remembered(host)
    key = _key(origin, template)
    known[key] = [*known.get(key, []), round(seconds, 1)][-KEPT:]
    try:
        host.write(host.state_dir / "ups.json", json.dumps(known, indent=1) + "\n")
    except OSError:
        return


def _key(origin: Origin, template: str) -> str:
    """The host without its port: a sandbox has another port each time, and is as fast as the one before."""
    return f"{origin.host} {template}"


def _remembered(host: Host) -> dict[str, list[float]]:
    """What the state folder holds; anything that is not ours counts as nothing."""
    try:
        known = json.loads(host.read(host.state_dir / "ups.json") or "{}")
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {
        key: [float(one) for one in seconds if isinstance(one, int | float)]
        for key, seconds in known.items()
        if isinstance(seconds, list)
    }
