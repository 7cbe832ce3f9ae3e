"""The zoo: small workloads of our own, built from kind-config/zoo and packed as images without a registry.

One static program plays all of them, so the images differ by their entry point and share their only layer. The archive
is addressed by its inputs, like the program, and never stale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Set
from pathlib import Path

import orjson

from rebuild.model.images import Image
from rebuild.providers.kind import archive, places, programs
from rebuild.providers.steps import Progress
from rebuild.system import files

WORKLOADS = ("admission", "crash", "db", "migrate", "operator", "web")
"""Those with an image; each is `rebuild.dev/zoo/<name>:1`."""
REPOSITORY = programs.ZOO.package
USER = "65532"
"""By number, so that a Pod with `runAsNonRoot` can tell."""


def images() -> tuple[str, ...]:
    """The references that manifests use."""
    return tuple(f"{REPOSITORY}/{name}:1" for name in WORKLOADS)


def is_named(wanted: Set[Image]) -> bool:
    """Whether any of these images is one of the zoo's."""
    return not wanted.isdisjoint(map(Image.parse, images()))


def install(progress: Progress) -> Path:
    """Make sure that the archive with all images of the zoo is there, and say where: seconds of work the first time.

    The caller holds the lock of the cache.

    Raises:
        GoMissing: when there is no Go and none can be installed.
        BuildFailed: when Go fails, with the end of what it said.
    """
    path = places.cache_root() / "zoo" / _digest() / "zoo.tar"
    if not path.is_file():
        program = build_program(progress)
        files.private_directory(path.parent)
        pack(path, [image(program, reference, name) for reference, name in zip(images(), WORKLOADS, strict=True)])
    return path


def image(program: Path, reference: str, *arguments: str) -> archive.Image:
    """An image that runs the program with these arguments before those of the Pod."""
    layer = archive.Layer((archive.File(programs.ZOO.name, program), archive.Directory("tmp", 0o1777)))
    return archive.Image((reference,), (layer,), entrypoint=(f"/{programs.ZOO.name}", *arguments), user=USER)


def pack(path: Path, contents: list[archive.Image]) -> None:
    """Write an archive that is whole or not there."""
    draft = path.with_suffix(".draft")
    archive.write(draft, contents)
    files.publish(draft, path)


def build_program(progress: Progress) -> Path:
    """Make sure that the program that plays all workloads is there, and say where.

    Raises:
        GoMissing: when there is no Go and none can be installed.
        BuildFailed: when Go fails, with the end of what it said.
    """
    return programs.install((programs.ZOO,), progress)[programs.ZOO.name]


def _digest() -> str:
    """Names the inputs of the archive."""
    settings = [programs.digest(programs.ZOO), images(), USER, archive.architecture()]
    return hashlib.sha256(orjson.dumps(settings)).hexdigest()[:16]
