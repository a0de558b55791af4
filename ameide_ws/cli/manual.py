"""The stored help texts, written from the program: the root page, the exit codes, the stories.

They lie beside this module as files, because reading a file is all the time that `--help` may take.
"""

from ameide_ws.cli.table import COMMANDS, GROUPS
from ameide_ws.problems import Exit

_EXITS = {
    Exit.OK: "done, or it was so already",
    Exit.FAILED: "failed for a reason without a number of its own, or a mistake of ours",
    Exit.USAGE: "wrong usage, or something is missing and nobody is there to ask",
    Exit.NOT_FOUND: "not there, or you may not see it",
    Exit.SIGN_IN: "sign in first, or connect GitHub first",
    Exit.FORBIDDEN: "you may not do that",
    Exit.CONFLICT: "something changed meanwhile, or stands in the way",
    Exit.UNAVAILABLE: "Coder, or the network on the way, does not answer",
    Exit.NOT_FINISHED: "not finished in time; the queue or the build goes on",
    Exit.BUILD_FAILED: "the build failed",
    Exit.BUILD_CANCELED: "the build was cancelled",
    Exit.AGENT: "the workspace's agent or its startup scripts are not ready",
    Exit.APP: "the editor does not answer",
    Exit.HUP: "the terminal went away",
    Exit.INTERRUPTED: "Ctrl-C",
    Exit.PIPE: "whoever read the output went away",
    Exit.TERM: "ended by SIGTERM",
}


def root_help() -> str:
    """The page that `--help` shows: half a screen, for somebody who has never heard of Coder."""
    lines = [
        "ameide-ws takes you to a working VS Code in the browser, on Coder.",
        "",
        "Usage: ameide-ws [OPTIONS] COMMAND [ARGUMENTS]",
    ]
    for group in GROUPS:
        lines += ["", f"{group}:"]
        lines += [_line(name, entry.summary) for name, entry in COMMANDS.items() if entry.group == group]
        if group == "Start here":
            lines.append(_line("up --sandbox", "the same on this machine alone, without an account"))
    lines += [
        "",
        "Without a command: where you stand, and what to type next.",
        "Options stand before or after the command; ameide-ws COMMAND --help lists them.",
        "Topics: ameide-ws help environment, exit-codes, json, sandbox",
    ]
    return "\n".join(lines) + "\n"


def exit_codes() -> str:
    """The page `help exit-codes`."""
    lines = ["Exit codes", "", "They say how a command ended, and never change their meaning.", ""]
    lines += [f"  {code.value:>3}  {_EXITS[code]}" for code in Exit]
    return "\n".join(lines) + "\n"


def stories() -> str:
    """The end of the page `help sandbox`: every story and what happens in it."""
    from ameide_ws.sandbox.stories import names

    return "".join(f"  {name:<22}{summary}\n" for name, summary in names())


def _line(name: str, text: str) -> str:
    return f"  {name:<14}{text}"
