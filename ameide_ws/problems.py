"""Every way to fail, each with its code, its exit code and what to do next.

A Problem speaks in the words of the person at the keyboard; how it looks on a screen or in JSON is left to `render`.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar, Self


class Exit(IntEnum):
    """Exit codes; their meaning never changes inside a major version."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    SIGN_IN = 4
    FORBIDDEN = 5
    CONFLICT = 6
    UNAVAILABLE = 7
    NOT_FINISHED = 8
    BUILD_FAILED = 10
    BUILD_CANCELED = 11
    AGENT = 12
    APP = 13
    HUP = 129
    INTERRUPTED = 130
    PIPE = 141
    TERM = 143


class Problem(Exception):
    """One failure, in the four parts a person needs.

    message: what happened, and alone enough in the first line of a CI log.
    cause: the one fact that helps.
    tries: what to do next, each a command to paste or one plain step; a trailing `# …` says what it is for.
    ref: ids to quote when asking for help (build, request).
    lines: telling lines of a log, shown before the message; already cut to the last twenty.
    """

    code: ClassVar[str] = "failed"
    exit: ClassVar[Exit] = Exit.FAILED

    def __init__(
        self, message: str, *, cause: str, tries: Sequence[str], ref: str = "", lines: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.tries = tuple(tries)
        self.ref = ref
        self.lines = tuple(lines)

    def advising(self, tries: Sequence[str]) -> Self:
        """The same problem with other advice."""
        return type(self)(self.message, cause=self.cause, tries=tries, ref=self.ref, lines=self.lines)


# What the person typed, or did not type.


class Usage(Problem):
    """The command line does not make sense."""

    code = "usage"
    exit = Exit.USAGE


class BadUrl(Problem):
    """An address that is none, or that no token may be sent to."""

    code = "url.bad"
    exit = Exit.USAGE


class BadToken(Problem):
    """A token that cannot be one; its text is never repeated."""

    code = "auth.malformed"
    exit = Exit.USAGE


class BadConfig(Problem):
    """The configuration file cannot be read, or holds a value that is none."""

    code = "config.bad"
    exit = Exit.USAGE


class BadParameter(Problem):
    """A template parameter that Coder or the template refuses."""

    code = "parameter.bad"
    exit = Exit.USAGE
    fields: tuple[str, ...] = ()
    """The names of the parameters that Coder complains about, where it names them."""


class MissingInput(Problem):
    """Something only a person can answer, and nobody is there to ask."""

    code = "input.missing"
    exit = Exit.USAGE


class Ambiguous(Problem):
    """Several workspaces or agents are meant by what was typed."""

    code = "name.ambiguous"
    exit = Exit.USAGE


class NoSandbox(Problem):
    """The local sandbox is not installed."""

    code = "sandbox.missing"
    exit = Exit.USAGE


# Who the person is, and what they may.


class SignedOut(Problem):
    """No token for this address, or Coder no longer takes it (401)."""

    code = "auth.signed-out"
    exit = Exit.SIGN_IN


class LinkMissing(Problem):
    """A provider the template needs, such as GitHub, is not connected."""

    code = "auth.link-missing"
    exit = Exit.SIGN_IN


class Forbidden(Problem):
    """Coder knows the person and says no (403)."""

    code = "forbidden"
    exit = Exit.FORBIDDEN


class NotFound(Problem):
    """Absent, or not visible: Coder makes the two look alike on purpose (404)."""

    code = "not-found"
    exit = Exit.NOT_FOUND


class Conflict(Problem):
    """Somebody or something else got there first (409)."""

    code = "conflict"
    exit = Exit.CONFLICT


# The way there.


class Unreachable(Problem):
    """Nothing answers at the address."""

    code = "network.unreachable"
    exit = Exit.UNAVAILABLE


class NameNotResolved(Problem):
    """The host name leads nowhere."""

    code = "network.dns"
    exit = Exit.UNAVAILABLE


class TlsTrouble(Problem):
    """The certificate cannot be trusted, or TLS could not be agreed on."""

    code = "network.tls"
    exit = Exit.UNAVAILABLE


class ProxyTrouble(Problem):
    """The proxy on the way refuses, or is of a kind that is not supported."""

    code = "network.proxy"
    exit = Exit.UNAVAILABLE


class TooSlow(Problem):
    """No whole answer within the deadline."""

    code = "network.slow"
    exit = Exit.UNAVAILABLE


class Broken(Problem):
    """The connection ended in the middle of an answer."""

    code = "network.broken"
    exit = Exit.UNAVAILABLE


class Redirected(Problem):
    """The address sends elsewhere; nothing of ours follows."""

    code = "network.redirected"
    exit = Exit.UNAVAILABLE


class ForeignOrigin(Problem):
    """A request would have carried the token to another address."""

    code = "network.foreign"
    exit = Exit.UNAVAILABLE


class NotCoder(Problem):
    """A web page, or something else that is not Coder, answered."""

    code = "server.not-coder"
    exit = Exit.UNAVAILABLE


class BadAnswer(Problem):
    """Coder answered in a form this version does not know."""

    code = "server.bad-answer"
    exit = Exit.UNAVAILABLE


class TooLarge(Problem):
    """An answer above what is held in memory."""

    code = "server.too-large"
    exit = Exit.UNAVAILABLE


class RateLimited(Problem):
    """Coder asks us to wait longer than we may (429)."""

    code = "server.busy"
    exit = Exit.UNAVAILABLE


class ServerError(Problem):
    """Coder itself failed (5xx), and kept failing."""

    code = "server.error"
    exit = Exit.UNAVAILABLE


# The workspace.


class NotFinished(Problem):
    """Time is up while the queue or the build still works."""

    code = "build.not-finished"
    exit = Exit.NOT_FINISHED


class NoProvisioner(Problem):
    """No provisioner takes this build, and time is up."""

    code = "build.no-provisioner"
    exit = Exit.NOT_FINISHED


class BuildFailed(Problem):
    """The build ended as failed."""

    code = "build.failed"
    exit = Exit.BUILD_FAILED


class BuildCanceled(Problem):
    """Somebody cancelled the build."""

    code = "build.canceled"
    exit = Exit.BUILD_CANCELED


class AgentNotReady(Problem):
    """The workspace's agent did not connect in time, or there is none."""

    code = "agent.not-ready"
    exit = Exit.AGENT


class ScriptFailed(Problem):
    """A startup script failed or did not end in time."""

    code = "agent.script-failed"
    exit = Exit.AGENT


class WorkspaceGone(Problem):
    """The workspace was stopped, deleted or rebuilt while we waited."""

    code = "workspace.gone"
    exit = Exit.AGENT


class EditorNotReady(Problem):
    """The editor's page does not answer."""

    code = "editor.not-ready"
    exit = Exit.APP


# Ourselves.


class CannotWrite(Problem):
    """The output or a file cannot be written."""

    code = "output.failed"
    exit = Exit.FAILED


class SandboxTrouble(Problem):
    """The local sandbox could not be started or stopped."""

    code = "sandbox.failed"
    exit = Exit.FAILED


class Bug(Problem):
    """A mistake of ours."""

    code = "bug"
    exit = Exit.FAILED
