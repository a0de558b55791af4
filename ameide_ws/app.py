"""Where things are put together for one command: settings, clients, pens and the watcher, each built on first use.

What a command does with them is its own business; how its course ends is `cli.deliver`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ameide_ws import __version__
from ameide_ws.host import Host
from ameide_ws.problems import NoSandbox, Problem, SandboxTrouble, Usage
from ameide_ws.render.look import Look, look_at
from ameide_ws.render.pen import Pen
from ameide_ws.render.redact import Redactor
from ameide_ws.render.watch import Jsonl, Plain, Quiet
from ameide_ws.settings import TOKEN, VARIABLES, Secret, Settings, Value, session_token, settle
from ameide_ws.text import safe

if TYPE_CHECKING:
    from ameide_ws.coder.client import Coder
    from ameide_ws.sandbox.background import Running
    from ameide_ws.web import Web

FOLDER = "sandbox"
USER_AGENT = f"ameide-ws/{__version__}"
SECONDS = 60.0


@dataclass(slots=True)
class Options:
    """What was said around the command; None and false where nothing was."""

    url: str | None = None
    form: str | None = None
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    no_input: bool = False
    color: str | None = None
    ca_file: str | None = None
    insecure_http: bool = False
    timeout: str | None = None
    sandbox: bool = False


class App:
    """One command on its way: the machine, what was said, and everything built from the two.

    command: its words, for the envelope. rest: the words after the first `--`. limit: its seconds where nobody said.
    """

    def __init__(self, host: Host, options: Options | None = None, rest: Sequence[str] = ()) -> None:
        self.host = host
        self.options = options or Options()
        self.rest = tuple(rest)
        self.command: tuple[str, ...] = ()
        self.limit: float | None = SECONDS
        self.began = host.monotonic()
        token = host.value(TOKEN)
        self.redact = Redactor(Secret(token) if token else None)

    # What holds.

    @cached_property
    def settings(self) -> Settings:
        """The settings of this command. Raises BadConfig, and what keeps the sandbox from starting."""
        said = self.options
        options = {"url": said.url, "ca_file": said.ca_file, "timeout": said.timeout, "color": said.color}
        settings = settle(options, self.host, insecure_http=said.insecure_http)
        return self._in_the_sandbox(settings) if said.sandbox else settings

    @property
    def seconds(self) -> float | None:
        """How long the whole command may take; None for no limit."""
        said = self.settings.timeout
        return self.limit if said is None else said or None

    @property
    def until(self) -> float | None:
        """The moment on the monotonic clock by which the command has to end."""
        return None if self.seconds is None else self.began + self.seconds

    @property
    def debugs(self) -> bool:
        """Whether everything is to be told."""
        return self.options.debug or self.host.value("AMEIDE_WS_DEBUG") is not None

    @property
    def may_ask(self) -> bool:
        """Whether a person is there to answer."""
        host = self.host
        if self.options.no_input or host.value("AMEIDE_WS_NO_INPUT") or host.in_ci:
            return False
        return host.is_terminal(host.stdin) and host.is_terminal(host.err)

    @property
    def suffix(self) -> str:
        """The options to repeat in a command that comes back to the same place."""
        said = self.options
        parts = [" --sandbox"] if said.sandbox else []
        parts += [f" --url {safe(said.url)}"] if said.url else []
        parts += [" --insecure-http"] if said.insecure_http else []
        return "".join(parts)

    def notices(self) -> tuple[Problem, ...]:
        """What is odd about the settings; nothing where the command had no use for them."""
        return self.settings.warnings if "settings" in self.__dict__ else ()

    # The way to Coder.

    @cached_property
    def web(self) -> "Web":
        """The network, with the token of this address. Raises SignedOut, BadToken, BadUrl."""
        return self.web_as(session_token(self.settings), self.until)

    def web_as(self, token: Secret | None, until: float | None) -> "Web":
        """The network with that token, or without one, until that moment."""
        from ameide_ws.web import Web, parse_origin

        url, ca_file = self.settings.values["url"], self.settings["ca_file"]
        origin = parse_origin(url.value, insecure_http=self.options.insecure_http, where=url.origin)
        return Web(
            origin, self.host, token=token, user_agent=USER_AGENT, ca_file=ca_file,
            until=until, say=self.say, debug=self.tell if self.debugs else None,
        )  # fmt: skip

    @cached_property
    def coder(self) -> "Coder":
        """The Coder API. Raises what `web` raises."""
        from ameide_ws.coder.client import Coder

        return Coder(self.web)

    def _in_the_sandbox(self, settings: Settings) -> Settings:
        """The same settings, with address and token of the local sandbox, which is started if need be."""
        if self.options.url is not None:
            raise Usage(
                "--sandbox and --url name two different addresses",
                cause="the sandbox runs on this machine and has an address of its own",
                tries=("leave one of the two out",),
            )
        running = start_sandbox(self.host)[0]
        self.redact.learn(Secret(running.token))
        ignored = [name for name in (VARIABLES["url"], TOKEN) if self.host.value(name)]
        if ignored:
            self.say(f"The sandbox is used; {' and '.join(ignored)} {'is' if len(ignored) == 1 else 'are'} ignored.")
        values = {**settings.values, "url": Value(running.url, "--sandbox")}
        return replace(settings, values=values, token=Secret(running.token))

    # The way to the person.

    @property
    def form(self) -> str:
        """The format of the answer, as one word."""
        return self.options.form or "table"

    @property
    def draws(self) -> bool:
        """Whether stdout is read by a person: a terminal, or a table asked for by hand."""
        return self.options.form == "table" or (self.look_out.terminal and self.form in ("table", "wide"))

    @cached_property
    def _color(self) -> str:
        try:
            return settle({"color": self.options.color}, self.host)["color"]
        except Problem:
            return self.options.color or "auto"

    @cached_property
    def look_out(self) -> Look:
        """What stdout can show."""
        return look_at(self.host, self.host.out, self._color)

    @cached_property
    def look_err(self) -> Look:
        """What stderr can show."""
        return look_at(self.host, self.host.err, self._color)

    @cached_property
    def out(self) -> Pen:
        """For results."""
        return Pen(self.host.out, self.redact, terminal=self.host.is_terminal(self.host.out))

    @cached_property
    def err(self) -> Pen:
        """For everything else."""
        return Pen(self.host.err, self.redact, terminal=self.host.is_terminal(self.host.err), forgiving=True)

    @cached_property
    def watcher(self) -> Quiet:
        """Who shows what happens while the command runs."""
        if self.form == "jsonl":
            return Jsonl(self.host, self.err, self.look_err, self.out)
        if self.options.quiet:
            return Quiet(self.host, self.err, self.look_err)
        verbose = self.options.verbose or self.debugs
        if self.look_err.live and self.form != "json":
            from ameide_ws.render.live import Live

            return Live(self.host, self.err, self.look_err, verbose=verbose)
        return Plain(self.host, self.err, self.look_err, verbose=verbose)

    def say(self, note: str) -> None:
        """A remark on the way, for the person: a retry, a wait."""
        self.watcher.say(note)

    def tell(self, note: str) -> None:
        """A line for --debug; nothing in it looks like a token."""
        self.watcher.show(safe(self.redact.thoroughly(note), multiline=True))


def start_sandbox(
    host: Host, *, story: str = "good-morning", port: int = 0, editor: str | None = None
) -> "tuple[Running, bool]":
    """The sandbox in the background, and whether it began just now. Raises NoSandbox, SandboxTrouble."""
    need_sandbox()
    from ameide_ws.sandbox import background

    state, path = host.state_dir / FOLDER, host.env.get("PATH", "")
    try:
        return background.start(state, path=path, story=story, port=port, editor=editor)
    except background.CannotStart as error:
        raise does_not_start(error) from error


def does_not_start(error: Exception) -> SandboxTrouble:
    """The sandbox's own sentence, as a problem."""
    return SandboxTrouble(
        "the sandbox does not start",
        cause=safe(str(error), multiline=True),
        tries=("ameide-ws sandbox status   # whether one runs already",),
    )


def need_sandbox() -> None:
    """Raises NoSandbox where the extra is not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise NoSandbox(
            "the sandbox is not installed", cause=f"it needs {' and '.join(missing)}", tries=(_installing(),)
        )


def _installing() -> str:
    """The one command that adds the sandbox to this installation."""
    import sys
    from pathlib import Path

    if "pipx" in Path(sys.prefix).parts:
        return "pipx install --force '.[sandbox]'   # in a clone of the repository"
    return f"{sys.executable} -m pip install 'ameide-ws[sandbox]'"
