"""The commands about ourselves: `sandbox`, `completion`, `version`, `help`."""

from typing import Annotated

import typer

from ameide_ws.app import App
from ameide_ws.cli.deliver import deliver
from ameide_ws.cli.options import one_of
from ameide_ws.cli.saying import say, text_of
from ameide_ws.cli.table import COMMANDS
from ameide_ws.cli.words import ACTIONS, SHELLS, TOPICS
from ameide_ws.problems import Usage
from ameide_ws.text import near, safe

Action = Annotated[str | None, typer.Argument(metavar="ACTION", help="start, stop or status; without: stay here")]
Port = Annotated[str | None, typer.Option(metavar="PORT", help="its port; a free one unless given")]


def sandbox(
    ctx: typer.Context,
    action: Action = None,
    port: Port = None,
    story: Annotated[str, typer.Option(metavar="STORY", help="what happens in it")] = "good-morning",
    editor: Annotated[str | None, typer.Option(metavar="PATH", help="a code-server to show as the editor")] = None,
) -> int:
    """A Coder on this machine, to try things out.

    Use it to learn and to test without an account: ameide-ws up --sandbox starts it by itself. Without ACTION it
    runs here until Ctrl-C; in the background it ends after 30 idle minutes. Stories: ameide-ws help sandbox.

    \b
    Examples:
      ameide-ws sandbox start
      ameide-ws sandbox --story build-fails
      ameide-ws sandbox stop

    Exit codes: 0, 1 it does not start, 2 it is not installed or the story is unknown.
    """
    from ameide_ws.cli.sandbox import course, port_number

    app: App = ctx.obj
    app.limit = None
    number = port_number(port)
    if action is not None:
        app.command += (one_of(action, ACTIONS, "ameide-ws sandbox"),)
    return deliver(app, lambda: course(app, action, number, story, editor), effects=True)


def completion(
    ctx: typer.Context, shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell")]
) -> int:
    """The script that completes words in your shell.

    Use it once: it prints a script, and says on stderr where your shell looks for it. It changes no file.

    \b
    Examples:
      ameide-ws completion bash > ~/.local/share/bash-completion/completions/ameide-ws
      ameide-ws completion fish > ~/.config/fish/completions/ameide-ws.fish

    Exit codes: 0, 2 for a shell that is not known.
    """
    from ameide_ws.cli.completion import HINTS, script

    one_of(shell, SHELLS, "ameide-ws completion")
    return say(ctx.obj, script(shell), name=shell, hint=HINTS[shell])


def version(ctx: typer.Context) -> int:
    """Which ameide-ws this is, and which Coder it talks to.

    Use it in a report, with --json. The server is asked for two seconds at most; --version asks nobody.

    \b
    Examples:
      ameide-ws version
      ameide-ws version --json

    Exit codes: 0, also when the server does not answer.
    """
    from ameide_ws.cli.version import course

    app: App = ctx.obj
    return deliver(app, lambda: course(app))


def help_(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="TOPIC", help="a topic or a command")] = None,
) -> int:
    """More on a topic.

    Topics: environment, exit-codes, json, sandbox. The name of a command shows that command's help.

    \b
    Examples:
      ameide-ws help exit-codes
      ameide-ws help up

    Exit codes: 0, 2 for a topic that is not known.
    """
    from ameide_ws.cli.quick import stored

    app: App = ctx.obj
    if topic is None:
        return say(app, stored("help.txt"))
    if topic in TOPICS:
        return deliver(app, lambda: text_of(topic, stored(f"topics/{topic}.txt")))
    if topic in COMMANDS:
        from ameide_ws.cli.grammar import help_of

        return say(app, help_of(topic, app), name=topic)
    meant = near(topic, (*TOPICS, *COMMANDS))
    raise Usage(
        f"there is no help on “{safe(topic)}”",
        cause=f"did you mean {meant}?" if meant else f"topics are {', '.join(TOPICS)}",
        tries=(f"ameide-ws help {meant}" if meant else "ameide-ws --help",),
    )
