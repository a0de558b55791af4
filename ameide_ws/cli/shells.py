"""The same words in four languages: how bash, zsh, fish and PowerShell complete them.

Names come from `ameide-ws __complete names`, which asks no network; they hold nothing that a shell would expand.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

NAMES = "names"
FILES = "files"
_ASK = "ameide-ws __complete names 2>/dev/null"
# No command yet, as bash and zsh spell a word that is empty.
NOT_YET = "''"


class Option(NamedTuple):
    """An option: its spellings, what it is for, whether a value follows, and which words that may be.

    words: the choices, or (FILES,) or (NAMES,), or nothing where anything may stand.
    """

    spellings: tuple[str, ...]
    help: str
    has_value: bool
    words: tuple[str, ...]


class Verb(NamedTuple):
    """A command: its summary, its own options, and what may stand as its first word."""

    name: str
    summary: str
    options: tuple[Option, ...]
    words: tuple[str, ...]


class Words(NamedTuple):
    """Everything that can be completed."""

    verbs: tuple[Verb, ...]
    shared: tuple[Option, ...]


def _origin(language: str) -> str:
    return f"# Written by `ameide-ws completion {language}`."


def bash(words: Words) -> str:
    """One function, and a line that names it."""
    lines = [
        _origin("bash"),
        "_ameide_ws() {",
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= first= i choices=",
        "    for ((i = 1; i < COMP_CWORD; i++)); do",
        "        case ${COMP_WORDS[i]} in",
        "            --) return ;;",
        f"            {_either(_with_value(words))}) ((i++)) ;;",
        "            -*) ;;",
        "            *) if [[ -z $verb ]]; then verb=${COMP_WORDS[i]}; else first=${COMP_WORDS[i]}; fi ;;",
        "        esac",
        "    done",
        "    case $before in",
        *(f"        {_either(each.spellings)}) {_bash_value(each)} return ;;" for each in _valued(words)),
        "    esac",
        "    if [[ $word == -* ]]; then",
        "        case $verb in",
        *(f'            {name}) choices="{" ".join(options)}" ;;' for name, options in _options(words)),
        "        esac",
        "    elif [[ -z $verb ]]; then",
        f'        choices="{" ".join(verb.name for verb in words.verbs)}"',
        "    elif [[ -z $first ]]; then",
        "        case $verb in",
        *(f"            {verb.name}) choices={_bash_words(verb.words)} ;;" for verb in words.verbs if verb.words),
        "        esac",
        "    fi",
        '    COMPREPLY=($(compgen -W "$choices" -- "$word"))',
        "}",
        "complete -F _ameide_ws ameide-ws",
    ]
    return "\n".join(lines) + "\n"


def _bash_value(option: Option) -> str:
    if option.words == (FILES,):
        return 'COMPREPLY=($(compgen -f -- "$word"));'
    if not option.words:
        return "COMPREPLY=();"
    return f'COMPREPLY=($(compgen -W {_bash_words(option.words)} -- "$word"));'


def _bash_words(words: tuple[str, ...]) -> str:
    return f'"$({_ASK})"' if words == (NAMES,) else f'"{" ".join(words)}"'


def zsh(words: Words) -> str:
    """A file for $fpath, which also works when it is sourced."""
    lines = [
        "#compdef ameide-ws",
        _origin("zsh"),
        "_ameide_ws() {",
        "    local word=$words[CURRENT] before=$words[CURRENT-1] verb= first= i",
        "    local -a verbs",
        "    for ((i = 2; i < CURRENT; i++)); do",
        "        case $words[i] in",
        "            (--) return ;;",
        f"            ({_either(_with_value(words))}) ((i++)) ;;",
        "            (-*) ;;",
        "            (*) if [[ -z $verb ]]; then verb=$words[i]; else first=$words[i]; fi ;;",
        "        esac",
        "    done",
        "    case $before in",
        *(f"        ({_either(each.spellings)}) {_zsh_words(each.words)} return ;;" for each in _valued(words)),
        "    esac",
        "    if [[ $word == -* ]]; then",
        "        case $verb in",
        *(f"            ({name}) compadd -- {' '.join(options)} ;;" for name, options in _options(words)),
        "        esac",
        "    elif [[ -z $verb ]]; then",
        f"        verbs=({' '.join(_quoted(f'{verb.name}:{verb.summary}') for verb in words.verbs)})",
        "        _describe command verbs",
        "    elif [[ -z $first ]]; then",
        "        case $verb in",
        *(f"            ({verb.name}) {_zsh_words(verb.words)} ;;" for verb in words.verbs if verb.words),
        "        esac",
        "    fi",
        "}",
        'if [[ $funcstack[1] == _ameide-ws ]]; then _ameide_ws "$@"; else compdef _ameide_ws ameide-ws; fi',
    ]
    return "\n".join(lines) + "\n"


def _zsh_words(words: tuple[str, ...]) -> str:
    if words == (FILES,):
        return "_files;"
    if words == (NAMES,):
        return f'compadd -- ${{(f)"$({_ASK})"}};'
    return f"compadd -- {' '.join(words)};" if words else ""


def fish(words: Words) -> str:
    """One line for each thing to complete."""
    lines = [_origin("fish"), "complete -c ameide-ws -f"]
    lines += [
        f"complete -c ameide-ws -n __fish_use_subcommand -a {verb.name} -d {_quoted(verb.summary)}"
        for verb in words.verbs
    ]
    lines += [_fish_option(option, "") for option in words.shared]
    for verb in words.verbs:
        when = f"-n '__fish_seen_subcommand_from {verb.name}' "
        lines += [_fish_option(option, when) for option in verb.options]
        if verb.words:
            lines.append(f"complete -c ameide-ws {when}{_fish_words(verb.words)}")
    return "\n".join(lines) + "\n"


def _fish_option(option: Option, when: str) -> str:
    spelt = " ".join(f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in option.spellings)
    value = f" -x {_fish_words(option.words)}".rstrip() if option.has_value else ""
    if option.words == (FILES,):
        value = " -r -F"
    return f"complete -c ameide-ws {when}{spelt}{value} -d {_quoted(option.help)}"


def _fish_words(words: tuple[str, ...]) -> str:
    if words == (NAMES,):
        return f"-a '({_ASK})'"
    return f"-a {_quoted(' '.join(words))}" if words else ""


def powershell(words: Words) -> str:
    """One block, registered for the native command."""
    lines = [
        _origin("powershell"),
        "Register-ArgumentCompleter -Native -CommandName ameide-ws -ScriptBlock {",
        "    param($word, $tree, $position)",
        "    $typed = @($tree.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } |",
        "        ForEach-Object { $_.ToString() })",
        "    $before = $typed[-1]",
        f"    $takesValue = {_list(_with_value(words))}",
        "    $plain = @()",
        "    for ($i = 1; $i -lt $typed.Count; $i++) {",
        "        if ($takesValue -ccontains $typed[$i]) { $i++ }",
        "        elseif (-not $typed[$i].StartsWith('-')) { $plain += $typed[$i] }",
        "    }",
        "    $choices = switch -CaseSensitive ($before) {",
        *(f"        {{ {_list(each.spellings)} -ccontains $_ }} {{ {_power_words(each.words)}; break }}"
          for each in _valued(words)),
        "        default {",
        *_power_rest(words),
        "        }",
        "    }",
        '    $choices | Where-Object { $_ -like "$word*" } | ForEach-Object {',
        "        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)",
        "    }",
        "}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _power_rest(words: Words) -> list[str]:
    """What may stand where no option waits for its value."""
    options = dict(_options(words))
    at_first = options.pop(NOT_YET)
    return [
        "            if ($word.StartsWith('-')) {",
        "                switch ($plain[0]) {",
        *(f"                    {_quoted(name)} {{ {_list(own)} }}" for name, own in options.items()),
        f"                    default {{ {_list(at_first)} }}",
        "                }",
        "            } elseif ($plain.Count -eq 0) {",
        f"                {_list([verb.name for verb in words.verbs])}",
        "            } elseif ($plain.Count -eq 1) {",
        "                switch ($plain[0]) {",
        *(f"                    {_quoted(verb.name)} {{ {_power_words(verb.words)} }}"
          for verb in words.verbs if verb.words),
        "                }",
        "            }",
    ]  # fmt: skip


def _power_words(words: tuple[str, ...]) -> str:
    if words == (FILES,):
        return 'Get-ChildItem -Name -Path "$word*"'
    return "ameide-ws __complete names 2>$null" if words == (NAMES,) else _list(words)


def _list(words: Iterable[str]) -> str:
    return f"@({', '.join(_quoted(word) for word in words)})"


def _quoted(text: str) -> str:
    """For all of these shells; none of our texts holds a single quote that would have to be doubled."""
    return "'" + text.replace("'", "’") + "'"


def _either(words: Iterable[str]) -> str:
    return "|".join(words)


def _valued(words: Words) -> list[Option]:
    """Every option with a value, once; the same name means the same everywhere."""
    found: dict[tuple[str, ...], Option] = {}
    for option in (*words.shared, *(option for verb in words.verbs for option in verb.options)):
        if option.has_value:
            found.setdefault(option.spellings, option)
    return list(found.values())


def _with_value(words: Words) -> list[str]:
    return [spelling for option in _valued(words) for spelling in option.spellings]


def _options(words: Words) -> list[tuple[str, list[str]]]:
    """The spellings of all options behind each command, and before there is one."""
    shared = [spelling for option in words.shared for spelling in option.spellings]

    def behind(verb: Verb) -> list[str]:
        own = [spelling for option in verb.options for spelling in option.spellings]
        return own + [each for each in shared if each != "--version"]

    return [(NOT_YET, shared), *((verb.name, behind(verb)) for verb in words.verbs)]


WRITERS: dict[str, Callable[[Words], str]] = {"bash": bash, "zsh": zsh, "fish": fish, "powershell": powershell}
