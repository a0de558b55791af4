"""The few questions we ask of a repository. The only module that knows GitPython, and that only as git's runner.

A repository is a stranger's: its configuration may name programs to run. So git is the one of an absolute PATH entry,
sees an environment made for it alone, and is asked for nothing that would run a hook, a filter or a monitor.
"""

import os
from collections.abc import Sequence

from ameide_ws.host import Host

_ENV = "/usr/bin/env"
_SECONDS = 5.0
_FIXED = (
    "--no-optional-locks",
    "-c", "core.fsmonitor=",
    "-c", "core.hooksPath=/dev/null",
    "-c", "protocol.allow=never",
)  # fmt: skip


def top(host: Host) -> str | None:
    """The name of the top folder of the work tree we stand in; None without one, without git, or when git says no."""
    path = _ask(host, ("rev-parse", "--show-toplevel"))
    return None if path is None else path.removesuffix("\n").rpartition("/")[2] or None


def _ask(host: Host, question: Sequence[str]) -> str | None:
    """What git answers on stdout; None when it does not."""
    program = host.which("git")
    if program is None:
        return None
    command = [program, *_FIXED, *question]
    env = _environment(host)
    if not os.access(_ENV, os.X_OK):
        ran = host.run(command, _SECONDS, env=env)
        return ran.out if ran.code == 0 else None
    # GitPython adds what it is given to the process's environment; `env -i` takes all of that away again.
    return _through_gitpython(
        host, program, [_ENV, "-i", *(f"{name}={value}" for name, value in env.items()), *command]
    )


def _environment(host: Host) -> dict[str, str]:
    """All that git gets to know. HOME, because `safe.directory` is the person's to say."""
    folders = [entry for entry in host.env.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
    own = {name: host.env[name] for name in ("HOME", "XDG_CONFIG_HOME") if host.env.get(name)}
    fixed = {"LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return {"PATH": os.pathsep.join(folders), **own, **fixed}


def _through_gitpython(host: Host, program: str, argv: list[str]) -> str | None:
    import subprocess

    # Its import runs `git version`: let that be the same git, and no reason to fail.
    host.export({"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": program})
    try:
        from git.cmd import Git
        from git.exc import GitError
    except ImportError:
        return None
    try:
        running = Git().execute(argv, as_process=True)
        out, _ = running.communicate(timeout=_SECONDS)
    except (GitError, OSError, subprocess.SubprocessError):
        return None
    return out.decode("utf-8", "replace") if running.returncode == 0 else None
