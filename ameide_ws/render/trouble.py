"""A problem, for a person: what happened, the fact that helps, what to type next, what to quote."""

from ameide_ws.problems import Problem
from ameide_ws.render.look import Look
from ameide_ws.text import SafeText, safe, sentence


def addressed(problem: Problem, suffix: str) -> Problem:
    """The same problem, each command of its advice led to the same Coder. suffix: the options that do so."""
    if not suffix:
        return problem
    return problem.advising([_with(suffix, way) for way in problem.tries])


def _with(suffix: str, way: str) -> str:
    command, gap, reason = way.partition("   #")
    words = command.split()
    if words[:1] != ["ameide-ws"] or words[1:2] in (["sandbox"], ["help"], ["completion"]) or suffix in command:
        return way
    return command + suffix + gap + reason


def drawn(problem: Problem, look: Look, *, warning: bool = False) -> SafeText:
    """The lines of a problem; its telling log lines, if any, stand above it."""
    head = look.paint("yellow", "warning:") if warning else look.paint("red", "error:")
    lines = [f"    {safe(line, multiline=True)}" for line in problem.lines]
    lines.append(f"{head} {sentence(problem.message)}")
    lines += _labelled("cause:", (problem.cause,), look)
    lines += _labelled("try:  ", problem.tries, look)
    lines += _labelled("ref:  ", (problem.ref,), look)
    return SafeText("\n".join(lines))


def _labelled(label: str, texts: tuple[str, ...], look: Look) -> list[str]:
    """The texts that are not empty, below each other behind one label."""
    shown = [sentence(text) for text in texts if text]
    blank = " " * len(label)
    return [f"  {look.paint('dim', label) if n == 0 else blank} {text}" for n, text in enumerate(shown)]
