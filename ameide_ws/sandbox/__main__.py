"""The background sandbox's own process, started by background.py: state folder, socket and pipe are handed on."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from .home import Running
from .serving import Serving


def main() -> None:
    state, handle, mouth = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    order = json.load(sys.stdin)
    listening = socket.socket(fileno=handle)
    # Its workspaces' processes must not keep the port open when this process is gone.
    for one in (handle, mouth):
        os.set_inheritable(one, False)
    serving = Serving(
        state, listening, order["path"], order["story"], order["editor"], order["idle_seconds"], order["pace"]
    )

    def ready(_: Running) -> None:
        os.write(mouth, b"ready\n")
        os.close(mouth)

    serving.begin(ready)
    serving.until_ended()
    # Nothing is left to do, and a thread that lingers must not keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
