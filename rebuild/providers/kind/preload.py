"""Which images are put into a new cluster before anything is applied to it, and where they come from.

An image comes from an archive as `docker save` writes it, or from the local Docker. That it is there is checked before
a cluster is made for it.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

import orjson
from msgspec import Struct

from rebuild.model.errors import UsageError
from rebuild.model.images import Image
from rebuild.providers.kind import docker

_MANIFEST = "manifest.json"


class PreloadUnknown(UsageError):
    """What is to be preloaded is neither an archive of images nor an image of the local Docker."""

    code = "preload-unknown"


class Load(Struct, frozen=True):
    """One load, as kind's `load` command takes it."""

    command: str
    """`image-archive` or `docker-image`."""
    what: str
    """The file, or the image's name."""


def loads(wanted: Sequence[str], archives: Iterable[Path], images: Set[Image]) -> tuple[Load, ...]:
    """What to load, each once: everything that is asked for, and the archives that hold an image of the blueprint.

    Args:
        wanted: files and names of images, as the user gave them.
        archives: what there is besides.
        images: the images that the blueprint names.

    Raises:
        PreloadUnknown: when something that is wanted is not there.
        DockerMissing, DockerNotRunning, DockerForbidden: when there is nobody to ask.
    """
    chosen = [_load(each) for each in wanted]
    chosen += [_archive(path) for path in archives if not images.isdisjoint(map(Image.parse, tags(path)))]
    return tuple(dict.fromkeys(chosen))


def tags(path: Path) -> tuple[str, ...]:
    """The names of the images in an archive.

    Raises:
        PreloadUnknown: when the file is no such archive.
    """
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile(_MANIFEST)
            rows = orjson.loads(member.read()) if member else []
        return tuple(str(tag) for row in rows for tag in row["RepoTags"] or ())
    except (OSError, tarfile.TarError, KeyError, TypeError, ValueError) as error:
        # The first line says it; tarfile goes on with what each way to unpack the file raised.
        reason = str(error).partition("\n")[0].rstrip(":")
        raise PreloadUnknown(
            f"{path} is no archive of images: {reason}", hint="write one with `docker save --output FILE IMAGE`"
        ) from error


def _load(wanted: str) -> Load:
    path = Path(wanted)
    if _is_file(path):
        tags(path)
        return _archive(path)
    if Image.parse(wanted) and docker.has_image(wanted):
        return Load("docker-image", wanted)
    raise PreloadUnknown(
        f"{wanted!r} is neither an archive of images nor an image that Docker has",
        hint="`docker images` lists what it has; `docker pull` gets more",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # The name is too long for a file, and so it is none.
        return False


def _archive(path: Path) -> Load:
    return Load("image-archive", str(path.absolute()))
