"""The table of commands: which lives where, so that no module is loaded before it is called."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A command: the module and the function it lives in, its summary, and its group in the help."""

    module: str
    function: str
    summary: str
    group: str


GROUPS = ("Start here", "Look", "About")
COMMANDS = {
    "up": Entry("workspace", "up", "from nothing to a working editor", "Start here"),
    "list": Entry("workspace", "list_", "your workspaces", "Look"),
    "show": Entry("workspace", "show", "one workspace on one page", "Look"),
    "sandbox": Entry("about", "sandbox", "a Coder on this machine, to try things out", "About"),
    "completion": Entry("about", "completion", "the script that completes words in your shell", "About"),
    "version": Entry("about", "version", "which ameide-ws this is, and which Coder it talks to", "About"),
    "help": Entry("about", "help_", "more on a topic", "About"),
}
# Commands that run for long enough to make tidying up worth its time.
LONG = frozenset(("up", "sandbox"))
