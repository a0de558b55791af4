"""Startup scripts as real processes, each in its own session, so that a workspace can be ended whole."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

LINE = 64 * 1024


class Processes:
    """The processes of one workspace."""

    def __init__(self) -> None:
        self._groups: set[int] = set()

    async def run(
        self, text: str, folder: Path, environment: Mapping[str, str], say: Callable[[str, str], None]
    ) -> tuple[int, str]:
        """Run a script to its end: its exit code and Coder's word for how it ended."""
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            text,
            cwd=folder,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=LINE,
        )
        # What a script leaves running stays in its group, so the group is kept until the workspace ends.
        self._groups.add(process.pid)
        streams = ((process.stdout, "info"), (process.stderr, "error"))
        readers = [asyncio.create_task(lines(stream, level, say)) for stream, level in streams if stream is not None]
        code = await process.wait()
        _, late = await asyncio.wait(readers, timeout=5)
        for reader in late:
            reader.cancel()
        if late:
            return code, "pipes_left_open"
        return code, "ok" if code == 0 else "exit_failure"

    def end(self) -> None:
        """End whatever still runs. SIGKILL, since nobody waits for a sandbox to say goodbye."""
        for group in self._groups:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        self._groups.clear()


async def lines(stream: asyncio.StreamReader, level: str, say: Callable[[str, str], None]) -> None:
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as rest:
            if rest.partial:
                say(rest.partial.decode(errors="replace"), level)
            return
        except asyncio.LimitOverrunError as long:
            line = await stream.readexactly(long.consumed)
        say(line.rstrip(b"\r\n").decode(errors="replace"), level)


def environment(
    path: str, home: Path, workspace: str, owner: str, agent: str, more: Mapping[str, str]
) -> dict[str, str]:
    """What an agent gives its scripts, and nothing of what the sandbox itself was started with."""
    return {
        "PATH": path,
        "HOME": str(home),
        "USER": owner,
        "LANG": "C.UTF-8",
        "CODER": "true",
        "CODER_WORKSPACE_NAME": workspace,
        "CODER_WORKSPACE_OWNER_NAME": owner,
        "CODER_WORKSPACE_AGENT_NAME": agent,
        **more,
    }
