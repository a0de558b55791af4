"""Where things are put together for one command: settings, clients and the voice, each built on first use.

What a command does with them is its own business; how its course ends is `cli.deliver`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ameide_ws import __version__
from ameide_ws.host import Host
from ameide_ws.problems import CannotWrite, NoSandbox, Problem, SandboxTrouble, Usage
from ameide_ws.render.pen import Gone
from ameide_ws.render.voice import Voice
from ameide_ws.settings import TOKEN, VARIABLES, Secret, Settings, Value, session_token, settle
from ameide_ws.text import safe, sentence, word

if TYPE_CHECKING:
    from ameide_ws.coder.client import Coder
    from ameide_ws.sandbox.background import Running
    from ameide_ws.web import Web

__all__ = ["FOLDER", "App", "Gone", "Options", "does_not_start", "need_sandbox", "start_sandbox"]

FOLDER = "sandbox"
USER_AGENT = f"ameide-ws/{__version__}"
SECONDS = 60.0
NO_EDITOR = (
    "No code-server was found, so a page stands in for the editor. For the real one: "
    "npm install --global code-server, then ameide-ws sandbox stop, and again."
)


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

    command: its words. rest: the words after the first `--`. limit: its seconds where nobody said.
    """

    def __init__(self, host: Host, options: Options | None = None, rest: Sequence[str] = ()) -> None:
        self.host = host
        self.options = options or Options()
        self.rest = tuple(rest)
        self.command: tuple[str, ...] = ()
        self.limit: float | None = SECONDS
        self.grace = 0.0
        """Seconds the network outlasts the command, where the command ends its own waiting and tells why."""
        self.began = host.monotonic()

    # What holds.

    @cached_property
    def settings(self) -> Settings:
        """The settings of this command. Raises BadConfig, and what keeps the sandbox from starting."""
        said = self.options
        options = {"url": said.url, "ca_file": said.ca_file, "timeout": said.timeout, "color": said.color}
        settings = settle(options, self.host)
        return self._in_the_sandbox(settings) if said.sandbox else settings

    @property
    def seconds(self) -> float | None:
        """How long the whole command may take; None for no limit."""
        said = self.settings.timeout
        return self.limit if said is None else said or None

    @property
    def until(self) -> float | None:
        """The moment on the monotonic clock by which the command has to end."""
        return None if self.seconds is None else self.began + self.seconds + self.grace

    def give_back(self, seconds: float) -> None:
        """Do not count the time that a person took to answer a question."""
        if "web" in self.__dict__:
            self.web.extend(seconds)

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
        parts += [f" --url {word(said.url)}"] if said.url else []
        parts += [f" --ca-file {word(said.ca_file)}"] if said.ca_file else []
        parts += [" --insecure-http"] if said.insecure_http else []
        return "".join(parts)

    def notices(self) -> tuple[Problem, ...]:
        """What is odd about the settings; nothing where the command had no use for them."""
        return self.settings.warnings if "settings" in self.__dict__ else ()

    # The way to Coder.

    @cached_property
    def web(self) -> "Web":
        """The network, with the token of this address. Raises SignedOut, BadToken, BadUrl."""
        self.address()
        return self.web_as(session_token(self.settings), self.until)

    def address(self) -> str:
        """The address of Coder, checked. Raises BadUrl: no token is asked for at an address that can be none."""
        from ameide_ws.web import parse_origin

        url = self.settings.values["url"]
        return parse_origin(url.value, insecure_http=self.options.insecure_http, where=url.origin).url

    def web_as(self, token: Secret | None, until: float | None) -> "Web":
        """The network with that token, or without one, until that moment."""
        from ameide_ws.web import Web, parse_origin

        url, ca_file = self.settings.values["url"], self.settings["ca_file"]
        origin = parse_origin(url.value, insecure_http=self.options.insecure_http, where=url.origin)
        return Web(
            origin, self.host, token=token, user_agent=USER_AGENT, ca_file=ca_file,
            until=until, say=self._say, debug=self._tell if self.debugs else None,
        )  # fmt: skip

    def _say(self, note: str) -> None:
        self.voice.say(note)  # made when it is needed: the network may be there before the format is known

    def _tell(self, note: str) -> None:
        self.voice.tell(note)

    @cached_property
    def coder(self) -> "Coder":
        """The Coder API. Raises what `web` raises."""
        from ameide_ws.coder.client import Coder

        return Coder(self.web)

    def door(self, url: str) -> str:
        """Where to send a browser that is to end at `url`: in the sandbox, past its sign-in page, once. Raises Problem.

        Elsewhere a browser signs in by itself, and the address is only checked to be one of the deployment's own.
        """
        from urllib.parse import quote, urlsplit

        from ameide_ws.web import openable

        address = openable(url, self.web.origin) or ""
        if not address or not self.options.sandbox:
            return address
        answer = self.web.post("/sandbox/pass", reads=True)
        ticket = answer.body.get("pass") if isinstance(answer.body, dict) else None
        parts = urlsplit(address)
        path = quote(parts.path + (f"?{parts.query}" if parts.query else ""), safe="")
        return f"{self.web.origin.url}/login?redirect={path}&pass={quote(str(ticket), safe='')}" if ticket else address

    def _in_the_sandbox(self, settings: Settings) -> Settings:
        """The same settings, with address and token of the local sandbox, which is started if need be."""
        if self.options.url is not None:
            raise Usage(
                "--sandbox and --url name two different addresses",
                cause="the sandbox runs on this machine and has an address of its own",
                tries=("leave one of the two out",),
            )
        running, is_fresh = start_sandbox(self.host)
        self.voice.redact.learn(running.token)
        ignored = [name for name in (VARIABLES["url"], TOKEN) if self.host.value(name)]
        if ignored:
            self.voice.say(
                f"The sandbox is used; {' and '.join(ignored)} {'is' if len(ignored) == 1 else 'are'} ignored."
            )
        if is_fresh:
            self.voice.say("A sandbox has been started. Nothing in it is kept when it ends.")
        if is_fresh and not running.editor:
            self.voice.say(NO_EDITOR)
        values = {**settings.values, "url": Value(running.url, "--sandbox")}
        return replace(settings, values=values, token=Secret(running.token))

    def server_version(self, seconds: float) -> str:
        """What the server says of itself, without a token; empty when it does not answer in that time."""
        from ameide_ws.coder.client import Coder

        web = None
        try:
            web = self.web_as(None, self.host.monotonic() + seconds)
            return Coder(web).build_info().version
        except Problem:
            return ""
        finally:
            if web is not None:
                web.close()

    # The way to the person.

    @cached_property
    def voice(self) -> Voice:
        """Both streams, in the format and the colours that were asked for."""
        said = self.options
        try:
            color = settle({"color": said.color}, self.host)["color"]
        except Exception:  # noqa: BLE001
            color = "auto"  # what is wrong with the settings is told where they are needed
        verbose = said.verbose or self.debugs
        voice = Voice(self.host, form=said.form, color=color, quiet=said.quiet, verbose=verbose)
        voice.command, voice.suffix = self.command, self.suffix
        token = self.host.value(TOKEN)
        if token:
            voice.redact.learn(token)
        return voice


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
    except OSError as error:
        raise CannotWrite(
            f"the folder {sentence(str(state))} cannot be written",
            cause=sentence(error.strerror or type(error).__name__),
            tries=("export AMEIDE_WS_CONFIG_DIR=…   # a folder that you may write to",),
        ) from error


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
    """The one command that adds the sandbox to this installation; there is no release, so it begins in a clone."""
    import sys
    from pathlib import Path

    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        command = "pipx install --force '.[sandbox]'"
    elif "uv" in parts:
        command = "uv tool install --force '.[sandbox]'"
    else:
        command = f"{word(sys.executable)} -m pip install '.[sandbox]'"
    return f"{command}   # in a clone of the repository"
