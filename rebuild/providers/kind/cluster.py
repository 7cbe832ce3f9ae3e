"""Creates, describes and removes clusters by driving the `kind` program.

Touches nothing outside a cluster's own directory but the kubeconfig file that the caller named, which must be new, and
in Docker only what bears the cluster's name, which nobody else had when the name was claimed. Nothing of the user's
reaches kind: neither KUBECONFIG, which it would write to, nor its own variables. Each cluster has a Docker network of
its own, so that it can be taken away with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from rebuild.manifests import loader
from rebuild.model.errors import Incomplete, Refused, Unreachable, UsageError
from rebuild.model.objects import dig, dig_maps
from rebuild.providers import claims, kubeconfigs
from rebuild.providers.claims import UnknownLab
from rebuild.providers.kind import containers, lab, stages
from rebuild.providers.kind.kindfile import KindFile
from rebuild.providers.kind.lab import Lab, LabStatus
from rebuild.providers.kind.preload import Load
from rebuild.providers.port import Told, untold
from rebuild.system import clock, files, processes, shell

CREATE_SECONDS = 600.0
_READY_SECONDS = 120
_LOAD_SECONDS = 600.0
_EXPORT_SECONDS = 60.0
_SETTLE_SECONDS = 1.0
"""Docker may finish a container that it was asked for before whoever asked was killed."""


class ForeignCluster(Refused):
    """Docker holds something of the cluster's name that is not ours."""

    code = "kind-foreign"


class KindRefused(UsageError):
    """kind does not accept what it was told, before it makes anything."""

    code = "kind-refused"


class KindFailed(Unreachable):
    """kind could not make the cluster; what there was of it has been removed."""

    code = "kind-failed"


class PreloadFailed(Incomplete):
    """An image could not be loaded into the nodes."""

    code = "preload-failed"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a cluster shall be made of."""

    kind: Path
    """The kind program."""
    file: KindFile
    image: str = ""
    """The node image; nothing for what the kind file or kind itself names."""
    version: str = ""
    """Of Kubernetes in that image."""
    loads: tuple[Load, ...] = ()
    """Images to put into the nodes."""
    logs: Path | None = None
    """Where the logs of a creation that failed are kept; nowhere by default."""
    timeout: float = field(default=CREATE_SECONDS)
    """Seconds that kind may take."""


def up(name: str, wishes: Wishes, *, kubeconfig: Path | None = None, owned: bool = False, told: Told = untold) -> Lab:
    """Create a cluster and return it once its control plane is ready and the images are loaded.

    Args:
        name: A DNS label.
        wishes: What it shall be made of.
        kubeconfig: Where the user wants a copy of its kubeconfig; the file must not exist yet.
        owned: Whether it belongs to this process, and is an orphan once that has ended.
        told: Is told each stage that ends.

    Raises:
        BadName: when the name is not one.
        LabExists: when a lab of that name, or the kubeconfig file, exists.
        ForeignCluster: when Docker holds a cluster or a network that would have the same name.
        PortTaken: when a port of the kind file is in use.
        KindRefused: when kind does not accept the kind file.
        KindFailed, PreloadFailed: when the cluster cannot be made; nothing is left behind then, nor when interrupted.
    """
    claims.check_name(name)
    kubeconfigs.check(kubeconfig)
    wishes.file.assert_ports_free()

    def draft(home: Path) -> Lab:
        made = Lab(
            name=name,
            home=home,
            kubeconfig=kubeconfig.absolute() if kubeconfig else lab.kubeconfig_of(home),
            created=clock.now().isoformat(timespec="seconds"),
            version=wishes.version,
            image=wishes.image,
            owner=processes.identity(os.getpid()) if owned else "",
        )
        _assert_nobodys(made.cluster)
        files.write(home / claims.DESCRIPTION, lab.encode(made))
        return made

    with claims.taken(name, draft) as claimed:
        try:
            return _create(claimed, wishes, told)
        except ForeignCluster:
            shutil.rmtree(claimed.home)
            raise
        except (KindFailed, PreloadFailed) as error:
            kept = _export_and_remove(claimed, wishes)
            if not kept:
                raise
            raise type(error)(f"{error}\nthe logs of its nodes are in {kept}", hint=error.hint) from error
        except BaseException:
            _remove(claimed)
            raise


def down(name: str) -> bool:
    """Remove a cluster, whatever state it is in: its nodes, volumes and network, its directory, its kubeconfig file
    if nobody changed it.

    Returns:
        False when there was none, which is no error.

    Raises:
        BadName: when the name is not one.
        LabBusy: when another process creates or removes it.
        Unreachable: when Docker does not remove it; its directory stays then.
    """
    with claims.held(name) as home:
        if home is None:
            return False
        known = lab.read(home)
        if known is None:
            # Described before anything is made: where there is no description, there is nothing.
            shutil.rmtree(home)
        else:
            _remove(known)
        return True


def list_labs() -> tuple[LabStatus, ...]:
    """Every cluster of this provider that there is a directory of, by name."""
    mine = [home for home in claims.homes() if claims.provider_of(home) == lab.PROVIDER]
    if not mine:
        return ()
    found = _clusters()
    with claims.registry():
        return tuple(_status(home, found) for home in mine if home.is_dir())


def status(name: str) -> LabStatus:
    """One cluster.

    Raises:
        BadName: when the name is not one.
        UnknownLab: when there is none.
    """
    home = claims.directory(name)
    if not home.is_dir():
        raise UnknownLab(f"there is no lab {name!r}", hint="`rebuild lab list` names those that exist")
    found = _clusters()
    with claims.registry():
        return _status(home, found)


def load(known: Lab, kind: Path, what: Load) -> None:
    """Put an image, or all those of an archive, into every node.

    Raises:
        PreloadFailed: with the end of what kind and Docker said.
    """
    try:
        command = [str(kind), "load", what.command, what.what, "--name", known.cluster]
        done = shell.follow(command, lambda _: None, env=_environment(known), cwd=known.home, timeout=_LOAD_SECONDS)
    except shell.ProgramTimeout as error:
        raise PreloadFailed(f"{what.what} could not be loaded: {error}", hint=error.hint) from error
    if done.code != 0:
        full = "no space left on device" in done.complaint
        raise PreloadFailed(
            f"{what.what} could not be loaded into the nodes:\n{done.complaint}",
            hint="make room where Docker and TMPDIR keep their files: `docker system df`, `df`"
            if full
            else "is the image made for this machine, and is it whole? `docker load --input FILE` tells",
        )


def _create(claimed: Lab, wishes: Wishes, told: Told) -> Lab:
    _make(claimed, wishes, told)
    claimed.own_kubeconfig.chmod(files.PRIVATE_FILE)
    began = clock.monotonic()
    for each in wishes.loads:
        load(claimed, wishes.kind, each)
    if wishes.loads:
        told("preload", clock.monotonic() - began)
    kubeconfigs.copy(claimed.own_kubeconfig, claimed.kubeconfig)
    finished = replace(claimed, server=_server(claimed.own_kubeconfig), complete=True)
    files.write(claimed.home / claims.DESCRIPTION, lab.encode(finished))
    return finished


def _make(claimed: Lab, wishes: Wishes, told: Told) -> None:
    progress = stages.Progress(told)
    command = [
        *(str(wishes.kind), "create", "cluster", "--name", claimed.cluster),
        *("--config", str(wishes.file.path.absolute()), "--kubeconfig", str(claimed.own_kubeconfig)),
        *("--wait", f"{_READY_SECONDS}s", "--retain"),
        *(("--image", wishes.image) if wishes.image else ()),
    ]
    try:
        done = shell.follow(
            command,
            lambda line: progress.line(line, clock.monotonic()),
            env=_environment(claimed),
            cwd=claimed.home,
            timeout=wishes.timeout,
        )
    except shell.ProgramTimeout as error:
        raise KindFailed(f"kind could not make the cluster: {error}", hint=error.hint) from error
    reason = "\n".join(progress.complaint[: shell.TAIL]) or done.complaint
    if done.code != 0 and "already exist for a cluster with the name" in reason:
        raise _foreign(claimed.cluster)
    if done.code != 0 and not progress.began:
        raise KindRefused(f"kind refuses {wishes.file.path}:\n{reason}", hint="mend the kind file")
    if done.code != 0:
        raise KindFailed(f"kind could not make the cluster:\n{reason}", hint="`rebuild doctor` checks what it needs")
    if progress.never_ready:
        raise KindFailed(
            f"the nodes did not become ready within {_READY_SECONDS} s", hint="try again with an idle machine"
        )


def _export_and_remove(claimed: Lab, wishes: Wishes) -> str:
    """Keep what the nodes logged and take them away; where the logs are, or nothing."""
    try:
        if wishes.logs is None or not containers.clusters().get(claimed.cluster):
            return ""
        command = [str(wishes.kind), "export", "logs", str(wishes.logs.absolute()), "--name", claimed.cluster]
        files.private_directory(wishes.logs)
        with suppress(shell.ProgramTimeout):
            shell.run(command, env=_environment(claimed), cwd=claimed.home, timeout=_EXPORT_SECONDS, own_session=True)
        return str(wishes.logs)
    finally:
        _remove(claimed)


def _remove(known: Lab) -> None:
    """End whoever still makes the cluster, take away what there is of it in Docker, and delete its files."""
    processes.kill(lambda command: lab.creates(known, command))
    containers.remove(known.cluster)
    if not known.complete:
        clock.sleep(_SETTLE_SECONDS)
        while containers.remove(known.cluster):
            clock.sleep(_SETTLE_SECONDS)
    kubeconfigs.withdraw(known.own_kubeconfig, known.kubeconfig)
    shutil.rmtree(known.home)


def _assert_nobodys(cluster: str) -> None:
    if containers.clusters().get(cluster) or containers.networks(cluster):
        raise _foreign(cluster)


def _foreign(cluster: str) -> ForeignCluster:
    return ForeignCluster(
        f"Docker holds a kind cluster or a network {cluster} that this state directory knows nothing of",
        hint=f"nothing of it was touched; if it may go: `kind delete cluster --name {cluster}` and "
        f"`docker network rm {cluster}`",
    )


def _environment(known: Lab) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("KIND_", "KUBECONFIG"))}
    return outside | {"KIND_EXPERIMENTAL_PROVIDER": "docker", "KIND_EXPERIMENTAL_DOCKER_NETWORK": known.cluster}


def _server(kubeconfig: Path) -> str:
    """The API server's URL, as kind wrote it down."""
    document = next(loader.documents(kubeconfig.read_bytes())).value
    return next(str(dig(entry, "cluster", "server")) for entry in dig_maps(document, "clusters"))


def _clusters() -> Mapping[str, Mapping[str, str]] | None:
    """What Docker holds, or None where it does not answer."""
    try:
        return containers.clusters()
    except (Unreachable, shell.ProgramMissing):
        return None


def _status(home: Path, clusters: Mapping[str, Mapping[str, str]] | None) -> LabStatus:
    known = lab.read(home)
    abandoned = known is not None and bool(known.owner) and not processes.lives(known.owner)
    found = None if clusters is None else clusters.get(lab.cluster_name(home), {})
    state = lab.state_of(known, found, busy=claims.is_busy(home), abandoned=abandoned)
    return LabStatus(home.name, state, home, found or {}, known)
