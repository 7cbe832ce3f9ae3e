"""The nodes of kind clusters as Docker has them: which there are, what is in their image, and the end of ours.

Clusters are removed here and not by kind, which would do the same: its program may have gone with a cleared cache.
"""

from __future__ import annotations

from contextlib import suppress

from rebuild.model.errors import Unreachable, UsageError
from rebuild.model.images import Image
from rebuild.providers.kind import docker, freezer
from rebuild.providers.kind.lab import LABEL
from rebuild.system import clock

_TRIES, _PAUSE = 5, 1.0
"""Docker may still be at a container whose creation was cut short, and then removes neither it nor its network; or a
process of it is frozen."""


class NodeImageInvalid(UsageError):
    """What shall be the node image is no name of an image."""

    code = "node-image-invalid"


class NodeImageMissing(Unreachable):
    """Docker has no such node image and cannot get it."""

    code = "node-image-missing"


def clusters() -> dict[str, dict[str, str]]:
    """The containers of every kind cluster, ours or not, with what Docker calls their state, by cluster.

    Raises:
        Unreachable: when Docker does not say.
    """
    form = f'{{{{.Label "{LABEL}"}}}}\t{{{{.Names}}}}\t{{{{.State}}}}'
    found: dict[str, dict[str, str]] = {}
    for row in docker.run("ps", "--all", "--filter", f"label={LABEL}", "--format", form).splitlines():
        cluster, container, state = row.split("\t")
        found.setdefault(cluster, {})[container] = state
    return found


def networks(cluster: str) -> list[str]:
    """The ids of the networks of exactly this name.

    Raises:
        Unreachable: when Docker does not say.
    """
    rows = docker.run("network", "ls", "--no-trunc", "--filter", f"name={cluster}", "--format", "{{.ID}}\t{{.Name}}")
    return [key for key, name in (row.split("\t") for row in rows.splitlines()) if name == cluster]


def remove(cluster: str) -> bool:
    """Take away the nodes of a cluster with their volumes, and the network of its name.

    Returns:
        Whether there was anything.

    Raises:
        Unreachable: when Docker does not do it.
    """
    for _ in range(_TRIES - 1):
        with suppress(docker.DockerFailed):
            return _remove(cluster)
        freezer.thaw(_ids(cluster))
        clock.sleep(_PAUSE)
    return _remove(cluster)


def _remove(cluster: str) -> bool:
    nodes = tuple(clusters().get(cluster, ()))
    if nodes:
        docker.run("rm", "--force", "--volumes", *nodes)
    found = networks(cluster)
    if found:
        docker.run("network", "rm", *found)
    return bool(nodes or found)


def _ids(cluster: str) -> list[str]:
    form = ("--no-trunc", "--format", "{{.ID}}")
    return docker.run("ps", "--all", "--filter", f"label={LABEL}={cluster}", *form).split()


def ensure_node_image(image: str) -> str:
    """Make sure that Docker holds a node image, pulling it if it has to.

    Returns:
        The version of Kubernetes in it, such as `v1.37.2`.

    Raises:
        NodeImageInvalid: when no image could have this name.
        NodeImageMissing: when it cannot be had, or is no node image.
    """
    if Image.parse(image) is None:
        raise NodeImageInvalid(f"{image!r} is no name of a node image", hint="write it as registry/repository:tag")
    hint = "`docker images` lists what is there; without --image, rebuild chooses or builds one"
    if not docker.has_image(image):
        try:
            docker.pull(image)
        except docker.DockerFailed as error:
            raise NodeImageMissing(f"the node image {image} is not in Docker, and {error}", hint=hint) from error
    try:
        return docker.run("run", "--rm", "--network", "none", "--entrypoint", "cat", image, "/kind/version")
    except docker.DockerFailed as error:
        raise NodeImageMissing(f"{image} is no node image of kind: {error}", hint=hint) from error
