"""Settings: who wins, where each value came from, and what is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ameide_ws.host import Host
from ameide_ws.problems import BadConfig, BadToken, SignedOut
from ameide_ws.settings import VARIABLES, Secret, Settings, Value, session_token, settle
from tests.fakes import TOKEN, FakeHost

CONFIG = FakeHost().config_dir / "config.toml"


def settled(toml: str | None = None, options: Mapping[str, str | None] | None = None, **env: str) -> Settings:
    return settle(options or {}, FakeHost(env=env, files={} if toml is None else {CONFIG: toml}))


def refused(toml: str | None = None, options: Mapping[str, str | None] | None = None, **env: str) -> BadConfig:
    with pytest.raises(BadConfig) as raised:
        settled(toml, options, **env)
    assert raised.value.exit == 2
    assert raised.value.tries
    return raised.value


LEVELS = {
    "url": ("https://option.example", "https://variable.example", "https://file.example"),
    "template": ("option", "variable", "file"),
    "app": ("option", "variable", "file"),
    "provider": ("option", "variable", "file"),
    "ca_file": tuple(str(Path(__file__).with_name(name)) for name in ("fakes.py", "conftest.py", "wire.py")),
    "timeout": ("1m", "2m", "3m"),
    "color": ("always", "never", "auto"),
}


@pytest.mark.parametrize("key", LEVELS)
def test_option_before_environment_before_file_before_built_in(key: str) -> None:
    option, variable, file = LEVELS[key]
    toml, flag = f'# mine\n{key} = "{file}"\n', f"--{key.replace('_', '-')}"
    named = VARIABLES[key]
    built_in = settled().values[key]
    assert built_in.origin == "built-in"
    assert settled(toml).values[key] == Value(file, f"{CONFIG}:2", is_from_file=True)
    assert settled(toml, None, **{named: variable}).values[key] == Value(variable, named)
    assert settled(toml, {key: option}, **{named: variable}).values[key] == Value(option, flag)
    assert settled(toml, {key: None}, **{named: ""}).values[key] == Value(file, f"{CONFIG}:2", is_from_file=True)
    assert settled(None, {}, **{named: ""}).values[key] == built_in


def test_every_key_has_a_default_and_a_level_test() -> None:
    assert set(settled().values) == set(VARIABLES) == {*LEVELS, "open"}


def test_the_built_in_values_lead_to_the_one_deployment() -> None:
    settings = settled()
    assert settings["url"] == "https://coder.dev.ameide.io"
    assert (settings["template"], settings["app"], settings["provider"]) == ("ameide-dev", "code-server", "github")
    assert settings.timeout is None
    assert settings.opens


def test_the_browser_is_kept_shut_by_a_variable_or_the_file() -> None:
    assert not settled(AMEIDE_WS_NO_BROWSER="1").opens
    assert settled(AMEIDE_WS_NO_BROWSER="").opens
    assert not settled("open = false").opens
    assert settled("open = true").opens
    assert settled("open = false", {"open": "true"}).opens


def test_a_time_limit_is_read_once() -> None:
    assert settled('timeout = "1h30m"').timeout == 5400
    assert settled(AMEIDE_WS_TIMEOUT="0").timeout == 0


# Tokens.


def test_t04_an_environment_token_goes_with_an_address_of_flag_environment_or_program() -> None:
    assert session_token(settled(AMEIDE_WS_TOKEN=TOKEN)).reveal() == TOKEN
    assert session_token(settled(AMEIDE_WS_TOKEN=TOKEN, AMEIDE_WS_URL="https://a.example")).reveal() == TOKEN
    assert session_token(settled(None, {"url": "https://a.example"}, AMEIDE_WS_TOKEN=TOKEN)).reveal() == TOKEN
    overruled = settled('url = "https://evil.example"', AMEIDE_WS_TOKEN=TOKEN, AMEIDE_WS_URL="https://a.example")
    assert session_token(overruled).reveal() == TOKEN


def test_t04_an_environment_token_never_goes_to_an_address_from_a_file() -> None:
    with pytest.raises(SignedOut) as raised:
        session_token(settled('url = "https://evil.example"', AMEIDE_WS_TOKEN=TOKEN))
    assert raised.value.exit == 4
    assert f"{CONFIG}:1" in raised.value.cause
    assert TOKEN not in str(raised.value) + raised.value.cause + "".join(raised.value.tries)


def test_without_a_token_the_page_to_copy_it_from_is_named() -> None:
    with pytest.raises(SignedOut) as raised:
        session_token(settled(AMEIDE_WS_URL="https://a.example/"))
    assert any("https://a.example/cli-auth" in line for line in raised.value.tries)


@pytest.mark.parametrize("token", ["x", TOKEN + "\n", " " + TOKEN, TOKEN + "é", TOKEN.replace("-", "_"), "a" * 100_000])
def test_t09_a_malformed_token_is_refused_and_never_repeated(token: str) -> None:
    with pytest.raises(BadToken) as raised:
        session_token(settled(AMEIDE_WS_TOKEN=token))
    said = " ".join([raised.value.message, raised.value.cause, *raised.value.tries])
    assert token.strip() not in said.split()


def test_t08_a_secret_shows_in_no_representation() -> None:
    settings = settled(AMEIDE_WS_TOKEN=TOKEN)
    for shown in (repr(settings), str(settings), f"{settings.token}", repr(Secret(TOKEN)), "%s" % settings.token):  # noqa: UP031
        assert TOKEN not in shown
    assert not hasattr(Secret(TOKEN), "__dict__")


# Files.


def test_t30_no_file_of_the_current_folder_or_above_has_any_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "repository" / "deep"
    below.mkdir(parents=True)
    hostile = 'url = "https://evil.example"\ntemplate = "evil"\n[tool.ameide-ws]\nurl = "https://evil.example"\n'
    for folder in (below, below.parent, tmp_path):
        for name in (".ameide-ws.toml", "ameide-ws.toml", "config.toml", "pyproject.toml", "defaults.json"):
            (folder / name).write_text(hostile)
        (folder / ".env").write_text("AMEIDE_WS_URL=https://evil.example\nAMEIDE_WS_TOKEN=x\n")
        (folder / ".config" / "ameide-ws").mkdir(parents=True)
        (folder / ".config" / "ameide-ws" / "config.toml").write_text(hostile)
    monkeypatch.chdir(below)
    own = Host(env={"AMEIDE_WS_CONFIG_DIR": str(tmp_path / "own")})
    assert settle({}, own) == settled()


def test_no_file_is_no_trouble() -> None:
    assert settled().warnings == ()
    assert settled("").warnings == ()


def test_c18_an_unknown_key_is_a_warning_with_a_guess() -> None:
    settings = settled('templat = "x"\n\n"zzz\\u001b[2J" = 1\n')
    first, second = settings.warnings
    assert f"{CONFIG}:1" in first.message
    assert "template" in first.cause
    assert "\x1b" not in second.message + second.cause
    assert settings["template"] == "ameide-dev"


@pytest.mark.parametrize(
    ("toml", "place"),
    [
        ("url = https://x", ":1:7"),
        ('url = "a"\ntemplate == 1', ":2:11"),
        ('url = "a', ":1:9"),
        ('app = "a"\n[x', ":2:3"),
    ],
)
def test_c18_a_syntax_error_is_a_place(toml: str, place: str) -> None:
    assert f"{CONFIG}{place} " in refused(toml).message


@pytest.mark.parametrize("toml", ["url = 5", "open = 1", 'url = ["a"]', "[timeout]\nx = 1", "template = true"])
def test_a_value_of_the_wrong_kind_names_its_line(toml: str) -> None:
    assert f"{CONFIG}:1" in refused(toml).message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timeout", "soon"),
        ("timeout", "367d"),
        ("color", "blue"),
        ("url", " "),
        ("template", "\t"),
        ("open", "perhaps"),
    ],
)
def test_a_value_that_is_none_names_its_origin(key: str, value: str) -> None:
    assert refused(None, {key: value}).message.startswith(f"--{key}")
    assert f"{CONFIG}:1" in refused(f'{key} = "{value}"'.replace("\t", "\\t")).message
    if key != "open":
        assert VARIABLES[key] in refused(None, None, **{VARIABLES[key]: value}).message


def test_what_is_refused_is_shown_without_its_tricks() -> None:
    assert "\x1b" not in refused(None, AMEIDE_WS_COLOR="\x1b[2Jblue").message


@pytest.mark.parametrize("what", ["bytes", "folder"])
def test_a_file_that_cannot_be_read_is_named(what: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes(b'url = "\xff"')
    with pytest.raises(BadConfig) as raised:
        settle({}, Host(env={"AMEIDE_WS_CONFIG_DIR": str(tmp_path)}))
    assert str(path) in raised.value.message


def test_a_file_of_certificates_that_is_not_there_is_said_at_once() -> None:
    problem = refused(None, {"ca_file": "/no/such.pem"})
    assert problem.message == "--ca-file: there is no file /no/such.pem"
