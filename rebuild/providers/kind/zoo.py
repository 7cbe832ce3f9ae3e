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


def make(go: Path, into: Path) -> Path:
    """The archive with all images of the zoo, below `into`; seconds of work the first time, none after that.

    Raises:
        BuildFailed: when Go fails, with the end of what it said.
    """
    path = _home(into) / "zoo.tar"
    if not path.is_file():
        program = build_program(go, into)
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


def build_program(go: Path, into: Path) -> Path:
    """The program that plays all workloads, below `into`.

    Raises:
        BuildFailed: when Go fails, with the end of what it said.
    """
    program = files.private_directory(_home(into)) / PROGRAM
    if not program.is_file():
        draft = program.with_suffix(".draft")
        done = shell.run(
            [str(go), "build", *_FLAGS, "-o", str(draft), "."], env=toolchain.environment(go), cwd=_sources()
        )
        if done.code != 0:
            raise build.BuildFailed(
                f"go could not build the zoo ({_sources()}):\n{done.complaint}",
                hint="run the command again once the cause is gone",
            )
        files.publish(draft, program)
    return program


def _sources() -> Path:
    return places.config_root() / "zoo"


def _home(into: Path) -> Path:
    return into / f"zoo-{_digest()}"


def _digest() -> str:
    """Names the inputs: sources, flags, images and platform."""
    digest = hashlib.sha256()
    for path in sorted([*_sources().glob("*.go"), _sources() / "go.mod"]):
        data = path.read_bytes()
        digest.update(f"{path.name} {len(data)}\n".encode() + data)
    settings = [_FLAGS, binaries.BUILD_ENV, images(), USER, archive.architecture()]
    digest.update(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()[:16]
