"""The verb `doctor`: what this machine has of what rebuild needs. Reads, and changes nothing but a probe file."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from rebuild.model.errors import RebuildError
from rebuild.providers.kind import docker, install
from rebuild.providers.kwok import binaries
from rebuild.system import places, shell

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
_INSTANCES = 512
"""What kind's documentation recommends (Known Issues: "Pod errors due to too many open files")."""


class Check(Struct, frozen=True):
    """One thing that was looked at; `required` is what no drill can do without."""

    name: str
    ok: bool
    found: str
    next_step: str = ""
    required: bool = True


def checks() -> Iterator[Check]:
    """All checks, the cheapest first."""
    version = platform.python_version()
    yield Check("python", sys.version_info >= (3, 11), version)
    yield _program("git", "--version", "install git: it reads the repositories")
    yield _program("go", "version", "nothing: building the lab brings a Go of its own", required=False)
    yield _writable("state", places.state_root())
    yield _writable("cache", places.cache_root())
    found = binaries.cached()
    lab = f"Kubernetes {binaries.KUBERNETES_VERSION}, {found.directory}" if found else "not built yet"
    step = "" if found else "run `rebuild lab install` (minutes, once); the first drill does it too"
    yield Check("lab", found is not None, lab, step, required=False)
    yield from _real_nodes()


def _real_nodes() -> Iterator[Check]:
    """What clusters of real nodes take; a drill without them needs none of it."""
    step = "run `rebuild lab install --kind` (minutes, once); the first drill on kind does it too"
    try:
        version = docker.check()
    except RebuildError as error:
        yield Check("docker", False, " ".join(str(error).split()), error.hint, required=False)
        version = ""
    else:
        yield Check("docker", True, f"Docker {version}", required=False)
    kind = install.found_kind()
    yield Check("kind", kind is not None, str(kind or "not there yet"), "" if kind else step, required=False)
    if not version:
        return
    image = install.found_image(kind) if kind else ""
    yield Check("node image", bool(image), image or "not there yet", "" if image else step, required=False)
    if INOTIFY.exists():
        yield _inotify(int(INOTIFY.read_text()))


def _inotify(instances: int) -> Check:
    """Each node takes some twenty of them, and all nodes are root's: what several clusters run out of first."""
    step = "" if instances >= _INSTANCES else f"run `sysctl fs.inotify.max_user_instances={_INSTANCES}` as root"
    return Check("inotify", not step, f"{instances} instances for each user", step, required=False)


def _program(name: str, flag: str, missing: str, *, required: bool = True) -> Check:
    try:
        result = shell.run([name, flag], timeout=10)
    except RebuildError as error:
        return Check(name, False, str(error), missing, required)
    first = result.stdout.decode(errors="replace").strip().partition("\n")[0]
    ok = result.code == 0
    return Check(name, ok, first or result.complaint, "" if ok else missing, required)


def _writable(name: str, directory: os.PathLike[str]) -> Check:
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103 - one call with a mode
        with tempfile.TemporaryFile(dir=directory):
            return Check(name, True, str(directory))
    except OSError as error:
        variable = places.STATE_VARIABLE if name == "state" else places.CACHE_VARIABLE
        found = f"{directory}: {error.strerror}"
        return Check(name, False, found, f"set {variable} to a directory that can be written")
