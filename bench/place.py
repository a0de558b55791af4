"""Where the measuring takes place: the programs, the server if one is named, and a home that is nobody's."""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """ours, coder: the programs; coder is None where none is on the PATH. url: empty where no server is named."""

    ours: str
    coder: str | None
    home: Path
    url: str = ""
    token: str = field(default="", repr=False)
    template: str = ""

    @property
    def env(self) -> dict[str, str]:
        """What every program under measurement sees: its server and token, and nothing of the person's own."""
        env = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.home), "LANG": "C.UTF-8", "CI": "1"}
        env |= {"AMEIDE_WS_CONFIG_DIR": str(self.home / "ameide-ws"), "CODER_CONFIG_DIR": str(self.home / "coder")}
        if self.url:
            env |= {"AMEIDE_WS_URL": self.url, "AMEIDE_WS_TOKEN": self.token}
            env |= {"CODER_URL": self.url, "CODER_SESSION_TOKEN": self.token}
        return env

    @property
    def no_coder(self) -> str:
        return "" if self.coder else "there is no `coder` program on the PATH"

    @property
    def no_server(self) -> str:
        named = "AMEIDE_WS_CONTRACT_URL, AMEIDE_WS_CONTRACT_TOKEN and AMEIDE_WS_CONTRACT_TEMPLATE"
        return "" if self.url else f"no server is named by {named}"

    @property
    def nobody_beside(self) -> str:
        return self.no_coder or self.no_server


def find(home: Path) -> Place:
    """The place as the environment says it is."""
    ours = Path(sys.executable).with_name("ameide-ws")
    told = {name: os.environ.get(f"AMEIDE_WS_CONTRACT_{name}", "") for name in ("URL", "TOKEN", "TEMPLATE")}
    if not all(told.values()):
        told = dict.fromkeys(told, "")
    return Place(
        str(ours), shutil.which("coder"), home, told["URL"].rstrip("/"), told["TOKEN"], told["TEMPLATE"]
    )  # fmt: skip
