"""The command line: words in, exit code out. The only package that knows Typer.

`main` is the way in; the table says which command lives where, so that no module is loaded before it is called.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ameide_ws.host import Host


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


def main(argv: Sequence[str], host: Host) -> int:
    """Run one command line on one machine. Never exits and never raises; the exit code is returned."""
    from ameide_ws.app import App
    from ameide_ws.cli.quick import quick
    from ameide_ws.cli.words import cut, form_of

    words, rest = cut(argv)
    text = quick(words) if not rest else None
    app = App(host, rest=rest)
    app.options.form = form_of(words)
    if text is not None:
        from ameide_ws.cli.saying import say

        return say(app, text)
    from ameide_ws.cli.grammar import parse_and_run

    return parse_and_run(words, app)
