"""The values of a template's parameters: what was given, what a preset sets, and what a person has to be asked."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ameide_ws.coder.client import Coder
from ameide_ws.coder.model import Diagnostic, Preset, RichParameter, Template
from ameide_ws.events import Asked, Course
from ameide_ws.problems import BadParameter, NotFound
from ameide_ws.text import near, safe, sentence, word
from ameide_ws.workspaces.asking import ask_all
from ameide_ws.workspaces.wish import Wish

# A person who answers wrongly is asked again, but not for ever.
ROUNDS = 3


class Answers(NamedTuple):
    """What a build is asked for with."""

    values: Mapping[str, str]
    preset_id: str | None = None


class Target(NamedTuple):
    """What the values are for: a workspace, made or to be made from a version of a template, and its owner."""

    name: str
    template: Template
    version_id: str
    owner_id: str
    is_new: bool


class Blank(NamedTuple):
    """A parameter, whichever way Coder told of it."""

    name: str
    label: str
    is_missing: bool
    choices: tuple[tuple[str, str], ...]
    complaint: str = ""


def choose_preset(presets: Iterable[Preset], wish: Wish, template: str, name: str) -> Preset | None:
    """The preset that was asked for, or the template's default. Raises NotFound for a name that is none."""
    presets = list(presets)
    if wish.preset is None:
        return next((preset for preset in presets if preset.Default), None)
    if wish.preset == "none":
        return None
    for preset in presets:
        if preset.Name == wish.preset:
            return preset
    meant = near(wish.preset, [preset.Name for preset in presets])
    names = ", ".join(safe(preset.Name) for preset in presets)
    raise NotFound(
        f"the template {safe(template)} has no preset “{safe(wish.preset)}”",
        cause=f"its presets are: {names}" if presets else "it has no presets",
        tries=(wish.anew(name, f"--preset {word(meant or (presets[0].Name if presets else 'none'))}"),),
    )


def answer_parameters(coder: Coder, wish: Wish, target: Target, before: Mapping[str, str]) -> Course[Answers]:
    """The values for a build: those of the build before, a new workspace's preset, those given; the rest is asked.

    Raises BadParameter for names and values that the template does not take, MissingInput for what nobody answers.
    """
    preset = None
    if target.is_new or wish.preset:
        preset = choose_preset(coder.presets(target.version_id), wish, target.template.name, target.name)
    values = dict(before)
    if preset is not None:
        values |= {item.Name: item.Value for item in preset.Parameters}
    values |= wish.parameters
    for _ in range(ROUNDS):
        blanks = _blanks(coder, target, values)
        _refuse_unknown(blanks, wish, target)
        missing = [blank for blank in blanks if blank.is_missing]
        if not missing:
            known = {blank.name for blank in blanks}
            kept = {name: value for name, value in values.items() if name in known}
            return Answers(kept, preset.ID if preset else None)
        _refuse_given(missing, wish, target)
        questions = [
            Asked(f"{safe(blank.label)}{f' ({blank.complaint})' if blank.complaint else ''}?",
                  flag=flag(blank.name), choices=blank.choices)
            for blank in missing
        ]  # fmt: skip
        number = f"{len(missing)} more answer{'s' if len(missing) > 1 else ''}"
        why = f"the template {safe(target.template.name)} needs {number}"
        answers = yield from ask_all(questions, why, wish.anew(target.name))
        values |= {blank.name: answer for blank, answer in zip(missing, answers, strict=True)}
    raise BadParameter(
        f"the template {safe(target.template.name)} does not take these answers",
        cause="; ".join(f"{safe(blank.name)}: {blank.complaint}" for blank in missing),
        tries=[wish.anew(target.name, *_flags(missing))],
    )


def flag(name: str) -> str:
    """The option that gives a parameter its value."""
    return f"--param {word(name)}=…"


def _flags(blanks: Iterable[Blank]) -> list[str]:
    return [flag(blank.name) for blank in blanks]


def _blanks(coder: Coder, target: Target, values: Mapping[str, str]) -> list[Blank]:
    """The template's parameters for these values, as Coder evaluates them; the plain list for a classic template."""
    if target.template.use_classic_parameter_flow:
        return [_of_rich(row, values) for row in coder.rich_parameters(target.version_id) if not row.ephemeral]
    evaluation = coder.evaluate(target.version_id, target.owner_id, values)
    _refuse_broken(target.template, evaluation.diagnostics)
    blanks = []
    for row in evaluation.parameters:
        is_empty = row.name not in values and not row.value.valid
        # Of a value nobody gave, Terraform complains that it is null.
        complaint = "" if is_empty else _complaint(row.diagnostics)
        is_missing = not row.ephemeral and (bool(complaint) or (row.required and is_empty))
        choices = tuple((option.value.value, option.name or option.value.value) for option in row.options)
        blanks.append(Blank(row.name, row.display_name or row.name, is_missing, choices, complaint))
    return blanks


def _of_rich(row: RichParameter, values: Mapping[str, str]) -> Blank:
    choices = tuple((option.value, option.name or option.value) for option in row.options)
    return Blank(row.name, row.display_name or row.name, row.required and row.name not in values, choices)


def missing_names(rows: Iterable[RichParameter], values: Mapping[str, str]) -> list[str]:
    """The parameters that would have to be asked for, told without evaluating anything."""
    return [row.name for row in rows if row.required and not row.ephemeral and row.name not in values]


def _complaint(diagnostics: Iterable[Diagnostic]) -> str:
    said = [sentence(one.detail or one.summary) for one in diagnostics if one.severity == "error"]
    return "; ".join(said)


def _refuse_broken(template: Template, diagnostics: Iterable[Diagnostic]) -> None:
    complaint = _complaint(diagnostics)
    if complaint:
        raise BadParameter(
            f"the template {safe(template.name)} cannot be evaluated",
            cause=complaint,
            tries=(f"tell whoever looks after the template {safe(template.name)}",),
        )


def _refuse_unknown(blanks: list[Blank], wish: Wish, target: Target) -> None:
    names = [blank.name for blank in blanks]
    for given in wish.parameters:
        if given not in names:
            meant = near(given, names)
            raise BadParameter(
                f"the template {safe(target.template.name)} has no parameter “{safe(given)}”",
                cause=f"its parameters are: {sentence(', '.join(names))}" if names else "it has no parameters",
                tries=(wish.anew(target.name, flag(meant) if meant else "--plan   # what it uses"),),
            )


def _refuse_given(missing: list[Blank], wish: Wish, target: Target) -> None:
    """A value that was given and is refused is an error, not a question."""
    wrong = [blank for blank in missing if blank.name in wish.parameters and blank.complaint]
    if wrong:
        raise BadParameter(
            f"the template {safe(target.template.name)} does not take "
            + ", ".join(f"{safe(blank.name)}=“{safe(wish.parameters[blank.name])}”" for blank in wrong),
            cause="; ".join(f"{safe(blank.name)}: {blank.complaint}" for blank in wrong),
            tries=[wish.anew(target.name, *_flags(wrong))],
        )
