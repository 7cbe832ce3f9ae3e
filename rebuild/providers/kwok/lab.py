"""What a lab is, on disk and in memory, and how its processes are recognised. Starts and ends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from rebuild.providers import descriptions
from rebuild.providers.claims import State
from rebuild.providers.kwok.paths import Layout
from rebuild.providers.port import Fidelity, Target

PROVIDER = "kwok"

CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")

CLOUD_MODULE = "rebuild.providers.kwok.cloud"


class Lab(Struct, frozen=True):
    """One lab, as its description file has it."""

    name: str
    home: Path
    kubeconfig: Path
    """The file for the user: the lab's own, or a copy where one was asked for."""
    created: str
    """RFC 3339, UTC."""
    version: str
    """Of Kubernetes."""
    binaries: Path
    ports: Mapping[str, int]
    complete: bool = False
    """False from the claim of the name until the API is ready."""
    owner: str = ""
    """The process that takes the lab away when it ends, as `processes.identity` has it; nothing for one that stays."""

    @property
    def layout(self) -> Layout:
        """What lies where."""
        return Layout(self.home)

    @property
    def context(self) -> str:
        """The kubeconfig context, as kwokctl names it."""
        return f"kwok-{self.name}"

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.ports['kube-apiserver']}"

    @property
    def audit_log(self) -> Path:
        """One audit event per line, level Metadata."""
        return self.layout.audit_log

    @property
    def target(self) -> Target:
        """The lab in the words of the provider port."""
        return Target(
            name=self.name,
            provider=PROVIDER,
            fidelity=Fidelity.KWOK,
            kubeconfig=self.kubeconfig,
            context=self.context,
            server=self.server,
            state_dir=self.home,
            audit_log=self.audit_log,
        )


class LabStatus(Struct, frozen=True):
    """A lab's directory with what runs of it. `lab` is None where the description cannot be read."""

    name: str
    state: State
    home: Path
    pids: Mapping[str, int]
    """Process ids by component."""
    lab: Lab | None


def encode(lab: Lab) -> bytes:
    """The description file's content."""
    return descriptions.encode(PROVIDER, lab)


def read(layout: Layout) -> Lab | None:
    """The lab that lives in a directory, or None where nothing there describes one."""
    return descriptions.read(layout.home, Lab, "home", "kubeconfig", "binaries")


def component(layout: Layout, command: str) -> str | None:
    """Which part of this lab a process is, by its command line; None for everybody else's processes.

    Only programs that run from the lab's directory, the kwokctl that creates it, and its cloud count: an
    editor or `tail` that has one of its files open does not.
    """
    programs = f"{layout.components}/"
    if command.startswith(programs):
        return command.removeprefix(programs).split(" ", 1)[0]
    cloud = f" -m {CLOUD_MODULE} {layout.home} "
    if cloud in command:
        return f"cloud-{command.rpartition(' ')[2]}"
    if f" --config {layout.kwokctl_config} " in command:
        return "kwokctl"
    return None


def state_of(lab: Lab | None, components: Mapping[str, int], *, busy: bool, abandoned: bool) -> State:
    """What became of a lab, from its description, its living processes, whether another process is at it, and whether
    the process that it belongs to is gone."""
    runs = all(name in components for name in CONTROL_PLANE)
    return descriptions.unusable(lab, busy=busy, abandoned=abandoned) or (State.RUNNING if runs else State.STOPPED)
