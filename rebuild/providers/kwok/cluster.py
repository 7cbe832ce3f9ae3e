"""Creates, describes and removes labs by driving kwokctl.

Touches nothing outside a lab's own directory but the kubeconfig file that the caller named, which must be
new. The user's kubeconfig and current context are out of reach: kwokctl always gets a file of the lab's own
to write to, since without one it switches the user's current context. Its control plane listens on, and
connects to, this machine only: `seal` says how.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from rebuild.model.errors import Refused, Unreachable, UsageError
from rebuild.providers.kwok import binaries, config, lab, paths, ports, readiness, seal
from rebuild.providers.kwok.binaries import Binaries
from rebuild.providers.kwok.lab import Lab, LabStatus
from rebuild.providers.kwok.paths import Layout
from rebuild.system import clock, files, processes, shell

NODES = 5
_KWOKCTL_SECONDS = 90.0


class UnknownLab(UsageError):
    """No lab has this name."""

    code = "unknown-lab"


class LabExists(Refused):
    """The name, or the kubeconfig file, is taken."""

    code = "lab-exists"


class LabBusy(Refused):
    """Another process creates or removes the lab."""

    code = "lab-busy"

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"lab {', '.join(names)} is being created or removed by another process", hint="wait for that to end"
        )


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
        LabFailed: when the control plane does not come up; nothing is left behind then, nor when interrupted.
    """
    config.check_name(name)
    if kubeconfig is not None and os.path.lexists(kubeconfig):
        raise LabExists(
            f"{kubeconfig} exists already",
            hint="name a new file: a lab never adds to a kubeconfig, nor replaces one",
        )
    draft, lock = _claim(name, programs, kubeconfig, owned=owned)
    try:
        with lock:
            try:
                return _create(draft, programs, nodes)
            except BaseException:
                _remove(draft.layout)
                raise
    finally:
        lock.release(force=True)


def down(name: str) -> bool:
    """Remove a lab, whatever state it is in: its processes, its directory, its kubeconfig file if nobody
    changed it.

    Returns:
        False when there was none, which is no error.

    Raises:
        BadName: when the name is not one.
        LabBusy: when another process creates or removes it.
    """
    layout = _layout(name)
    with _registry():
        if not layout.home.is_dir():
            return False
        lock = FileLock(layout.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise LabBusy([name]) from error
    with lock:
        try:
            _remove(layout)
        finally:
            lock.release(force=True)
    return True


def list_labs() -> tuple[LabStatus, ...]:
    """Every lab there is a directory of, by name."""
    root = paths.labs_root()
    if not root.is_dir():
        return ()
    with _registry():
        homes = sorted(entry for entry in root.iterdir() if entry.is_dir())
        commands = processes.commands()
        return tuple(_status(Layout(home), commands) for home in homes)


def status(name: str) -> LabStatus:
    """One lab.

    Raises:
        BadName: when the name is not one.
        UnknownLab: when there is none.
    """
    layout = _layout(name)
    if not layout.home.is_dir():
        raise UnknownLab(f"there is no lab {name!r}", hint="`rebuild lab list` names those that exist")
    with _registry():
        return _status(layout, processes.commands())


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
        readiness.settle(draft, nodes)
    except readiness.NotReady as error:
        raise LabFailed(f"{error}\n{_last_words(layout)}", hint=error.hint) from error
    if draft.kubeconfig != layout.kubeconfig:
        try:
            files.private_directory(draft.kubeconfig.parent)
            files.write_new(draft.kubeconfig, layout.kubeconfig.read_bytes())
        except OSError as error:
            raise LabFailed(
                f"cannot write {draft.kubeconfig}: {error}", hint="name another file for --kubeconfig"
            ) from error
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
        )
    except shell.ProgramTimeout as error:
        raise LabFailed(f"{error}\n{_last_words(layout)}", hint=hint) from error
    if done.code != 0:
        said = f"kwokctl {' '.join(arguments[:2])} failed:\n{done.complaint}"
        raise LabFailed(f"{said}\n{_last_words(layout)}", hint=hint)


def _last_words(layout: Layout) -> str:
    """The last line of each component's log: where the cause of a failed start stands."""
    texts = {log.name: log.read_text(errors="replace").strip() for log in sorted(layout.logs.glob("*.log"))}
    ended = {name: text.splitlines()[-1][:500] for name, text in texts.items() if text}
    return "\n".join(f"{name}: {line}" for name, line in ended.items() if name != layout.audit_log.name)


def _claim(name: str, programs: Binaries, kubeconfig: Path | None, *, owned: bool) -> tuple[Lab, FileLock]:
    """Take the name and the ports; the lock is held when this returns."""
    layout = _layout(name)
    files.private_directory(paths.labs_root())
    with _registry():
        try:
            layout.home.mkdir(mode=files.PRIVATE_DIRECTORY)
        except FileExistsError as error:
            raise LabExists(f"lab {name} exists already", hint=f"`rebuild lab down {name}` removes it") from error
        lock = FileLock(layout.lock)
        lock.acquire()
        try:
            draft = Lab(
                name=name,
                home=layout.home,
                kubeconfig=kubeconfig.absolute() if kubeconfig else layout.kubeconfig,
                created=clock.now().isoformat(timespec="seconds"),
                version=binaries.KUBERNETES_VERSION,
                binaries=programs.directory,
                ports=ports.choose(str(layout.home), _reserved_ports(), ports.is_free),
                owner=processes.identity(os.getpid()) if owned else "",
            )
            files.write(layout.description, lab.encode(draft))
        except BaseException:
            lock.release(force=True)
            shutil.rmtree(layout.home)
            raise
    return draft, lock


def _reserved_ports() -> set[int]:
    known = (lab.read(Layout(home)) for home in paths.labs_root().iterdir() if home.is_dir())
    return {port for one in known if one is not None for port in one.ports.values()}


def _remove(layout: Layout) -> None:
    """End the lab's processes at once, since its data dies with it, and delete its files."""
    known = lab.read(layout)
    processes.kill(lambda command: lab.component(layout, command) is not None)
    if known is not None and known.kubeconfig != layout.kubeconfig:
        with suppress(OSError):
            if known.kubeconfig.read_bytes() == layout.kubeconfig.read_bytes():
                known.kubeconfig.unlink()
    shutil.rmtree(layout.home)


def _status(layout: Layout, commands: dict[int, str]) -> LabStatus:
    named = ((lab.component(layout, command), pid) for pid, command in sorted(commands.items()))
    pids = {part: pid for part, pid in named if part is not None}
    known = lab.read(layout)
    abandoned = known is not None and bool(known.owner) and not processes.lives(known.owner)
    state = lab.state_of(known, pids, locked=_is_locked(layout), abandoned=abandoned)
    return LabStatus(layout.name, state, layout.home, pids, known)


def _is_locked(layout: Layout) -> bool:
    probe = FileLock(layout.lock)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    probe.release()
    return False


def _layout(name: str) -> Layout:
    return Layout(paths.labs_root() / config.check_name(name))


@contextmanager
def _registry() -> Iterator[None]:
    """Held for moments only: while a name and its ports are claimed, or a lab's lock changes hands."""
    root = files.private_directory(paths.labs_root())
    with FileLock(root / ".lock"):
        yield
