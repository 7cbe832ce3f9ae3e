"""What several commands need of the labs: their programs, installed with their progress shown, and their flags."""

from __future__ import annotations

from collections.abc import Collection, Set
from pathlib import Path

from rebuild.console.view import View
from rebuild.model.errors import UsageError
from rebuild.model.images import Image
from rebuild.providers import versions
from rebuild.providers.kind import docker, install, provider
from rebuild.providers.kind.provider import Kind, KindOptions
from rebuild.providers.kwok import binaries, build
from rebuild.providers.kwok.binaries import Binaries, Source
from rebuild.providers.kwok.provider import Kwok


def installed(view: View, source: Source = Source.BUILD) -> Binaries:
    """The lab's programs, from the cache or built now; this is not part of any recovery time."""
    return build.install(view.build_step, source=source)


def kit(view: View, *, image: str = "", images: Set[Image] | None = None) -> install.Kit:
    """What clusters of real nodes are made of, found or built now; this is not part of any recovery time either."""
    return install.install(view.build_step, image=image, images=images)


def kwok_provider(view: View, nodes: int, *, kubernetes: str = "") -> Kwok:
    """The provider of simulated nodes, with all that it needs at hand.

    Raises:
        WrongKubernetes: when the lab's minor version is not the one that is needed.
    """
    versions.assert_minor(binaries.KUBERNETES_VERSION, kubernetes, of="the lab of kwok")
    return Kwok(installed(view), nodes=nodes)


def kind_provider(
    view: View,
    options: KindOptions,
    *,
    kubernetes: str = "",
    images: Set[Image] = frozenset(),
    logs: Path | None = None,
) -> Kind:
    """The provider of real nodes, with all that it needs at hand; this is not part of any recovery time."""
    file = options.read()
    own = kit(view, image=options.image or next(iter(file.images), ""), images=images)
    return provider.prepared(own, file, options, kubernetes=kubernetes, images=images, logs=logs)


def assert_usable(providers: Collection[str], kubernetes: str) -> None:
    """Make sure of all providers, before one of them is used, that they answer and have the version that is needed.

    Raises:
        WrongKubernetes: when kwok's is another.
        DockerMissing, DockerNotRunning, DockerForbidden: when kind has no Docker.
    """
    if "kwok" in providers:
        versions.assert_minor(binaries.KUBERNETES_VERSION, kubernetes, of="the lab of kwok")
    if "kind" in providers:
        docker.check()


def given(providers: Collection[str], nodes: int | None, kind: KindOptions) -> None:
    """Make sure that every flag has a provider that heeds it.

    Raises:
        UsageError: when one has none.
    """
    if "kwok" not in providers and nodes is not None:
        raise UsageError("--nodes counts the simulated nodes of kwok", hint="name the nodes of kind in --kind-config")
    if "kind" not in providers and (kind.file or kind.image or kind.preload):
        raise UsageError(
            "--kind-config, --image and --preload are for clusters of real nodes", hint="add `--provider kind`"
        )
