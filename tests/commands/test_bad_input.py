"""Bad input through every command that takes it: one error, its exit code, and Coder saw nothing but questions."""

import pytest

from ameide_ws.sandbox.world import World
from tests.commands.asked import changes, is_an_error, is_valid
from tests.conftest import Cli, NewMachine, Stored

# What is refused before Coder is asked anything.
UNASKED = {
    "name": ["up", "no_such name"],
    "name-long": ["up", "a" * 33],
    "name-dashes": ["show", "a--b"],
    "name-dots": ["up", "a.b.c"],
    "name-slash": ["up", "a/b/c"],
    "name-path": ["show", "../etc/passwd"],
    "name-option": ["up", "-x"],
    "name-new": ["up", "new"],
    "name-control": ["up", "a\x1b[2Jb"],
    "url-scheme": ["list", "--url", "ftp://coder.example"],
    "url-http": ["list", "--url", "http://coder.example"],
    "url-loopback-like": ["list", "--url", "http://127.0.0.1.evil.example"],
    "url-userinfo": ["list", "--url", "https://good.example@evil.example"],
    "url-backslash": ["list", "--url", "https://good.example\\@evil.example"],
    "url-fragment": ["list", "--url", "https://evil.example#@good.example"],
    "url-percent": ["list", "--url", "https://good%2eexample"],
    "url-number": ["list", "--url", "https://2130706433"],
    "url-hex": ["list", "--url", "https://0x7f.1"],
    "url-tab": ["list", "--url", "https://a\tb.example"],
    "url-empty": ["list", "--url", ""],
    "url-port": ["list", "--url", "https://coder.example:99999"],
    "duration": ["up", "--timeout", "soon"],
    "duration-negative": ["list", "--timeout", "-1s"],
    "duration-huge": ["list", "--timeout", "9999999d"],
    "wait": ["up", "--wait", "edtor"],
    "param": ["up", "--param", "cpu"],
    "params-file": ["up", "--params-file", "/no/such.toml"],
    "status": ["list", "--status", "runing"],
    "template-list": ["list", "--template", "a:b"],
}
# What only Coder can tell.
ASKED = {
    "parameter-unknown": (["up", "--param", "cpus=4"], 2),
    "parameter-range": (["up", "--param", "cpu=99"], 2),
    "parameter-kind": (["up", "--param", "cpu=many"], 2),
    "parameter-option": (["up", "--param", "memory=17"], 2),
    "parameters-two": (["up", "--param", "memory=17", "--param", "cpu=99"], 2),
    "template": (["up", "--template", "ameide-dve"], 3),
    "preset": (["up", "--preset", "Huge"], 3),
    "owner": (["up", "nobody/dev"], 3),
}


@pytest.mark.parametrize("name", UNASKED)
def test_C20_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    cli: Cli, world: World, stored: Stored, name: str
) -> None:
    outcome = cli(*UNASKED[name])
    is_an_error(outcome, 2)
    assert world.requests == []
    assert "\x1b" not in outcome.err
    stored(outcome)


@pytest.mark.parametrize("name", ASKED)
def test_F16_what_coder_does_not_take_changes_nothing(cli: Cli, world: World, stored: Stored, name: str) -> None:
    words, code = ASKED[name]
    outcome = cli(*words)
    is_an_error(outcome, code)
    assert changes(world) == []
    stored(outcome)


@pytest.mark.parametrize("name", [*UNASKED, *ASKED])
def test_C06_bad_input_is_an_envelope_for_a_program(cli: Cli, world: World, name: str) -> None:
    words = UNASKED.get(name) or ASKED[name][0]
    outcome = cli("--json", *words)
    is_valid(outcome, "text")
    assert outcome.json["errors"][0]["message"]
    assert changes(world) == []


def test_F16_validations_become_one_line_with_the_flag_of_each_field(cli: Cli, world: World, stored: Stored) -> None:
    body = {
        "message": "Unable to validate parameters.",
        "validations": [{"field": "cpu", "detail": "must be at most 8"}, {"field": "memory", "detail": "no option"}],
    }
    world.fault("POST /api/v2/users/me/workspaces", status=400, body=body)
    outcome = cli("up")
    is_an_error(outcome, 2)
    assert "--param cpu=… --param memory=…" in outcome.err
    assert world.workspaces == []
    stored(outcome)


# Files.

CONFIGS = {
    "syntax": ("url = \n", 2),
    "unfinished": ('url = "http', 2),
    "kind": ("url = 5\n", 2),
    "color": ('color = "blue"\n', 2),
    "timeout": ('timeout = "soon"\n', 2),
    "open": ('open = "yes"\n', 2),
    "empty-url": ('url = ""\n', 2),
    "bytes": ("\udcff", 2),
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("command", ["list", "up"])
def test_C18_a_config_file_that_makes_no_sense_is_one_error(
    cli: Cli, world: World, new_machine: NewMachine, command: str, name: str
) -> None:
    host = new_machine(env={"AMEIDE_WS_URL": "" if name == "empty-url" else world.url})
    text, code = CONFIGS[name]
    host.config_dir.mkdir(parents=True)
    (host.config_dir / "config.toml").write_bytes(text.encode(errors="surrogateescape"))
    outcome = cli(command, on=host)
    is_an_error(outcome, code)
    assert str(host.config_dir / "config.toml") in outcome.first
    assert world.requests == []


def test_C18_an_unknown_key_is_a_warning_with_a_guess(cli: Cli, new_machine: NewMachine) -> None:
    host = new_machine()
    host.write(host.config_dir / "config.toml", 'tmeplate = "x"\n')
    outcome = cli("list", "--json", on=host)
    assert outcome.exit == 0
    assert outcome.json["warnings"][0]["cause"] == "did you mean template?"


FILES = {
    "toml-syntax": ("p.toml", "cpu = \n", ":1:7"),
    "json-syntax": ("p.json", '{"cpu": }', ":1:9"),
    "json-list": ("p.json", "[1]", ":1:1"),
    "table": ("p.toml", "cpu = 1\n[memory]\nx = 1\n", ":2:2"),
    "null": ("p.json", '{"cpu": null}', ":1:2"),
    "deep": ("p.json", "[" * 100_000, ":1:1"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_parameter_file_that_makes_no_sense_names_line_and_column(
    cli: Cli, world: World, new_machine: NewMachine, name: str
) -> None:
    file, text, place = FILES[name]
    host = new_machine()
    path = host.folder_of_files / file
    host.write(path, text)
    outcome = cli("up", "--params-file", str(path), on=host)
    is_an_error(outcome, 2)
    assert f"{path}{place} cannot be used" in outcome.first
    assert world.requests == []
