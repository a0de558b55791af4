"""One question, put to a person on stderr."""

from ameide_ws.events import Asked
from ameide_ws.host import Host
from ameide_ws.render.look import Look, fitted
from ameide_ws.text import SafeText, safe


def put(asked: Asked, host: Host, look: Look) -> str:
    """Ask until the answer can be one. An empty answer takes the default. Raises EOFError when input ends."""
    question = fitted(worded(asked, look), host.err)
    while True:
        answer = host.ask(question, secret=asked.secret).strip()
        if not answer and asked.default is not None:
            return asked.default
        chosen = _chosen(answer, asked)
        if chosen is not None:
            return chosen
        question = fitted(_again(asked), host.err)


def worded(asked: Asked, look: Look) -> SafeText:
    """The question with its numbered choices and its default."""
    lines = [look.paint("bold", safe(asked.question))]
    for number, (value, label) in enumerate(asked.choices, 1):
        lines.append(SafeText(f"  {number}  {safe(label or value)}"))
    return SafeText("\n".join(lines) + _default(asked) + ": ")


def _default(asked: Asked) -> str:
    if not asked.default or asked.secret:
        return ""
    number = next((n for n, (value, _) in enumerate(asked.choices, 1) if value == asked.default), None)
    return f" [{number or safe(asked.default)}]"


def _chosen(answer: str, asked: Asked) -> str | None:
    """What an answer means: free text as it is, else a number, a value or a label of the list."""
    if not asked.choices:
        return answer or None
    if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(asked.choices):
        return asked.choices[int(answer) - 1][0]
    return next((value for value, label in asked.choices if answer and answer in (value, label)), None)


def _again(asked: Asked) -> str:
    count = len(asked.choices)
    return f"a number from 1 to {count}, please{_default(asked)}: " if count else "an answer is needed: "
