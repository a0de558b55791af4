"""What a fresh world of the sandbox costs: every test of a command begins with one."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.table import Row, spread

TIMES = 200
AIM = 5.0


def worlds() -> Iterator[Row]:
    """One row."""
    what, goal = "a fresh sandbox world", f"<= {AIM:.0f} ms"
    try:
        from ameide_ws.sandbox.serve import Sandbox
    except ImportError as error:
        yield Row(what, goal, AIM, None, why_not=f"the extra `sandbox` is not installed: {error}")
        return
    took = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(path=os.environ.get("PATH", ""), folder=Path(folder)) as sandbox,
    ):
        sandbox.fresh()
        for _ in range(TIMES):
            began = time.perf_counter()
            sandbox.fresh()
            took.append(time.perf_counter() - began)
    yield Row(what, goal, AIM, sorted(took)[len(took) // 2] * 1000, spread(took, "ms"))
