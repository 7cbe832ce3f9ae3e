"""The Debian tree that a node stands on: unpacked by debootstrap from wherever this machine's apt gets its packages.

Only root can unpack one, since its files have owners. A tree is never brought up to date; another suite or list of
packages makes another one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from pathlib import Path

import orjson
from msgspec.structs import replace

from rebuild.model.errors import Unreachable
from rebuild.providers.kind import places
from rebuild.providers.steps import Progress, Step
from rebuild.system import files, shell

SUITE = "bookworm"
"""Its systemd still boots where cgroups are of version 1."""
PACKAGES = (
    ("systemd", "systemd-sysv", "dbus"),
    ("runc", "containernetworking-plugins", "iptables", "nftables", "conntrack", "iproute2", "ethtool", "socat"),
    ("kmod", "procps", "ca-certificates", "busybox-static"),
)
"""What starts a node, what its Pods and their network need, and what its own scripts and images use."""

_UNUSED = ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


class NotRoot(Unreachable):
    """Building the node image takes root."""

    code = "node-image-needs-root"


class DebianFailed(Unreachable):
    """The Debian tree of a node could not be unpacked."""

    code = "node-debian-failed"


def digest() -> str:
    """Names the inputs of the tree."""
    return hashlib.sha256(orjson.dumps([SUITE, PACKAGES, _UNUSED, platform.machine()])).hexdigest()[:16]


def path() -> Path:
    """Where the tree is, once it is whole."""
    return places.cache_root() / f"debian-{digest()}"


def check() -> None:
    """Find out whether a tree can be unpacked here, before minutes are spent on other parts.

    Raises:
        NotRoot: when we are not root.
        ProgramMissing: when there is no debootstrap.
    """
    if path().is_dir():
        return
    if os.geteuid() != 0:
        raise NotRoot(
            "the node image is built from Debian packages, and only root can unpack those",
            hint="run `rebuild lab install --kind` once as root, or name an image that Docker has with `--image`",
        )
    if shell.which("debootstrap") is None:
        raise shell.ProgramMissing(
            "the node image is built with debootstrap, and there is none on PATH",
            hint="install it (as root: `apt-get install debootstrap`), then run the command again",
        )


def install(step: Step, progress: Progress) -> Path:
    """Make sure that the tree is there, and say where. The caller holds the lock of the cache.

    Raises:
        DebianFailed: with the end of what debootstrap said.
    """
    if path().is_dir():
        return path()
    draft = files.private_directory(places.cache_root()) / "debian.draft"
    shutil.rmtree(draft, ignore_errors=True)
    progress(step)
    include = ",".join(name for group in PACKAGES for name in group)
    # In a mount namespace of its own, so that nothing stays mounted in the tree when it is interrupted.
    done = shell.follow(
        [
            "unshare",
            "--mount",
            "debootstrap",
            "--variant=minbase",
            f"--include={include}",
            SUITE,
            str(draft),
            *mirror(),
        ],
        lambda line: progress(replace(step, activity=line.removeprefix("I: "))),
    )
    if done.code != 0:
        raise DebianFailed(
            f"debootstrap could not unpack Debian {SUITE}:\n{done.complaint}",
            hint="make sure that apt works on this machine (`apt-get update`) and that the disk has room for 400 MB",
        )
    for unused in _UNUSED:
        shutil.rmtree(draft / unused)
        (draft / unused).mkdir()
    # Everybody may enter the root directory of a node.
    draft.chmod(0o755)
    draft.replace(path())
    return path()


def mirror() -> list[str]:
    """The archive that this machine's own apt uses, or nothing, which leaves the choice to debootstrap."""
    if shell.which("apt-get") is None or platform.freedesktop_os_release().get("ID") != "debian":
        return []
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", SUITE)
    wanted = ["Created-By: Packages", f"Release: {release}", "Component: main"]
    listed = shell.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted], timeout=30)
    return listed.stdout.decode().split()[:1]


def archive(tree: Path, target: Path) -> None:
    """Write the tree as a tar that keeps its owners; Docker brings the devices of a container itself.

    Raises:
        DebianFailed: when tar fails, as on a full disk.
    """
    options = ["--numeric-owner", "--sort=name", "--one-file-system", "--exclude=./dev/*"]
    done = shell.run(["tar", "--create", f"--file={target}", f"--directory={tree}", *options, "."])
    if done.code != 0:
        raise DebianFailed(f"the Debian tree could not be packed:\n{done.complaint}", hint="make room for 300 MB there")
