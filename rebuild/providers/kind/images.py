"""The images that every node brings along: the control plane's, the sandbox, DNS, storage, and a shell for scripts.

Each is a static program or a few in one layer. Only kube-proxy wants more: iptables, nft and their libraries, taken
from the Debian tree of the node. Names and tags are those that this kubeadm asks for; our own two are named by the
manifests in `kind-config/node`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from rebuild.providers.kind import programs
from rebuild.providers.kind.archive import Directory, Entry, File, Image, Layer, Link
from rebuild.providers.kind.debian import DebianFailed
from rebuild.providers.kwok import binaries
from rebuild.system import shell

_KUBERNETES = "registry.k8s.io"
_OURS = "localhost/rebuild"
_ETCD = "3.7.0-0"
"""What kubeadm calls the etcd that it wants; ours is a later patch release of it."""
_PAUSE = "3.10.2"

_TEMPORARY = Directory("tmp", 0o1777)
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def system(built: Mapping[str, Path], tree: Path) -> Iterator[Image]:
    """The images.

    Args:
        built: Where each program is, by name.
        tree: The Debian tree. Programs in it are run to list what they need, which takes root.

    Raises:
        DebianFailed: when the tree does not answer.
    """
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        yield _programs(f"{_KUBERNETES}/{name}:{binaries.KUBERNETES_VERSION}", built, name)
    yield Image(
        (f"{_KUBERNETES}/kube-proxy:{binaries.KUBERNETES_VERSION}",),
        (_packet_filters(tree), Layer((File("usr/local/bin/kube-proxy", built["kube-proxy"]),))),
    )
    yield _programs(f"{_KUBERNETES}/etcd:{_ETCD}", built, "etcd", "etcdctl", "etcdutl")
    yield Image((f"{_KUBERNETES}/pause:{_PAUSE}",), (Layer((File("pause", built["pause"]),)),), ("/pause",))
    coredns = programs.locked_version("coredns", "github.com/coredns/coredns")
    certificates = File(_CERTIFICATES, tree / _CERTIFICATES, 0o644)
    yield Image(
        (f"{_KUBERNETES}/coredns/coredns:{coredns}",),
        (Layer((File("coredns", built["coredns"]), certificates, _TEMPORARY)),),
        ("/coredns",),
    )
    yield _programs(f"{_OURS}/local-path-provisioner:node", built, "local-path-provisioner")
    yield Image((f"{_OURS}/busybox:node",), (_busybox(tree),), ("/bin/sh",))


def _programs(tag: str, built: Mapping[str, Path], first: str, *others: str) -> Image:
    """An image of static programs that starts the first."""
    files = (File(f"usr/local/bin/{name}", built[name]) for name in (first, *others))
    return Image((tag,), (Layer((*files, _TEMPORARY)),), (first,))


def _busybox(tree: Path) -> Layer:
    applets = _lines([str(tree / "bin/busybox"), "--list"])
    links = (Link(f"bin/{name}", "busybox") for name in applets if name != "busybox")
    return Layer((File("bin/busybox", tree / "bin/busybox"), *links, _TEMPORARY, Directory("etc")))


def _packet_filters(tree: Path) -> Layer:
    """What kube-proxy calls, with every library, each under the name that the loader asks for."""
    tables = "/usr/sbin/xtables-nft-multi"
    plugins = [f"/{path.relative_to(tree)}" for path in sorted(tree.glob("usr/lib/*/xtables/*.so"))]
    programs_ = [tables, "/usr/sbin/nft", *plugins]
    told = "\n".join(_lines(["chroot", str(tree), "ldd", *programs_]))
    libraries = sorted(set(re.findall(r"(?:=> |^\s*)(/\S+\.so\S*) \(0x", told, re.MULTILINE)))
    wanted = [*programs_, *libraries]
    # Resolved inside the tree: a link such as that to the loader may be absolute.
    real = _lines(["chroot", str(tree), "realpath", *wanted])
    entries: list[Entry] = [
        File(path.lstrip("/"), tree / source.lstrip("/")) for path, source in zip(wanted, real, strict=True)
    ]
    for name in ("iptables", "ip6tables"):
        entries += [Link(f"usr/sbin/{name}{suffix}", "xtables-nft-multi") for suffix in ("", "-save", "-restore")]
    return Layer((*entries, Directory("run"), _TEMPORARY))


def _lines(command: list[str]) -> list[str]:
    done = shell.run(command)
    if done.code != 0:
        raise DebianFailed(
            f"the Debian tree of the node does not work here:\n{done.complaint}",
            hint=f"remove {command[1] if command[0] == 'chroot' else command[0]} and run the command again",
        )
    return done.stdout.decode().splitlines()
