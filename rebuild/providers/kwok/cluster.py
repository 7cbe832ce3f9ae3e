"""Creates, describes and removes labs by driving kwokctl.

Touches nothing outside a lab's own directory but the kubeconfig file that the caller named, which must be
new. The user's kubeconfig and current context are out of reach: kwokctl always gets a file of the lab's own
to write to, since without one it switches the user's current context. Its control plane listens on, and
connects to, this machine only: `seal` says how.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import orjson
from msgspec.structs import replace

from rebuild.model.errors import Unreachable
from rebuild.providers import claims, descriptions, kubeconfigs
from rebuild.providers.kwok import binaries, config, lab, ports, readiness, seal
from rebuild.providers.kwok.binaries import Binaries
from rebuild.providers.kwok.lab import CONTROL_PLANE, PROVIDER, Lab, LabStatus
from rebuild.providers.kwok.paths import Layout
from rebuild.system import clock, files, places, processes, shell

NODES = 5
_KWOKCTL_SECONDS = 90.0
_TAKEN = "bind: address already in use"
"""How Go ends the reason of a server that cannot listen: `listen tcp 127.0.0.1:24173: bind: address already in use`."""


class PortLost(Unreachable):
    """Another program took a port of the lab after it had been chosen; what there was of the lab has been removed."""

    code = "port-lost"


class LabFailed(Unreachable):
    """The control plane did not come up; what there was of it has been removed."""

    code = "lab-failed"


def up(
    name: str, programs: Binaries, *, kubeconfig: Path | None = None, nodes: int = NODES, owned: bool = False
) -> Lab:
    """Create a lab and return it once its API is ready, its nodes are Ready, and its baseline is in place.

    Args:
        name: A DNS label.
        programs: What `build.install` gave.
        kubeconfig: Where the user wants a copy of the lab's kubeconfig; the file must not exist yet.
        nodes: How many simulated nodes.
        owned: Whether it belongs to this process, and is an orphan once that has ended.

    Raises:
        BadName: when the name is not one.
        LabExists: when a lab of that name, or the kubeconfig file, exists.
        KubeconfigUnwritten: when the kubeconfig file cannot be written.
        LabFailed: when the control plane does not come up; nothing is left behind then, nor when interrupted.
        PortLost: when another program was faster with one of its ports; nothing is left behind either.
    """
    claims.check_name(name)
    kubeconfigs.check(kubeconfig)

    def draft(home: Path) -> Lab:
        layout = Layout(home)
        made = Lab(
            name=name,
            home=home,
            kubeconfig=kubeconfig.absolute() if kubeconfig else layout.kubeconfig,
            created=clock.now().isoformat(timespec="seconds"),
            version=binaries.KUBERNETES_VERSION,
            binaries=programs.directory,
            ports=ports.choose(str(home), _reserved_ports(), ports.is_free),
            owner=processes.identity(os.getpid()) if owned else "",
        )
        files.write(layout.description, lab.encode(made))
        return made

    with claims.taken(name, draft, undo=_remove) as claimed:
        return _create(claimed, programs, nodes)


def down(name: str) -> bool:
    """Remove a lab, whatever state it is in: its processes, its directory, its kubeconfig file if nobody
    changed it.

    Returns:
        False when there was none, which is no error.

    Raises:
        BadName: when the name is not one.
        LabBusy: when another process creates or removes it.
    """
    with claims.held(name) as home:
        if home is not None:
            _remove(home)
        return home is not None


def list_labs() -> tuple[LabStatus, ...]:
    """Every lab of this provider that there is a directory of, by name."""
    if not claims.homes():
        return ()
    with claims.registry():
        commands = processes.commands()
        mine = (home for home in claims.homes() if claims.provider_of(home) == PROVIDER)
        return tuple(_status(Layout(home), commands) for home in mine)


def status(name: str) -> LabStatus:
    """One lab.

    Raises:
        BadName: when the name is not one.
        UnknownLab: when there is none.
    """
    home = claims.existing(name)
    with claims.registry():
        return _status(Layout(home), processes.commands())


def env(programs: Binaries) -> Path:
    """The directory to put on PATH for kubectl, etcd and the rest, in the versions that the labs run."""
    return programs.directory


def _create(draft: Lab, programs: Binaries, nodes: int) -> Lab:
    layout = draft.layout
    settings = config.kwokctl(layout, programs, draft.ports)
    files.write(layout.kwokctl_config, orjson.dumps(settings, option=orjson.OPT_INDENT_2))
    files.write(layout.audit_policy, orjson.dumps(config.AUDIT_POLICY))
    files.write(layout.egress, orjson.dumps(seal.egress(layout.sealed_socket)))
    _kwokctl(draft, "create", "cluster", "--kubeconfig", str(layout.kubeconfig))
    layout.kubeconfig.chmod(files.PRIVATE_FILE)
    readiness.start_cloud(draft)
    _kwokctl(draft, "scale", "node", "--replicas", str(nodes))
    try:
        readiness.settle(draft, nodes, meanwhile=lambda: _mend(draft))
    except readiness.NotReady as error:
        raise LabFailed(f"{error}\n{_last_words(layout)}", hint=error.hint) from error
    kubeconfigs.copy(layout.kubeconfig, draft.kubeconfig)
    finished = replace(draft, complete=True)
    files.write(layout.description, lab.encode(finished))
    return finished


def _kwokctl(draft: Lab, *arguments: str) -> None:
    layout = draft.layout
    command = [str(draft.binaries / "kwokctl"), "--config", str(layout.kwokctl_config), "--name", draft.name]
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("KWOK_", "KUBECONFIG"))}
    environment = outside | {
        "KWOK_WORKDIR": str(layout.workdir),
        "PATH": f"{draft.binaries}{os.pathsep}{outside.get('PATH', '')}",
    }
    hint = "`rebuild doctor` checks what a lab needs"
    try:
        done = shell.run(
            [*command, *arguments],
            env=environment,
            cwd=layout.home,
            timeout=_KWOKCTL_SECONDS,
            own_session=True,
            meanwhile=lambda: _assert_ports_ours(draft),
        )
    except shell.ProgramTimeout as error:
        raise LabFailed(f"{error}\n{_last_words(layout)}", hint=hint) from error
    if done.code != 0:
        _assert_ports_ours(draft)
        said = f"kwokctl {' '.join(arguments[:2])} failed:\n{done.complaint}"
        if "no space left on device" in done.complaint.lower():
            hint = f"make room in {layout.home.parent}, or set {places.STATE_VARIABLE} to where there is some"
        raise LabFailed(f"{said}\n{_last_words(layout)}", hint=hint)


def _mend(draft: Lab) -> None:
    """Start again what has ended: a controller-manager of a busy machine gives up before its API server is healthy."""
    _assert_ports_ours(draft)
    layout = draft.layout
    running = {lab.component(layout, command) for command in processes.commands().values()}
    for part in (ended := set(CONTROL_PLANE) - running):
        # kwokctl takes a process for running as long as its number exists, which a zombie's does.
        layout.pid_file(part).unlink(missing_ok=True)
    if ended:
        _kwokctl(draft, "start", "cluster")


def _assert_ports_ours(draft: Lab) -> None:
    """A component that has ended is waited for as long as one that is slow, so the logs are read."""
    texts = [log.read_text(errors="replace") for log in draft.layout.logs.glob("*.log")]
    for part, port in draft.ports.items():
        if any(f":{port}: {_TAKEN}" in text for text in texts):
            raise PortLost(
                f"another program took port {port} of 127.0.0.1, which was free when it was chosen for {part}",
                hint="run it again: another port is chosen then",
            )


def _last_words(layout: Layout) -> str:
    """The last line of each component's log: where the cause of a failed start stands."""
    texts = {log.name: log.read_text(errors="replace").strip() for log in sorted(layout.logs.glob("*.log"))}
    ended = {name: text.splitlines()[-1][:500] for name, text in texts.items() if text}
    return "\n".join(f"{name}: {line}" for name, line in ended.items() if name != layout.audit_log.name)


def _reserved_ports() -> set[int]:
    known = (lab.read(Layout(home)) for home in claims.homes())
    return {port for one in known if one is not None for port in one.ports.values()}


def _remove(home: Path) -> None:
    """End the lab's processes at once, since its data dies with it, and delete its files."""
    layout = Layout(home)
    known = lab.read(layout)
    processes.kill(lambda command: lab.component(layout, command) is not None)
    if known is not None:
        kubeconfigs.withdraw(layout.kubeconfig, known.kubeconfig)
    shutil.rmtree(home)


def _status(layout: Layout, commands: dict[int, str]) -> LabStatus:
    named = ((lab.component(layout, command), pid) for pid, command in sorted(commands.items()))
    pids = {part: pid for part, pid in named if part is not None}
    known = lab.read(layout)
    state = lab.state_of(known, pids, busy=claims.is_busy(layout.home), abandoned=descriptions.is_abandoned(known))
    return LabStatus(layout.name, state, layout.home, pids, known)
