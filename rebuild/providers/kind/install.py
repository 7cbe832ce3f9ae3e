"""Brings what clusters of real nodes are made of: the kind program, a node image, and the lab's own images.

Nothing that the machine has already is replaced: the user's kind and the node image that goes with it come first.
"""

from __future__ import annotations

import re
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from msgspec import Struct

from rebuild.model.images import Image
from rebuild.providers.kind import docker, node, places, programs, zoo
from rebuild.providers.steps import Progress
from rebuild.system import files, shell

_OFFICIAL = re.compile(rb"kindest/node:v[0-9.]+@sha256:[0-9a-f]{64}")


class Kit(Struct, frozen=True):
    """Everything at hand to make clusters."""

    kind: Path
    """The kind program."""
    image: str
    """The node image to use."""
    archives: tuple[Path, ...] = ()
    """Archives of the lab's own images, for `kind load image-archive`."""


def install(progress: Progress = lambda _: None, *, image: str = "", images: Set[Image] | None = None) -> Kit:
    """Make sure that all of it is there, and say where.

    The node image is the one that is asked for; else the official one of the kind program, if Docker has it; else ours,
    if Docker has it; else the official one is pulled; else ours is built, which takes root, and many minutes with
    empty caches. Of two installations at once the second waits.

    Args:
        progress: Is told how far a build is.
        image: A node image to use instead; Docker may have yet to pull it.
        images: What clusters shall run: archives of others are not built for them. All are by default.

    Raises:
        DockerMissing, DockerNotRunning, DockerForbidden: when Docker does not answer.
        NotRoot, ProgramMissing: when the node image has to be built and cannot be.
        GoMissing: when the lab's own images have to be built and there is no Go.
        BuildFailed, DebianFailed, DockerFailed: when building a part fails.
    """
    docker.check()
    home = files.private_directory(places.cache_root())
    with FileLock(home / "lock"):
        kind = found_kind() or _built_kind(progress)
        chosen = image or found_image(kind) or pulled_image(kind) or node.install(progress)
        wanted = images is None or zoo.is_named(images)
        return Kit(kind, chosen, (zoo.install(progress),) if wanted else ())


def found_kind() -> Path | None:
    """The kind program on PATH, else the one that was built; None while there is none. Builds nothing."""
    if on_path := shell.which("kind"):
        return Path(on_path)
    built = programs.path(programs.KIND)
    return built if built.is_file() else None


def found_image(kind: Path) -> str:
    """The node image that Docker has, or nothing. Pulls and builds none."""
    official = official_image(kind)
    if official and docker.has_image(official):
        return official
    return node.tag() if node.is_built() else ""


def pulled_image(kind: Path) -> str:
    """The official node image, if Docker could fetch it; else nothing."""
    official = official_image(kind)
    if official:
        with suppress(docker.DockerFailed):
            docker.pull(official)
            return official
    return ""


def official_image(kind: Path) -> str:
    """The node image that a kind program takes by itself, or nothing where it cannot be told.

    kind has no command that shows it; it is a constant in the program.
    """
    found = _OFFICIAL.search(kind.read_bytes())
    return found.group().decode() if found else ""


def _built_kind(progress: Progress) -> Path:
    return programs.install((programs.KIND,), progress)[programs.KIND.name]
