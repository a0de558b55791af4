"""The project around the package: what it promises on paper, and what an installation leaves on disk."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import ameide_ws

ROOT = Path(__file__).parents[1]
COMMANDS = {"up", "list", "show", "sandbox", "completion", "version", "help"}
PAPERS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
TARGETS = {"help", "up", "test", "check", "bench", "pictures", "completions", "clean"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    return dict(tomllib.loads(read("pyproject.toml"))["project"])


def test_the_licence_is_apache_2() -> None:
    assert "Apache License\n                           Version 2.0, January 2004" in read("LICENSE")
    assert project()["license"] == "Apache-2.0"


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_names_only_commands_that_exist(paper: str) -> None:
    named = set(re.findall(r"(?:`|\$ )ameide-ws ([a-z]+)", read(paper)))
    assert named <= COMMANDS


def test_the_readme_leads_with_the_two_commands_and_fits_a_screen() -> None:
    text = read("README.md")
    first = text.index("$ make up"), text.index("$ make test"), text.index("docs/up.svg"), text.index("pipx install")
    assert list(first) == sorted(first)
    assert len(text.splitlines()) <= 60
    for said in (
        "pipx install '.[sandbox]'", "uv tool install '.[sandbox]'", "/cli-auth", "AMEIDE_WS_URL", "AMEIDE_WS_TOKEN",
        "AMEIDE_WS_CONTRACT_URL", "AMEIDE_WS_CONTRACT_TOKEN", "AMEIDE_WS_CONTRACT_TEMPLATE", "make check", "make bench",
        *(f"ameide-ws {name}" for name in ("up", "list", "show", "sandbox", "help")),
    ):  # fmt: skip
        assert said in text


@pytest.mark.parametrize("paper", PAPERS)
def test_every_link_of_a_paper_leads_somewhere(paper: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)", read(paper))
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


def test_the_picture_is_a_drawing_and_nothing_in_it_runs() -> None:
    drawing = ElementTree.parse(ROOT / "docs" / "up.svg")  # noqa: S314  our own file
    names = {element.tag.rpartition("}")[2] for element in drawing.iter()}
    assert names <= {"svg", "title", "style", "rect", "circle", "text"}
    shown = " ".join(element.text or "" for element in drawing.iter())
    assert "Ready in" in shown
    assert "http://127.0.0.1:41234/" in shown


def test_make_alone_lists_what_can_be_made() -> None:
    done = subprocess.run(["make", "-s", "-C", str(ROOT)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert set(re.findall(r"make (\w+)", done.stdout)) == TARGETS


def test_what_is_imported_is_declared_and_the_rest_is_not() -> None:
    from tests.test_house import DOORS

    given = project()
    wanted = [*given["dependencies"], *given["optional-dependencies"]["sandbox"]]
    declared = {re.split(r"[<>=\[]", want)[0].lower() for want in wanted}
    assert declared == {{"git": "gitpython"}.get(name, name) for name in DOORS}
    assert all("<" in want for want in wanted)


def test_a_wheel_carries_the_completions_to_where_shells_look() -> None:
    carried = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert all((ROOT / source).stat().st_size for source in carried)
    assert {f"completions/{path.name}" for path in (ROOT / "completions").iterdir()} == set(carried)
    assert set(carried.values()) >= {
        "share/bash-completion/completions/ameide-ws", "share/zsh/site-functions/_ameide-ws",
        "share/fish/vendor_completions.d/ameide-ws.fish",
    }  # fmt: skip


def test_the_version_has_one_home() -> None:
    assert "version" in project()["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", ameide_ws.__version__)
    assert f"## {ameide_ws.__version__}" in read("CHANGELOG.md")


def test_the_scripts_of_the_frame_are_sound_shell() -> None:
    for shell, script in (("bash", ".ci/run"), ("bash", ".ci/code-server"), ("sh", "tools/setup.sh")):
        done = subprocess.run([shell, "-n", str(ROOT / script)], capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")
        assert "set -eu" in read(script)


def bytecode_of(source: str) -> Path:
    return Path(importlib.util.cache_from_source(source))


@pytest.mark.skipif(
    not (Path(sys.prefix) / ".ready").exists(),
    reason="this Python was not set up by `make`, so its bytecode is its own",
)
def test_an_installation_leaves_bytecode_beside_everything() -> None:
    for name in ("typer", "httpx", "httpcore", "rich", "websockets", "git", "keyring"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        assert bytecode_of(spec.origin).exists()


def test_a_machine_without_python_or_venv_is_told_which_package_brings_it(tmp_path: Path) -> None:
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    script = str(ROOT / "tools" / "setup.sh")
    path = f"{old.parent}:/nowhere"
    for body, said in (
        ("exit 1", "apt install python3 python3-venv"),
        ('case "$2" in *version_info*) exit 0;; *) exit 1;; esac', "apt install python3-venv"),
    ):
        old.write_text(f"#!/bin/sh\n{body}\n")
        old.chmod(0o755)
        env = {"PATH": path, "PYTHON": "python3"}
        done = subprocess.run(
            ["/bin/sh", script, str(tmp_path / "venv")], env=env, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert not (tmp_path / "venv").exists()


def test_a_read_only_home_is_no_hindrance_to_a_start(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "ameide_ws", "--version"], env=env, cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (0, f"ameide-ws {ameide_ws.__version__}\n")
    assert list(tmp_path.iterdir()) == []
