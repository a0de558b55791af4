"""Hand-made results and courses: what `up` and the others would have to show."""

from collections.abc import Callable
from datetime import timedelta

from ameide_ws.events import Asked, Course, Finished, Line, Noticed, Progress, Started
from ameide_ws.problems import BuildFailed, MissingInput, Problem
from ameide_ws.results import (
    Agent,
    App,
    Build,
    Home,
    Layer,
    Listing,
    Page,
    Plan,
    Reading,
    Result,
    Row,
    Sandbox,
    Script,
    Setting,
    Text,
    Up,
    Version,
)
from tests.fakes import MORNING, FakeHost

ADDRESS = "https://coder.dev.ameide.io/@dev1/dev.main/apps/code-server/?folder=/workspaces/ameide"
SOON = MORNING + timedelta(minutes=40)
UP = Up(
    url=ADDRESS, workspace="dev", owner="dev1", template="ameide-dev", version="v2", build_number=1, stops_at=SOON,
    seconds=21.04, layers=(
        Layer("queue", True, 0.3), Layer("terraform", True, 14.2, "7 resources"), Layer("agent", True, 2.1),
        Layer("scripts", None, None, "2 of 3"), Layer("editor", True, 4.4),
    ), idle_seconds=1800.0, openable=True,
)  # fmt: skip
ROW = Row(
    name="dev", owner="dev1", template="ameide-dev", status="running", healthy=True, outdated=False, stops_at=SOON,
    created_at=MORNING - timedelta(days=3), last_used_at=MORNING - timedelta(minutes=5),
    started_at=MORNING - timedelta(hours=2), version="v2", build_number=12, dormant=False, id="6f2c",
)  # fmt: skip
STOPPED = ROW._replace(
    name="old", status="stopped", stops_at=None, outdated=True, version="v1", dormant=False, healthy=False
)
LISTING = Listing((ROW, STOPPED), 2, "you own", MORNING)
NONE = Listing((), 0, "you own", MORNING)
PLAN = Plan("dev", "dev1", "ameide-dev", "v2", "create", "there is no dev yet", 14.0, (Setting("region", "eu"),))
PAGE = Page(
    name="dev", owner="dev1", template="ameide-dev", status="running", healthy=True, outdated=True, dormant=False,
    version="v1", active_version="v3", versions_behind=2, stops_at=SOON, stops_moved=True, ttl_seconds=1800.0,
    created_at=ROW.created_at, last_used_at=ROW.last_used_at,
    build=Build(12, "start", "succeeded", "initiator", "dev1", ROW.started_at, 14.2, ""),
    agents=(
        Agent(
            "main", "connected", "start_error", "v2.36.0", "arm64", "/workspaces/ameide",
            (Script("dotfiles", "ok", 0), Script("install-tools", "exit_failure", 4), Script("warm-up", "", None)),
            (App("code-server", "VS Code", ADDRESS, "healthy"),),
            (Reading("Load", "0.4", "", 3), Reading("Memory", "", "timed out", None)), "",
        ),
    ),
    parameters=(Setting("region", "eu"), Setting("size", "large")), id="6f2c", now=MORNING,
)  # fmt: skip
HOME = Home("https://coder.dev.ameide.io", "dev1 (Dev One)", "", (ROW, STOPPED), "ameide-ws up", MORNING)
NOBODY = Home("https://coder.dev.ameide.io", "", "AMEIDE_WS_TOKEN is not set", (), "export AMEIDE_WS_TOKEN=…")
SANDBOX = Sandbox(True, "http://127.0.0.1:4711", "good-morning", "2026-11-24T14:00:00Z", 42, "/usr/bin/code-server")
NO_SANDBOX = Sandbox(False, "", "", "", None, "")
VERSION = Version("0.1.0", "3.11.7", "Linux-6-x86_64", "https://coder.dev.ameide.io", "v2.36.0")
TEXT = Text("exit-codes", "Exit codes\n\n  0  done\n", "")
RESULTS: dict[str, Result] = {
    "up": UP, "list": LISTING, "plan": PLAN, "show": PAGE, "home": HOME, "sandbox": SANDBOX, "version": VERSION,
    "text": TEXT,
}  # fmt: skip
WARNING = Problem(
    "startup script “install-tools” exited 4",
    cause="the workspace can be used; what the script sets up is missing",
    tries=("ameide-ws show dev   # its scripts",),
)
FAILED = BuildFailed(
    "workspace “dev” did not start: the build failed in “Starting workspace”",
    cause="quota exceeded: 3 of 3 workspaces in use",
    tries=("ameide-ws list   # see which one to stop", "ameide-ws up dev"),
    ref="build 6f2c request 9ab1",
    lines=("Error: insufficient quota", "  on main.tf line 3"),
)
RESUME = "The build goes on without you. Look again with: ameide-ws up dev"


def returning(result: Result) -> Callable[[], Course[Result]]:
    """A course that sees nothing happen."""

    def course() -> Course[Result]:
        yield from ()
        return result

    return course


def raising(error: BaseException, *, resume: str = "") -> Callable[[], Course[Result]]:
    """A course that ends badly, perhaps after it has begun something."""

    def course() -> Course[Result]:
        if resume:
            yield Started("up", "dev  ameide-dev (v2)  creating", resume)
        yield from ()
        raise error

    return course


def morning(host: FakeHost, *, end: Problem | None = None) -> Callable[[], Course[Result]]:
    """`up` from nothing, as commands.md draws it; `end` makes Terraform fail."""

    def course() -> Course[Result]:
        yield Progress("people", "Signed in to coder.dev.ameide.io as dev1 (Dev One) · GitHub dev-one")
        yield Started("up", "dev  ameide-dev (v2)  creating · build usually 14 s", RESUME)
        yield Started("queue")
        yield Progress("queue", "position 1 of 1")
        host.pass_time(0.3)
        yield Finished("queue", True, 0.3)
        yield Started("terraform")
        yield Progress("terraform", "Planning Infrastructure")
        yield Line("build", "coder_agent.main: Creating...", "info", MORNING)
        host.pass_time(14.2)
        if end is not None:
            yield Finished("terraform", False, 14.2)
            raise end
        yield Finished("terraform", True, 14.2, "7 resources")
        yield Started("agent")
        host.pass_time(2.1)
        yield Finished("agent", True, 2.1, "connected")
        yield Started("scripts")
        yield Started("editor")
        yield Progress("scripts", "2 of 3, install-tools still running")
        yield Noticed(WARNING)
        host.pass_time(4.4)
        yield Finished("editor", True, 4.4, "answering")
        return UP

    return course


def asking(*questions: Asked) -> Callable[[], Course[Result]]:
    """A course that asks, and names what nobody answered, as the core does."""

    def course() -> Course[Result]:
        answers: list[str] = []
        missing: list[str] = []
        for question in questions:
            answer = yield question
            answers.append(answer or "")
            if answer is None:
                missing.append(question.flag)
        if missing:
            raise MissingInput(
                "some answers are missing", cause="nobody is there to ask", tries=(f"ameide-ws up {' '.join(missing)}",)
            )
        return UP._replace(workspace=",".join(answers))

    return course
