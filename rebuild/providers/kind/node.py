"""Builds the node image: Debian, programs and the files of `kind-config/node`, addressed by the digest of them all.

The image carries the digest in its tag and as a label, so that an edit of any input is seen and a stale image is
never used. Docker is the only place that keeps the image.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from rebuild.providers.kind import archive, debian, docker, images, places, programs
from rebuild.providers.kwok import binaries, build
from rebuild.providers.steps import Progress, Step

NAME = "rebuild/kind-node"
LABEL = "rebuild.kind-node.inputs"

_ON_THE_NODE = ("kubelet", "kubeadm", "kubectl", "containerd", "ctr", "containerd-shim-runc-v2")
_MAKERS = ("archive.py", "images.py", "node.py")
"""Modules of this package that decide what is in the image, whatever else they read."""


def digest() -> str:
    """Names the inputs of the image: Debian, programs, node files, and the code that puts them together."""
    hashed = hashlib.sha256(f"{debian.digest()} {binaries.inputs_digest()}\n".encode())
    for binary in programs.every():
        hashed.update(f"{binary.name} {programs.digest(binary)}\n".encode())
    node = places.config_root() / "node"
    package = Path(__file__).parent
    for path in sorted([*_node_files(node), *(package / name for name in _MAKERS)]):
        name = path.relative_to(node if path.is_relative_to(node) else package)
        data = path.read_bytes()
        hashed.update(f"{name} {path.stat().st_mode & 0o100:o} {len(data)}\n".encode() + data)
    return hashed.hexdigest()[:12]


def tag() -> str:
    """What the image of these inputs is called."""
    return f"{NAME}:{binaries.KUBERNETES_VERSION}-{digest()}"


def is_built() -> bool:
    """Whether Docker holds the image of exactly these inputs."""
    return docker.label(tag(), LABEL) == digest()


def install(progress: Progress) -> str:
    """Make sure that Docker holds the image, and return its name. The caller holds the lock of the cache.

    Raises:
        NotRoot, ProgramMissing: before anything is built, when the Debian tree cannot be unpacked here.
        BuildFailed, DebianFailed, DockerFailed: when a part cannot be built, with the end of what was said.
    """
    if is_built():
        return tag()
    debian.check()
    wanted = programs.every()
    total = len(wanted) + 3
    tree = debian.install(Step(f"Debian {debian.SUITE}", 1, total), progress)
    lab = build.install(progress)
    own = programs.install(wanted, lambda step: progress(replace(step, number=step.number + 1, total=total)))
    built = {binary.name: lab.path(binary.name) for binary in binaries.ALL} | own
    context = places.cache_root() / "context"
    try:
        progress(Step("the images of the node", total - 1, total))
        _fill(context, built, tree)
        step = Step("the node image", total, total)
        progress(step)
        docker.build_image(context, tag(), {LABEL: digest()}, lambda line: progress(replace(step, activity=line)))
    finally:
        shutil.rmtree(context, ignore_errors=True)
    return tag()


def _fill(context: Path, built: Mapping[str, Path], tree: Path) -> None:
    """Put everything that the Dockerfile names into its directory; what an installation that was killed left goes."""
    node = places.config_root() / "node"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    shutil.copy(node / "Dockerfile", context)
    shutil.copytree(node / "rootfs", context / "rootfs")
    for path in (context / "rootfs").rglob("*"):
        # A checkout and a wheel keep the bit that makes a file a program, and no other.
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (context / "rootfs" / "kind" / "version").write_text(binaries.KUBERNETES_VERSION)
    for name in ("bin", "images"):
        (context / name).mkdir()
    for name in _ON_THE_NODE:
        os.link(built[name], context / "bin" / name)
    archive.write(context / "images" / "system.tar", images.system(built, tree))
    debian.archive(tree, context / "debian.tar")


def _node_files(node: Path) -> list[Path]:
    """The files that are in the image as they are; those of modules count with the programs."""
    return [node / "Dockerfile", *(path for path in (node / "rootfs").rglob("*") if path.is_file())]
