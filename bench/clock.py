"""Runs whole programs in turn, and keeps what each took: seconds, and the most memory it held."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


class DidNotWork(Exception):
    """A program under measurement failed, so its time means nothing."""


@dataclass
class Runs:
    """What the runs of one program took."""

    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)

    @property
    def took(self) -> float:
        return median(self.seconds)

    @property
    def held(self) -> float:
        return median(self.mebibytes)


def run(argv: Sequence[str], env: Mapping[str, str], *, keep: Runs | None = None) -> str:
    """One run to its end; what it wrote to stdout. Raises DidNotWork."""
    # The kernel counts what a child held before its exec too, which is our size: so this process stays a small one.
    read, write = os.pipe()
    with open(read, "rb") as out:
        began = time.perf_counter()
        child = subprocess.Popen(
            argv, env=dict(env), stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, close_fds=True
        )
        os.close(write)
        said = out.read()
        complaint = child.stderr.read() if child.stderr else b""
        _, status, usage = os.wait4(child.pid, 0)
        took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.stderr:
        child.stderr.close()
    if child.returncode != 0:
        last = complaint.decode(errors="replace").strip().splitlines()[-4:]
        raise DidNotWork(f"{' '.join(argv[:3])} ended with {child.returncode}: {' / '.join(last)}")
    if keep is not None:
        keep.seconds.append(took)
        keep.mebibytes.append(usage.ru_maxrss / 1024)
    return said.decode(errors="replace")


def in_turn(programs: Mapping[str, Sequence[str]], env: Mapping[str, str], times: int) -> dict[str, Runs]:
    """Each program `times` times, one after the other, so that a busy moment meets them all. Raises DidNotWork."""
    kept = {name: Runs() for name in programs}
    for argv in programs.values():
        run(argv, env)
    for _ in range(times):
        for name, argv in programs.items():
            run(argv, env, keep=kept[name])
    return kept
