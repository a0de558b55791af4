"""What a person asked for: the options of `up` and `show`, and a workspace's name taken apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ameide_ws.problems import Usage
from ameide_ws.text import safe, word

STEPS = ("queue", "terraform", "agent", "scripts", "editor")
WAITS = ("build", "agent", "scripts", "editor")
DEFAULT_NAME = "dev"
_NAME = re.compile(r"[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Wish:
    """One call of `up`.

    template_chosen: whether the person named the template for this call.
    preset: a preset's name, `none`, or None for the template's default. update: None where the person said nothing.
    seconds: how long it may take; None means no limit. suffix: the options to repeat in a command that looks again.
    """

    name: str | None = None
    template: str = "ameide-dev"
    app: str = "code-server"
    provider: str = "github"
    parameters: Mapping[str, str] = field(default_factory=dict)
    preset: str | None = None
    update: bool | None = None
    wait: str = "editor"
    detach: bool = False
    seconds: float | None = None
    template_chosen: bool = False
    suffix: str = ""

    def called(self, name: str) -> str:
        """A workspace's name as the person typed it (with its owner, its agent), ready to be pasted."""
        return word(self.name or name)

    def again(self, name: str) -> str:
        """The command that comes back to this workspace."""
        return f"ameide-ws up {self.called(name)}{self.suffix}"

    def show(self, name: str) -> str:
        """The command that shows this workspace."""
        return f"ameide-ws show {self.called(name)}{self.suffix}"

    def anew(self, name: str, *flags: str) -> str:
        """The command that asks for the same once more, with these flags."""
        template = [f"--template {word(self.template)}"] if self.template_chosen else []
        return (
            " ".join([f"ameide-ws up {self.called(name)}", *template])
            + self.suffix
            + "".join(f" {flag}" for flag in flags)
        )


class Which(NamedTuple):
    """The parts of NAME, NAME.AGENT or OWNER/NAME; owner and agent are empty where they were left out."""

    owner: str
    name: str
    agent: str


def check_template(name: str) -> None:
    """Raise Usage for what cannot be the name of a template."""
    if not _NAME.fullmatch(name) or len(name) > 32:
        raise Usage(
            f"“{safe(name)}” is no name of a template",
            cause="a name has up to 32 letters, digits and single dashes",
            tries=("ameide-ws list   # the column TEMPLATE has their names",),
        )


def which(text: str) -> Which:
    """Take a workspace's name apart. Raises Usage for what cannot be one."""
    owner, slash, rest = text.rpartition("/")
    name, dot, agent = rest.partition(".")
    if name in ("new", "create"):
        raise Usage(
            f"a workspace cannot be called “{name}”",
            cause="Coder keeps that word for itself",
            tries=(f"ameide-ws up my-{name}   # or any other name",),
        )
    parts = [part for part, is_there in ((owner, slash), (name, True), (agent, dot)) if is_there]
    if not all(_NAME.fullmatch(part) and len(part) <= 32 for part in parts):
        raise Usage(
            f"“{safe(text)}” is no name of a workspace",
            cause="a name has up to 32 letters, digits and single dashes; NAME.AGENT and OWNER/NAME are known too",
            tries=("ameide-ws list   # the names you have",),
        )
    return Which(owner, name, agent)
