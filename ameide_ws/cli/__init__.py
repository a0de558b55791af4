"""The command line: words in, exit code out. The only package that knows Typer."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ameide_ws.host import Host


def main(argv: "Sequence[str]", host: "Host") -> int:
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
    from ameide_ws.cli.ahead import ask_ahead

    ask_ahead(words, app)
    from ameide_ws.cli.grammar import parse_and_run

    return parse_and_run(words, app)
