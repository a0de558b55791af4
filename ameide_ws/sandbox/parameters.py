"""Template parameters: their two spellings, and what Coder says about the values given to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .answers import Json, Refused

VALIDATION = "Invalid parameter value according to 'validation' block"


@dataclass(frozen=True)
class Parameter:
    name: str
    display_name: str
    description: str
    type: str
    default: str | None
    form_type: str = "input"
    options: tuple[tuple[str, str], ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    regex: str = ""
    mutable: bool = True
    ephemeral: bool = False

    @property
    def required(self) -> bool:
        return self.default is None

    def rich(self) -> Json:
        """The spelling of `rich-parameters`, where empty display names and validations are left out."""
        made: Json = {"name": self.name}
        if self.display_name:
            made["display_name"] = self.display_name
        made |= {
            "description": self.description,
            "description_plaintext": self.description,
            "type": self.type,
            "form_type": self.form_type,
            "mutable": self.mutable,
            "default_value": self.default or "",
            "icon": "",
            "options": [{"name": n, "description": "", "value": v, "icon": ""} for n, v in self.options],
        }
        if self.regex:
            made |= {"validation_error": f"{self.name} must match", "validation_regex": self.regex}
        if self.minimum is not None:
            made["validation_min"] = self.minimum
        if self.maximum is not None:
            made["validation_max"] = self.maximum
        return made | {"required": self.required, "ephemeral": self.ephemeral}

    def evaluated(self, given: str | None) -> Json:
        """The spelling of `dynamic-parameters/evaluate`, diagnostics included."""
        value = self.default if given is None else given
        limits = self.minimum is not None or self.maximum is not None or self.regex
        validations: list[Json] = []
        if limits:
            validations.append(
                {
                    "validation_error": "",
                    "validation_regex": self.regex or None,
                    "validation_min": self.minimum,
                    "validation_max": self.maximum,
                    "validation_monotonic": None,
                }
            )
        return {
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "type": self.type,
            "form_type": self.form_type,
            "styling": {},
            "mutable": self.mutable,
            "default_value": hcl(self.default),
            "icon": "",
            "options": [{"name": n, "description": "", "value": hcl(v), "icon": ""} for n, v in self.options],
            "validations": validations,
            "required": self.required,
            "order": 0,
            "ephemeral": self.ephemeral,
            "value": hcl(value),
            "diagnostics": [
                {"severity": "error", "summary": summary, "detail": detail, "extra": {"code": code}}
                for summary, detail, code in self.complaints(value)
            ],
        }

    def complaints(self, value: str | None) -> list[tuple[str, str, str]]:
        """(summary, detail, code) for everything wrong with a value."""
        if value is None:
            return [("Required parameter not provided", "parameter value is null", "required")]
        if self.options and value not in [option for _, option in self.options]:
            return [("Value must be a valid option", f'the value "{value}" must be defined as one of options', "")]
        if self.type == "bool" and value not in ("true", "false"):
            return [('Parameter value is not of type "bool"', f'"{value}" is not a bool', "")]
        if self.type == "number":
            return self.number_complaints(value)
        if self.regex and not re.search(self.regex, value):
            return [(VALIDATION, f"value {value} does not match {self.regex}", "")]
        return []

    def number_complaints(self, value: str) -> list[tuple[str, str, str]]:
        try:
            number = int(value)
        except ValueError:
            return [(VALIDATION, f'a number is required, got "{value}"', "")]
        if self.minimum is not None and number < self.minimum:
            return [(VALIDATION, f"value {number} is less than the minimum {self.minimum}", "")]
        if self.maximum is not None and number > self.maximum:
            return [(VALIDATION, f"value {number} is more than the maximum {self.maximum}", "")]
        return []


def hcl(value: str | None) -> Json:
    """A value that may be unknown: Terraform's null is an empty, invalid one."""
    return {"value": value or "", "valid": value is not None}


def settled(
    parameters: Iterable[Parameter], given: Mapping[str, str], before: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The values a build will have: given over kept over default; Coder's 400 when they do not do."""
    known = list(parameters)
    kept = dict(before or {})
    wrong: list[tuple[str, str]] = []
    values: dict[str, str] = {}
    for parameter in known:
        value = given.get(parameter.name, kept.get(parameter.name, parameter.default))
        for summary, detail, _ in parameter.complaints(value):
            wrong.append((parameter.name, f"{summary}; {detail}"))
        changed = parameter.name in kept and value != kept[parameter.name]
        if changed and not parameter.mutable:
            wrong.append((parameter.name, "Immutable parameter changed"))
        values[parameter.name] = value or ""
    if wrong:
        raise Refused(400, "Unable to validate parameters", validations=wrong)
    return values
