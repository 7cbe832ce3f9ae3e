"""kind as a provider: the small port that use cases know, over the functions of this package."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

from msgspec import Struct

from rebuild.model.images import Image
from rebuild.providers import descriptions
from rebuild.providers import versions as needs
from rebuild.providers.kind import cluster, containers, docker, kindfile, lab, places, preload
from rebuild.providers.kind.baseline import BASELINE
from rebuild.providers.kind.install import Kit
from rebuild.providers.kind.kindfile import KindFile
from rebuild.providers.kind.program import Wishes
from rebuild.providers.port import Baseline, Target, Told, untold


class KindOptions(Struct, frozen=True):
    """What the user wants of kind clusters."""

    file: Path | None = None
    """The kind file; one node by default."""
    image: str = ""
    """The node image; what `install` chose, or the kind file names, by default."""
    preload: tuple[str, ...] = ()
    """Archives, and images of the local Docker."""

    def read(self) -> KindFile:
        """The kind file.

        Raises:
            KindFileInvalid, ApiExposed: when it cannot be used.
        """
        return kindfile.read(self.file or places.config_root() / "single.yaml")


class Kind(Struct, frozen=True):
    """Targets with real nodes as containers."""

    wishes: Wishes

    @property
    def name(self) -> str:
        """`kind`."""
        return lab.PROVIDER

    @property
    def baseline(self) -> Baseline:
        """What a new cluster holds."""
        return BASELINE

    def create(self, name: str, *, kubeconfig: Path | None = None, owned: bool = False, told: Told = untold) -> Target:
        """As `cluster.up`."""
        return cluster.up(name, self.wishes, kubeconfig=kubeconfig, owned=owned, told=told).target

    def describe(self, name: str) -> Target:
        """As `cluster.status`; raises UnknownLab for one that never became complete as well."""
        return descriptions.completed(name, cluster.status(name).lab).target

    def delete(self, name: str) -> bool:
        """As `cluster.down`."""
        return cluster.down(name)

    def list(self) -> Sequence[Target]:
        """The complete clusters, running or not."""
        return [one.lab.target for one in cluster.list_labs() if one.lab is not None and one.lab.complete]


def prepared(
    kit: Kit,
    file: KindFile,
    options: KindOptions,
    *,
    kubernetes: str = "",
    images: Set[Image] = frozenset(),
    logs: Path | None = None,
) -> Kind:
    """The provider, once everything that it needs has been looked at; nothing has been made then.

    Args:
        kit: What `install` gave.
        file: What the options name.
        options: What the user wants.
        kubernetes: The minor version that is needed, such as `1.37`; any by default.
        images: The images that the blueprint names: the kit's archives that hold one are loaded as well.
        logs: Where the logs of a creation that failed are kept.

    Raises:
        NodeImageInvalid, NodeImageMissing: when a node image cannot be had.
        WrongKubernetes: when it runs another minor version than is needed.
        PreloadUnknown: when something that is to be preloaded is not there.
        DockerMissing, DockerNotRunning, DockerForbidden: when Docker does not answer.
    """
    docker.check()
    image = options.image or ("" if file.images else kit.image)
    versions = {each: containers.ensure_node_image(each) for each in ((image,) if image else file.images)}
    for each, version in versions.items():
        needs.assert_minor(version, kubernetes, of=f"the node image {each}")
    loads = preload.loads(options.preload, kit.archives, images)
    return Kind(Wishes(kit.kind, file, image, next(iter(versions.values()), ""), loads, logs))
