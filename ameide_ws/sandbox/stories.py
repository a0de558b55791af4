"""Named courses of events. A story only says what will happen; builds.py makes it happen.

It imports no web framework, so that the command line can list the stories without one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """How a build ends badly: Coder's error, its code if it has one, and what the log shows of it."""

    error: str
    stage: str
    lines: tuple[tuple[str, str], ...]
    code: str | None = None


@dataclass(frozen=True)
class Story:
    name: str
    summary: str
    provisioners: int = 3
    ahead: int = 0
    failure: Failure | None = None
    agent_connects: bool = True
    connection_timeout: int = 120
    script_exit: int = 0
    editor_listens: bool = True
    somebody: str | None = None
    github: bool = True


APPLY_FAILED = Failure(
    "terraform apply: exit status 1",
    "Starting workspace",
    (
        ("error", 'Error: Failed to create pod: pods "workspace" is forbidden: exceeded quota: compute'),
        ("error", 'on main.tf line 75, in resource "kubernetes_pod" "workspace":'),
        ("error", '  75: resource "kubernetes_pod" "workspace" {'),
        ("error", ""),
        ("error", "Ask the operators of the cluster, or choose smaller parameters."),
        ("error", ""),
    ),
)
NO_QUOTA = Failure(
    "insufficient quota",
    "Commit quota",
    (
        ("info", "Build cost       —   4"),
        ("info", "Budget           —   10"),
        ("info", "Credits consumed —   8"),
        ("warn", "This build would exceed your quota. Failing."),
    ),
    "INSUFFICIENT_QUOTA",
)
MISSING_VARIABLE = Failure(
    "update job: required template variables need values: namespace",
    "Planning Infrastructure",
    (
        ("error", "Error: No value for required variable"),
        ("error", 'on variables.tf line 3: variable "namespace" {'),
        ("error", 'The root module input variable "namespace" is not set, and has no default value.'),
    ),
    "REQUIRED_TEMPLATE_VARIABLES",
)

STORIES = (
    Story("good-morning", "everything works: queue, Terraform, agent, three scripts, editor"),
    Story("long-queue", "five other builds are ahead", ahead=5),
    Story("no-provisioner", "nobody can take the build, which stays pending", provisioners=0),
    Story("build-fails", "Terraform fails while it applies", failure=APPLY_FAILED),
    Story("no-quota", "the build would exceed the quota", failure=NO_QUOTA),
    Story("missing-variable", "the template needs a variable that has no value", failure=MISSING_VARIABLE),
    Story("agent-never-connects", "the agent stays away and times out", agent_connects=False, connection_timeout=4),
    Story("script-fails", "one startup script exits 4, the others run", script_exit=4),
    Story("editor-never-listens", "everything is ready but the editor's port", editor_listens=False),
    Story("stopped-meanwhile", "somebody stops the workspace while its scripts run", somebody="stop"),
    Story("deleted-meanwhile", "somebody deletes the workspace while its scripts run", somebody="delete"),
    Story("canceled-meanwhile", "somebody cancels the build while Terraform runs", somebody="cancel"),
    Story("github-not-linked", "dev1 has not linked GitHub, so create is refused", github=False),
)


def named(name: str) -> Story:
    for story in STORIES:
        if story.name == name:
            return story
    raise ValueError(f"no story is called {name!r}; there are {', '.join(story.name for story in STORIES)}")


def names() -> list[tuple[str, str]]:
    """Every story's name and what happens in it."""
    return [(story.name, story.summary) for story in STORIES]
