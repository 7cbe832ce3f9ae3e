"""Which programs make a lab, from which locked Go modules, and where the finished ones are kept.

Builds nothing. The cache is addressed by its inputs (module files, flags, platform), so a finished binary can
never be stale, and two releases of rebuild share nothing by accident.

Sizes on linux/amd64: the seven binaries take 510 MB. Building them fills Go's ordinary caches, which are the
user's and are never emptied here, with 1.2 GB of modules and 4.9 GB of build results (`go clean -cache` gives
the latter back).
"""

from __future__ import annotations

import hashlib
import platform
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import orjson
from msgspec import Struct

from rebuild.providers.kwok import paths

KUBERNETES_VERSION = "v1.37.2"
"""Kubernetes itself carries no version: unless stamped, its programs say `v0.0.0-master+$Format`."""

_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
_STAMPS = (
    f"-X {_VERSION}.gitVersion={KUBERNETES_VERSION}"
    f" -X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR}"
    f" -X {_VERSION}.gitTreeState=clean -X {_VERSION}.buildDate=1970-01-01T00:00:00Z"
)
STRIP = "-s -w"

BUILD_ENV = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-buildvcs=false -mod=readonly",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}
"""What every build has in its environment: static binaries, exactly the locked modules, exactly this Go."""


class Source(StrEnum):
    """Where the control plane's programs come from."""

    BUILD = "build"
    """All of them built from Go modules, checked against go.sum."""
    DOWNLOAD = "download"
    """kwok and kwokctl built; kwokctl fetches the official others as it creates a cluster."""


class Binary(Struct, frozen=True):
    """One program: its name here, its Go package, the module family it belongs to, and how it is linked."""

    name: str
    package: str
    family: str
    ldflags: str = STRIP

    @property
    def built_name(self) -> str:
        """What `go install` calls it: the last element of the package path that is not a major version."""
        *_, parent, last = self.package.split("/")
        return parent if last[0] == "v" and last[1:].isdecimal() else last


def kubernetes(name: str) -> Binary:
    """One of Kubernetes' own programs, stamped with its version."""
    return Binary(name, f"k8s.io/kubernetes/cmd/{name}", "kubernetes", f"{STRIP} {_STAMPS}")


ALL = (
    Binary("etcd", "go.etcd.io/etcd/server/v3", "etcd"),
    Binary("kwokctl", "sigs.k8s.io/kwok/cmd/kwokctl", "kwok"),
    Binary("kwok", "sigs.k8s.io/kwok/cmd/kwok", "kwok"),
    kubernetes("kube-apiserver"),
    kubernetes("kubectl"),
    kubernetes("kube-controller-manager"),
    kubernetes("kube-scheduler"),
)
"""Quick ones first, so that a build that cannot work fails early."""


def wanted(source: Source) -> tuple[Binary, ...]:
    """What has to be built for this source."""
    return ALL if source is Source.BUILD else tuple(b for b in ALL if b.family == "kwok")


class Binaries(Struct, frozen=True):
    """An installed set of programs."""

    directory: Path
    source: Source

    def path(self, name: str) -> Path:
        """Where one of them is."""
        return self.directory / name


def cached(source: Source = Source.BUILD) -> Binaries | None:
    """The installed programs, or None while one is missing. Runs nothing."""
    directory = home() / "bin"
    if all((directory / binary.name).is_file() for binary in wanted(source)):
        return Binaries(directory, source)
    return None


def home() -> Path:
    """The cache directory that belongs to exactly these inputs on this platform."""
    return paths.cache_root() / inputs_digest()


def module_files(family: str) -> dict[str, bytes]:
    """The go.mod and go.sum that lock a family, as shipped."""
    folder: Traversable = resources.files("rebuild.providers.kwok") / "modules" / family
    return {name: folder.joinpath(name).read_bytes() for name in ("go.mod", "go.sum")}


@cache
def inputs_digest() -> str:
    """Names the inputs of a build: module files, flags, packages and platform."""
    digest = hashlib.sha256()
    for family in sorted({binary.family for binary in ALL}):
        for name, data in module_files(family).items():
            digest.update(f"{family}/{name} {len(data)}\n".encode() + data)
    flags = [[b.name, b.package, b.ldflags] for b in ALL]
    digest.update(orjson.dumps([flags, BUILD_ENV, platform.system(), platform.machine()], option=orjson.OPT_SORT_KEYS))
    return digest.hexdigest()[:16]
