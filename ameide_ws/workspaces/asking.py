"""Questions that only a person can answer, put one after the other; what nobody answers becomes one Problem."""

from collections.abc import Sequence

from ameide_ws.events import Asked, Course
from ameide_ws.problems import MissingInput


def ask_all(questions: Sequence[Asked], why: str, command: str) -> Course[tuple[str, ...]]:
    """An answer for each question. Raises MissingInput naming the flag of every one that nobody answered.

    command: the call of `up` that the flags are to be added to.
    """
    answers: list[str | None] = []
    for question in questions:
        answer = yield question
        answers.append(answer if answer else question.default)
    unanswered = [question for question, answer in zip(questions, answers, strict=True) if answer is None]
    if unanswered:
        raise MissingInput(
            why,
            cause=f"nothing was given for {', '.join(question.question.rstrip('?: ') for question in unanswered)}",
            tries=[" ".join((command, *(question.flag for question in unanswered)))],
        )
    return tuple(answer or "" for answer in answers)
