"""What the provisioner says during a build, in the bursts in which Coder delivers it.

The provisioner's flush timer starts anew with every line (provisionerd/runner/runner.go), so lines come in bursts
that end with a pause; a log that trickled would flatter whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator

from .answers import Json
from .logs import build_row

APPLYING = {"start": "Starting workspace", "stop": "Stopping workspace", "delete": "Destroying workspace"}
INITIALIZING = "Initializing Terraform Directory"
PLANNING = "Planning Infrastructure"
LOCK_FILE = (
    "Terraform has created a lock file .terraform.lock.hcl to record the provider\n"
    "selections it made above. Include this file in your version control repository\n"
    "so that Terraform can guarantee to make the same selections by default when\n"
    'you run "terraform init" in the future.'
)
RESOURCES = (
    "kubernetes_namespace.workspace",
    "kubernetes_service_account.workspace",
    "kubernetes_persistent_volume_claim.workspaces",
    "coder_agent.main",
    "coder_app.code_server",
    "coder_script.dotfiles",
    "coder_script.post_create",
    "coder_script.code_server",
)

Burst = list[Json]


def daemon(stage: str) -> Json:
    return build_row("provisioner_daemon", "info", stage, "")


def line(stage: str, output: str, level: str = "info") -> Json:
    return build_row("provisioner", level, stage, output)


def setting_up() -> Burst:
    return [daemon("Setting up")]


def initializing() -> Burst:
    says = [
        "Terraform 1.11.4",
        "Initializing the backend...",
        "Initializing provider plugins...",
        "terraform.io/builtin/terraform is built in to Terraform",
        "coder/coder: Finding latest version...",
        "Installing provider version: coder/coder v2.18.0...",
        "Installed provider version: coder/coder v2.18.0 (unauthenticated)",
        "hashicorp/kubernetes: Finding latest version...",
        "Installing provider version: hashicorp/kubernetes v2.38.0...",
        "Installed provider version: hashicorp/kubernetes v2.38.0 (signed by HashiCorp)",
        LOCK_FILE,
    ]
    return [line(INITIALIZING, output) for output in says]


def planning(transition: str) -> Burst:
    says = [line(PLANNING, f"data.{name}.me: Refreshing...") for name in ("coder_workspace", "coder_workspace_owner")]
    count = len(RESOURCES) + 1
    if transition == "start":
        says += [line(PLANNING, f"{name}: Plan to create") for name in RESOURCES]
        says += [line(PLANNING, "kubernetes_pod.workspace[0]: Plan to create")]
        says += [line(PLANNING, f"Plan: {count} to add, 0 to change, 0 to destroy.")]
    else:
        gone = count if transition == "delete" else 1
        says += [line(PLANNING, "kubernetes_pod.workspace[0]: Plan to delete")]
        says += [line(PLANNING, f"Plan: 0 to add, 0 to change, {gone} to destroy.")]
    return says


def applying(transition: str) -> Iterator[Burst]:
    stage = APPLYING[transition]
    if transition == "start":
        yield [line(stage, f"{name}: Creating...") for name in RESOURCES[:3]]
        yield [line(stage, f"{name}: Creation complete after 0s [id=sandbox]") for name in RESOURCES[:3]]
        yield [line(stage, f"{name}: Creation complete after 0s") for name in RESOURCES[3:]]
        yield [line(stage, "kubernetes_pod.workspace[0]: Creating...")]
        yield [
            line(stage, "kubernetes_pod.workspace[0]: Creation complete after 1s [id=sandbox/workspace]"),
            line(stage, f"Apply complete! Resources: {len(RESOURCES) + 1} added, 0 changed, 0 destroyed."),
            line(stage, "Outputs: 0"),
        ]
        return
    gone = len(RESOURCES) + 1 if transition == "delete" else 1
    yield [line(stage, "kubernetes_pod.workspace[0]: Destroying... [id=sandbox/workspace]")]
    says = [line(stage, "kubernetes_pod.workspace[0]: Destruction complete after 0s")]
    if transition == "delete":
        says += [line(stage, f"{name}: Destruction complete after 0s") for name in reversed(RESOURCES)]
    says += [line(stage, f"Apply complete! Resources: 0 added, 0 changed, {gone} destroyed.")]
    says += [line(stage, "Outputs: 0")]
    yield says


def cleaning_up() -> Burst:
    return [daemon("Cleaning Up")]


def interrupted(transition: str) -> Burst:
    stage = APPLYING[transition]
    return [
        line(stage, "Interrupt received. Please wait for Terraform to exit or data loss may occur."),
        line(stage, "Gracefully shutting down..."),
        line(stage, "Error: operation canceled", "error"),
    ]
