"""The walls and doors of the house, read from its source; and what a start may not load.

Every rule is also shown a line that breaks it, so that a rule which no longer sees anything fails here.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

HOUSE = Path(__file__).parents[1] / "ameide_ws"
LONGEST = 450

# Who may import whom. `words` is what everyone may say: the vocabulary, and pure functions on text and time.
VOCABULARY = {"events", "problems", "results", "coder.model"}
CORE = {"coder", "git", "host", "web", "settings", "text", "when", "side_by_side"}
MAY_IMPORT = {
    "__main__": {"cli", "host"},
    "cli": {"app", "sandbox", "workspaces", "session", "doctor", "delivery", "guard", "host", "text", "when"},
    "app": {"settings", "session", "coder", "web", "render", "host", "text", "when", "sandbox", "git"},
    "workspaces": CORE | {"session.link"},
    "session": CORE,
    "doctor": CORE,
    "delivery": CORE | {"workspaces", "doctor"},
    "settings": {"host", "text", "when"},
    "git": {"host", "text"},
    "host": set(),
    "text": set(),
    "when": set(),
    "side_by_side": set(),
    # A question may be put ahead of its turn, and a 401 has the one sentence on signing in, which is in settings.
    "coder": {"web", "host", "text", "when", "side_by_side", "settings"},
    "web": {"host", "text", "when", "settings"},
    "render": {"text", "when", "host"},
    "vocabulary": set(),
}
CLOSED = {"sandbox", "guard"}  # these import nothing of ours, the vocabulary included

# Where each dependency comes in. A name that is in no row is a dependency nobody declared.
DOORS = {
    "typer": {"cli"},
    "rich": {"render"},
    "httpx": {"web", "sandbox.editor"},
    "httpcore": {"web"},
    "websockets": {"web", "sandbox.editor"},
    "truststore": {"web"},
    "keyring": {"session.vault"},
    "git": {"git"},
    "platformdirs": {"host"},
    "tomlkit": {"settings", "session"},
    "starlette": {"sandbox"},
    "uvicorn": {"sandbox"},
}


class Import(NamedTuple):
    line: int
    module: str


def names() -> list[str]:
    """Every module of ours, without the leading `ameide_ws.`."""
    return sorted(_name(path) for path in HOUSE.rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(name: str) -> ast.Module:
    folder = HOUSE.joinpath(*name.split(".")) if name else HOUSE
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(syntax: ast.AST, ours: frozenset[str], *, package: str) -> Iterator[Import]:
    """Every import, however deep it hides: in a function, behind a type check, relative, or as a name in a string."""
    for node in ast.walk(syntax):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = f"ameide_ws.{package}".rstrip(".").split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                deeper = f"{base}.{alias.name}"
                is_module = deeper.removeprefix("ameide_ws.") in ours | VOCABULARY
                is_module = is_module or (base == "ameide_ws" and alias.name != "__version__")
                yield Import(node.lineno, deeper if is_module else base)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"ameide_ws(\.\w+)+", node.value) and node.value.removeprefix("ameide_ws.") in ours:
                yield Import(node.lineno, node.value)
        elif isinstance(node, ast.Call) and _called(node) in ("__import__", "import_module"):
            yield from (Import(node.lineno, str(one.value)) for one in node.args[:1] if isinstance(one, ast.Constant))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def room(name: str) -> str:
    return "vocabulary" if name in VOCABULARY else name.partition(".")[0]


def inside(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def wrong_door(name: str, one: Import) -> str | None:
    """What is wrong with an import, if anything."""
    first, _, rest = one.module.partition(".")
    here = room(name)
    if first != "ameide_ws":
        if first in sys.stdlib_module_names:
            return "guard imports nothing at all" if here == "guard" else None
        doors = DOORS.get(first)
        if doors is None:
            return f"{first} is not one of the dependencies"
        return None if inside(name, doors) else f"{first} comes in through {', '.join(sorted(doors))}"
    there = room(rest)
    if not rest or here == there:  # the version, and one's own room
        return None if rest or here not in CLOSED else f"{here} imports nothing of ours"
    if here in CLOSED:
        return f"{here} imports nothing of ours"
    if there == "vocabulary":
        return None
    return None if inside(rest, MAY_IMPORT[here]) else f"{here} does not know {there}"


def planted(code: str, name: str) -> list[str]:
    found = imports(ast.parse(code), frozenset(names()), package=name.rpartition(".")[0])
    return [wrong for one in found if (wrong := wrong_door(name, one))]


@pytest.mark.parametrize("name", names())
def test_every_import_goes_through_its_door(name: str) -> None:
    package = name if (HOUSE / name.replace(".", "/")).is_dir() else name.rpartition(".")[0]
    found = imports(tree(name), frozenset(names()), package=package)
    assert [f"{name}:{one.line}: {wrong}" for one in found if (wrong := wrong_door(name, one))] == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("workspaces.up", "import httpx"),
        ("workspaces.up", "def f():\n    if True:\n        from rich.table import Table"),
        ("workspaces.up", "from ameide_ws.cli import main"),
        ("workspaces.up", "from ameide_ws import app"),
        ("workspaces.up", "from ..app import App"),
        ("coder.client", "from ameide_ws.workspaces import up"),
        ("render.card", "from ameide_ws.coder.client import Coder"),
        ("events", "from ameide_ws.text import safe"),
        ("host", "from ameide_ws.settings import settle"),
        ("sandbox.world", "from ameide_ws.problems import Problem"),
        ("sandbox.world", "from ameide_ws import __version__"),
        ("guard", "import os"),
        ("web.transport", "import requests"),
        ("settings", "import importlib\nimportlib.import_module('keyring')"),
        ("text", "WHERE = 'ameide_ws.host'"),
        ("cli", "from ameide_ws.web import Web"),
    ],
)  # fmt: skip
def test_a_wrong_import_is_seen(name: str, code: str) -> None:
    assert planted(code, name) != []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("workspaces.up", "from ameide_ws.coder import model\nfrom ameide_ws.events import Started\nimport json"),
        ("render.card", "import rich.table\nfrom ameide_ws.coder.model import Workspace"),
        ("web.transport", "import httpx, httpcore, websockets.sync.client"),
        ("git", "from git.cmd import Git"),
        ("sandbox.editor", "import httpx"),
        ("cli", "import typer\nfrom ameide_ws.app import App\nfrom ameide_ws import __version__"),
    ],
)
def test_a_right_import_passes(name: str, code: str) -> None:
    assert planted(code, name) == []


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules from which a way leads back to themselves."""
    found = []
    for start in sorted(graph):
        seen: set[str] = set()
        due = list(graph[start])
        while due:
            name = due.pop()
            if name not in seen:
                seen.add(name)
                due.extend(graph.get(name, ()))
        if start in seen:
            found.append(start)
    return found


def run_time(syntax: ast.Module) -> ast.Module:
    """Without what only a type checker reads: there, two modules may know each other."""

    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            self.generic_visit(node)
            return node.orelse if ast.unparse(node.test).endswith("TYPE_CHECKING") else node

    bare = ast.parse(ast.unparse(syntax))
    Drop().visit(bare)
    return bare


def test_no_modules_import_each_other_in_a_circle() -> None:
    ours = frozenset(names())
    graph = {}
    for name in ours - {""}:
        package = name if (HOUSE / name.replace(".", "/")).is_dir() else name.rpartition(".")[0]
        found = imports(run_time(tree(name)), ours, package=package)
        reached = {one.module.removeprefix("ameide_ws.") for one in found}
        graph[name] = (reached & ours) - {name}
    assert circles(graph) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c"]


def test_no_file_is_longer_than_a_person_reads() -> None:
    lines = {str(path): len(path.read_bytes().splitlines()) for path in HOUSE.rglob("*.py")}
    assert {path: many for path, many in lines.items() if many > LONGEST} == {}


def test_no_drawer_for_odds_and_ends() -> None:
    drawers = re.compile(r"(^|\.)(util|helper|common|base|misc|service|manager)s?$")
    assert [name for name in names() if drawers.search(name)] == []


# What only one room may do, each with the places where it may be done.
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
MACHINE = {"host", "sandbox"}


def liberties(syntax: ast.AST, name: str) -> list[str]:
    """What a module does by itself that is another's to do."""
    found = []
    for node in ast.walk(syntax):
        what = None
        if isinstance(node, ast.Attribute | ast.Name | ast.alias):
            word = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", "")
            if word in ENVIRONMENT and not inside(name, MACHINE):
                what = "reads the environment"
        if isinstance(node, ast.Call):
            what = _liberty(node, name) or what
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "asyncio") and not inside(name, MACHINE):
            what = "sleeps" if any(alias.name == "sleep" for alias in node.names) else what
        if what:
            found.append(f"{name}:{getattr(node, 'lineno', '?')}: {what}")
    return found


def _liberty(node: ast.Call, name: str) -> str | None:
    func = node.func
    written = ast.unparse(func)
    if written in ("time.sleep", "asyncio.sleep") and not inside(name, MACHINE):
        return "sleeps"
    if written == "print" and not inside(name, {"render", "sandbox"}):
        return "prints"
    speaks = re.search(r"(^|\.)(stdout|stderr|out|err)\.write(lines)?$", written)
    if speaks and name not in MAY_SPEAK and not inside(name, {"render", "host", "sandbox"}):
        return "prints"
    if written.startswith("webbrowser.") and name != "host":
        return "opens a browser"
    if re.search(r"\bos\.(system|popen|exec\w*|spawn\w*)$", written) and not inside(name, {"sandbox"}):
        return "runs a program past the host"
    given = {word.arg: word.value for word in node.keywords if isinstance(word.value, ast.Constant)}
    if getattr(given.get("shell"), "value", False):
        return "goes through a shell"
    if "verify" in given and getattr(given["verify"], "value", True) is False and not inside(name, {"sandbox"}):
        return "trusts any certificate"
    if getattr(given.get("follow_redirects"), "value", False):
        return "follows redirects"
    return None


# main's --version and stored help are answered before there is a renderer.
MAY_SPEAK = {"cli", "cli.main", "__main__"}


@pytest.mark.parametrize("name", names())
def test_no_module_does_what_is_anothers_to_do(name: str) -> None:
    assert liberties(tree(name), name) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("settings", "import os\nurl = os.environ['AMEIDE_WS_URL']"),
        ("settings", "from os import getenv"),
        ("git", "import os\nos.environ['PATH'] = '.'"),
        ("git", "import os\npath = os.environ['GIT_PYTHON_REFRESH']"),
        ("web.retry", "import time\ntime.sleep(1)"),
        ("web.retry", "from time import sleep"),
        ("workspaces.up", "print('done')"),
        ("workspaces.up", "host.err.write('done')"),
        ("coder.client", "import sys\nsys.stdout.write('x')"),
        ("session.login", "import webbrowser\nwebbrowser.open(url)"),
        ("host", "subprocess.run(line, shell=True)"),
        ("web", "Client(verify=False)"),
        ("web", "Client(follow_redirects=True)"),
        ("doctor", "os.system('ls')"),
    ],
)
def test_a_liberty_is_seen(name: str, code: str) -> None:
    assert liberties(ast.parse(code), name) != []


# Starts: what a fresh process has loaded at its end.
HEAVY = {"httpx", "httpcore", "rich", "keyring", "git", "websockets", "asyncio", "tarfile", "uvicorn", "starlette"}
STARTS = {
    "version": ["--version"],
    "help": ["--help"],
    "help of a command": ["up", "--help"],
    "completion script": ["completion", "bash"],
    "completion of a name": ["__complete", "names"],
}


@pytest.mark.skipif(not (HOUSE / "__main__.py").exists(), reason="there is no program yet")
@pytest.mark.parametrize("start", STARTS)
def test_a_start_loads_only_what_it_needs(start: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ameide_ws", *STARTS[start]],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=HOUSE.parent, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "import time:" in line]
    loaded = {line.partition(".")[0] for line in lines}
    assert loaded & HEAVY == set()
    assert "ameide_ws" in loaded
    if start in ("version", "help", "completion of a name"):
        assert "typer" not in loaded
