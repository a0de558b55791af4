"""What we ask of a repository, with repositories that mean harm."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ameide_ws import git
from ameide_ws.host import Host, take_environment

GIT = Host().which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git is not on the PATH")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "the-project"
    folder.mkdir()
    subprocess.run([GIT or "git", "init", "-q", str(folder)], check=True, env={"PATH": os.environ["PATH"]})
    return folder


def host(home: Path, **env: str) -> Host:
    return Host(env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), **env})


def trap(folder: Path, name: str = "trap") -> tuple[Path, Path]:
    """A program, and the file that shows it ran."""
    sprung, program = folder / f"{name}.sprung", folder / f"{name}.sh"
    program.write_text(f'#!/bin/sh\ntouch "{sprung}"\n')
    program.chmod(0o755)
    return program, sprung


@needs_git
def test_the_top_folder_is_named_from_anywhere_below(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert git.top(host(tmp_path)) == "the-project"


@needs_git
@pytest.mark.parametrize("name", ["with space", "-rf", "$(touch x)", "[red]", "ünï", "new\nline"])
def test_a_folder_of_any_name_is_only_a_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / name
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "."], check=True, cwd=folder)
    monkeypatch.chdir(folder)
    assert git.top(host(tmp_path)) == name


@needs_git
def test_outside_of_a_work_tree_there_is_no_name(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert git.top(host(tmp_path)) is None
    monkeypatch.chdir(repository / ".git")
    assert git.top(host(tmp_path)) is None


@needs_git
def test_t44_nothing_a_repository_configures_is_run(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, sprung = trap(tmp_path)
    hooks = repository / "hooks"
    hooks.mkdir()
    for hook in ("pre-auto-gc", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        (hooks / hook).symlink_to(program)
    with (repository / ".git" / "config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = "{program}"\n\thooksPath = "{hooks}"\n\tsshCommand = "{program}"\n'
            f'\tpager = "{program}"\n\teditor = "{program}"\n[diff]\n\texternal = "{program}"\n'
            f'[alias]\n\trev-parse = "!{program}"\n[filter "x"]\n\tclean = "{program}"\n\tsmudge = "{program}"\n'
        )
    (repository / ".gitattributes").write_text("* filter=x\n")
    (repository / "file").write_text("x")
    monkeypatch.chdir(repository)
    assert git.top(host(tmp_path)) == "the-project"
    assert not sprung.exists()


@needs_git
def test_t46_gits_variables_and_secrets_do_not_reach_it(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, sprung = trap(tmp_path)
    hostile = {
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_WORK_TREE": "/",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(program),
        "GIT_TRACE": str(sprung),
        "GIT_EXTERNAL_DIFF": str(program),
        "AMEIDE_WS_TOKEN": "CANARY0000-0123456789012345678901",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(repository)
    assert git.top(host(tmp_path, **hostile)) == "the-project"
    assert not sprung.exists()


def test_d9_git_sees_an_environment_made_for_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    # GitPython, when it is first imported, asks for the version and believes nothing else.
    shim.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && echo "git version 2.39.5" && exit\n'
        f'/usr/bin/env > "{tmp_path}/seen"; echo "$@" >> "{tmp_path}/asked"; echo /x/named\n'
    )
    shim.chmod(0o755)
    monkeypatch.setenv("STRANGE", "1")
    names = git.top(host(tmp_path, PATH=f".:{shim.parent}:bin:/usr/bin:/bin", STRANGE="1", CODER_AGENT_TOKEN="CANARY"))
    assert names == "named"
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines() if "=" in line)
    assert set(seen) - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        "PATH", "HOME", "LC_ALL", "GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT",
    }  # fmt: skip
    assert seen["PATH"] == f"{shim.parent}:/usr/bin:/bin"
    asked = (tmp_path / "asked").read_text().splitlines()[-1]
    assert "core.fsmonitor= " in asked
    assert "core.hooksPath=/dev/null" in asked


def test_t44_a_git_in_the_current_folder_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, sprung = trap(tmp_path)
    (tmp_path / "git").symlink_to(program)
    monkeypatch.chdir(tmp_path)
    assert git.top(host(tmp_path, PATH=f".::{'.'}")) is None
    assert not sprung.exists()


@needs_git
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_t47_gits_own_word_on_a_strangers_repository_stands(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (repository, repository / ".git"):
        os.chown(path, 4711, 4711)
    monkeypatch.chdir(repository)
    assert git.top(host(tmp_path)) is None
    (tmp_path / ".gitconfig").write_text(f"[safe]\n\tdirectory = {repository}\n")
    assert git.top(host(tmp_path)) == "the-project"


def test_without_git_nothing_is_loaded_or_run(tmp_path: Path) -> None:
    said = ask("print(top(Host(env={'PATH': '/nowhere'})), 'git' in sys.modules)", {"PATH": "/nowhere"}, tmp_path)
    assert said == "None False"


def test_the_door_costs_nothing_until_it_is_used(tmp_path: Path) -> None:
    assert ask("print('git' in sys.modules, 'subprocess' in sys.modules)", {}, tmp_path) == "False False"


def test_a_folder_that_is_gone_has_no_name(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    said = ask("os.rmdir(os.getcwd()); print(top(Host()))", take_environment(dict(os.environ)), gone)
    assert said == "None"


def ask(line: str, env: Mapping[str, str], folder: Path) -> str:
    """What a new process says to one line of Python."""
    program = f"import os, sys\nsys.path.insert(0, {str(Path(git.__file__).parents[1])!r})\n"
    program += f"from ameide_ws.git import top\nfrom ameide_ws.host import Host\n{line}"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], env=dict(env), cwd=folder, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
