"""Creates, describes and removes clusters of our own; `program` drives kind for it.

Touches nothing outside a cluster's own directory but the kubeconfig file that the caller named, which must be new, and
in Docker only what bears the cluster's name, which nobody else had when the name was claimed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from rebuild.manifests import loader
from rebuild.model.errors import Unreachable
from rebuild.model.objects import dig, dig_maps
from rebuild.providers import claims, descriptions, kubeconfigs
from rebuild.providers.kind import containers, lab, program
from rebuild.providers.kind.lab import Lab, LabStatus
from rebuild.providers.kind.program import ForeignCluster, KindFailed, PreloadFailed, Wishes
from rebuild.providers.port import Told, untold
from rebuild.system import clock, files, processes

_SETTLE_SECONDS = 1.0
"""Docker may finish a container that it was asked for before whoever asked was killed."""


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

    with claims.taken(name, draft, undo=_discard) as claimed:
        try:
            return _create(claimed, wishes, told)
        except ForeignCluster:
            shutil.rmtree(claimed.home)
            raise
        except (KindFailed, PreloadFailed) as error:
            kept = _export(claimed, wishes)
            if not kept:
                raise
            raise type(error)(f"{error}\nthe logs of its nodes are in {kept}", hint=error.hint) from error


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
        _discard(home)
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
    home = claims.existing(name)
    found = _clusters()
    with claims.registry():
        return _status(home, found)


def _create(claimed: Lab, wishes: Wishes, told: Told) -> Lab:
    program.create(claimed, wishes, told)
    claimed.own_kubeconfig.chmod(files.PRIVATE_FILE)
    began = clock.monotonic()
    for each in wishes.loads:
        program.load(claimed, wishes.kind, each)
    if wishes.loads:
        told("preload", clock.monotonic() - began)
    kubeconfigs.copy(claimed.own_kubeconfig, claimed.kubeconfig)
    finished = replace(claimed, server=_server(claimed.own_kubeconfig), complete=True)
    files.write(claimed.home / claims.DESCRIPTION, lab.encode(finished))
    return finished


def _export(claimed: Lab, wishes: Wishes) -> str:
    """Keep what the nodes logged; where that is, or nothing."""
    if wishes.logs is None or not containers.clusters().get(claimed.cluster):
        return ""
    program.export(claimed, wishes.kind, wishes.logs)
    return str(wishes.logs)


def _discard(home: Path) -> None:
    """End whoever still makes the cluster, take away what there is of it in Docker, and delete its files."""
    known = lab.read(home)
    if known is None:
        # Described before anything is made: where there is no description, there is nothing.
        shutil.rmtree(home)
        return
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
        raise program.foreign(cluster)


def _server(kubeconfig: Path) -> str:
    """The API server's URL, as kind wrote it down."""
    document = next(loader.documents(kubeconfig.read_bytes())).value
    return next(str(dig(entry, "cluster", "server")) for entry in dig_maps(document, "clusters"))


def _clusters() -> Mapping[str, Mapping[str, str]] | None:
    """What Docker holds, or None where it does not answer."""
    try:
        return containers.clusters()
    except Unreachable:
        return None


def _status(home: Path, clusters: Mapping[str, Mapping[str, str]] | None) -> LabStatus:
    known = lab.read(home)
    found = None if clusters is None else clusters.get(lab.cluster_name(home), {})
    state = lab.state_of(known, found, busy=claims.is_busy(home), abandoned=descriptions.is_abandoned(known))
    return LabStatus(home.name, state, home, found or {}, known)
