"""Everything a command says, through whatever its streams and options allow: events, questions, results, problems."""

from collections.abc import Sequence

from ameide_ws.events import Answer, Asked, Event, Noticed
from ameide_ws.host import Host
from ameide_ws.problems import Problem
from ameide_ws.render.answer import answered, remark
from ameide_ws.render.data import envelope, interruption, items, spell, told
from ameide_ws.render.look import look_at
from ameide_ws.render.pen import Pen
from ameide_ws.render.redact import Redactor
from ameide_ws.render.trouble import addressed, drawn
from ameide_ws.render.watch import Jsonl, Plain, Quiet
from ameide_ws.results import Result
from ameide_ws.text import SafeText, safe, sentence

PROGRAMS = ("json", "jsonl")


class Voice:
    """One command's two streams.

    form: the format that was asked for, None where nobody said. color: auto, always or never. command: the words for
    the envelope. suffix: the options that lead a command to the same Coder.
    """

    def __init__(
        self, host: Host, *, form: str | None = None, color: str = "auto", quiet: bool = False, verbose: bool = False
    ) -> None:
        self.host = host
        self.form = form or "table"
        self.quiet = quiet
        self.command: Sequence[str] = ()
        self.suffix = ""
        self.redact = Redactor()
        self.look_out = look_at(host, host.out, color)
        self.look_err = look_at(host, host.err, color)
        self.out = Pen(host.out, self.redact, terminal=self.look_out.terminal)
        self.err = Pen(host.err, self.redact, terminal=self.look_err.terminal, forgiving=True)
        # A person reads stdout: it is a terminal, or the table was asked for by hand.
        self.draws = form == "table" or (self.look_out.terminal and self.form in ("table", "wide"))
        self.watcher = self._watcher(verbose)
        self._warnings: list[Problem] = []

    def _watcher(self, verbose: bool) -> Quiet:
        if self.form == "jsonl":
            return Jsonl(self.host, self.err, self.look_err, self.out)
        if self.quiet:
            return Quiet(self.host, self.err, self.look_err)
        if self.look_err.live and self.form != "json":
            from ameide_ws.render.live import Live

            return Live(self.host, self.err, self.look_err, verbose=verbose)
        return Plain(self.host, self.err, self.look_err, verbose=verbose)

    # While the command runs.

    def see(self, event: Event) -> None:
        """Show an event; a warning is kept for the envelope too."""
        if isinstance(event, Noticed):
            event = Noticed(addressed(event.problem, self.suffix))
            self._warnings.append(event.problem)
        self.watcher.see(event)

    def ask(self, asked: Asked) -> Answer:
        """The person's answer. Raises EOFError when there is nobody after all."""
        return self.watcher.ask(asked)

    def say(self, note: str) -> None:
        """A remark on the way: a retry, a wait."""
        self.watcher.say(note)

    def tell(self, note: str) -> None:
        """A line for --debug; nothing in it looks like a token."""
        self.watcher.show(safe(self.redact.thoroughly(note), multiline=True))

    def close(self) -> None:
        """Leave the terminal as it was found; may be called twice."""
        self.watcher.close()

    # When it is over.

    def show(self, result: Result) -> None:
        """The result, in the format that was asked for."""
        if self.form in PROGRAMS:
            for item in items(result) if self.form == "jsonl" else ():
                self.out.write(f"{spell(item)}\n")
            self._envelope(0, result)
            return
        text = answered(result, self.form, self.look_out, self.host, table=self.draws, suffix=self.suffix)
        if text:
            self.out.line(text)
        beside = remark(result, table=self.draws, suffix=self.suffix)
        if beside and not self.quiet:
            self.err.line(beside)

    def complain(self, problem: Problem) -> None:
        """A problem: for the person on stderr, for a program in the envelope as well."""
        problem = addressed(problem, self.suffix)
        self.err.line(SafeText(self.redact.thoroughly(drawn(problem, self.look_err))))
        if self.form in PROGRAMS:
            self._envelope(problem.exit, errors=(told(problem),))

    def warn(self, problem: Problem) -> None:
        """A problem after the result has been shown, which it does not change."""
        if not self.quiet:
            self.err.line(
                SafeText(self.redact.thoroughly(drawn(addressed(problem, self.suffix), self.look_err, warning=True)))
            )

    def interrupted(self, code: int, resume: str) -> None:
        """The sentence that says what goes on without us."""
        left = sentence(resume)
        self.err.line(SafeText(f"Interrupted. {left}".rstrip()))
        if self.form in PROGRAMS:
            self._envelope(code, errors=(interruption(left),))

    def _envelope(self, code: int, result: Result | None = None, errors: Sequence[dict[str, object]] = ()) -> None:
        """The one object; on a terminal spread over lines, in jsonl on the last one."""
        whole = envelope(self.command, code, result, errors, [told(each) for each in self._warnings])
        if self.form == "jsonl":
            self.out.line(spell({"event": "result", **whole}))
        else:
            self.out.line(spell(whole, indent=2 if self.look_out.terminal else None))
