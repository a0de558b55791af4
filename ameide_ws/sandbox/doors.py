"""The doors of this machine: the sandbox's own port, the Unix sockets behind it, and the programs that PATH leads to.

An editor without a password is whoever can connect to it. A port can be reached by every user of the machine, and by
any page in a browser; a Unix socket in a folder of ours alone can be reached by us alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

# The kernel's limit is 108 bytes on Linux and 104 elsewhere, the final zero included.
LONGEST = 100
NAME = 12


def listen(port: int = 0) -> socket.socket:
    """A listening socket on the loopback; nothing outside this machine can reach it."""
    # asyncio switches Nagle's algorithm off only where the protocol is named; without that each answer waits 40 ms.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # Without it a port would be refused for a minute after its last sandbox; one in use is refused all the same.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(128)
    except BaseException:
        made.close()
        raise
    return made


def find_program(name: str, path: str) -> str | None:
    """A program by its path or by its name, as an absolute path.

    Only absolute elements of PATH count: an empty one or a dot means the folder somebody happens to stand in.
    """
    absolute = os.pathsep.join(folder for folder in path.split(os.pathsep) if os.path.isabs(folder))
    found = shutil.which(name, path=absolute)
    return os.path.abspath(found) if found else None


def can_hold_an_editor() -> bool:
    """Without Unix sockets (on Windows) the plain page is all there is."""
    return hasattr(socket, "AF_UNIX")


class Doors:
    """The sockets of one world's editors, in a folder that only its owner can enter; made when one is wanted."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder: Path | None = None

    def new(self) -> Path:
        """Where the next editor is to listen. Nobody listens there yet, and no other user of the machine can."""
        if self._folder is None:
            self._folder = self._make()
        return self._folder / secrets.token_hex(NAME // 2)

    def end(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _make(self) -> Path:
        if len(os.fsencode(self._home)) + 1 + NAME > LONGEST:
            return Path(tempfile.mkdtemp(prefix="ameide-"))
        self._home.mkdir(parents=True, exist_ok=True)
        # In any case, whatever the umask of the process that asked for it.
        self._home.chmod(0o700)
        return self._home
