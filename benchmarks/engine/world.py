"""One control plane for all runs, and what stands around it: the stage that makes Works ready, and the cleaner."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine.manifests import GROUP, work_definition
from benchmarks.engine.programs import Programs
from benchmarks.engine.workloads import Webhook
from rebuild.model.objects import dig_maps
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok.api import Api, ApiError
from rebuild.providers.kwok.lab import Lab

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_START_SECONDS = 30.0
_CLEAN_SECONDS = 180.0


class Broken(RuntimeError):
    """The benchmark's own parts do not do what they should: no figure can be trusted."""


@dataclass(frozen=True, slots=True)
class World:
    """A lab with a stage."""

    lab: Lab
    programs: Programs
    webhook: Webhook

    @property
    def api(self) -> Api:
        """A way to look at the lab that no tool shares."""
        return Api(self.lab.ports["kube-apiserver"], self.lab.layout.pki, "bench-look")

    def native(self, name: str, *arguments: str) -> list[str]:
        """The command line of one of the native programs, with what lets it in."""
        return [str(self.programs.native), name, *_access(self.lab), *arguments]

    def clean(self, course: Path) -> None:
        """Take a course's objects away.

        Raises:
            Broken: when they do not go.
        """
        command = self.native("clean", "-course", str(course), f"-timeout={_CLEAN_SECONDS - 10:g}s")
        done = subprocess.run(command, capture_output=True, text=True, timeout=_CLEAN_SECONDS)
        if done.returncode:
            raise Broken(f"the lab could not be cleaned: {done.stderr.strip()}")

    def cpu(self) -> float:
        """CPU seconds that the control plane has used so far."""
        return sum(map(_seconds, kwok.status(self.lab.name).pids.values()))


@contextmanager
def opened(programs: Programs) -> Iterator[World]:
    """A lab of our own, which is gone afterwards."""
    name = f"bench-{os.getpid()}"
    lab = kwok.up(name, programs.lab, owned=True)
    try:
        with staged(lab, programs) as world:
            yield world
    finally:
        kwok.down(name)


@contextmanager
def staged(lab: Lab, programs: Programs) -> Iterator[World]:
    """A lab with the kind Work, as long as this lasts, and the stage that plays its controller."""
    api = Api(lab.ports["kube-apiserver"], lab.layout.pki, "bench-look")
    _define(api)
    command = [str(programs.native), "stage", *_access(lab)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stage:
        try:
            told = json.loads(line_of(stage, "the stage"))
            yield World(lab, programs, Webhook(told["url"], told["authority"]))
        finally:
            assert stage.stdin is not None
            stage.stdin.close()
            stage.kill()
            api.request("DELETE", f"{_DEFINITIONS}/works.{GROUP}")


def line_of(process: subprocess.Popen[bytes], what: str, seconds: float = _START_SECONDS) -> bytes:
    """The next line that a program of ours writes.

    Raises:
        Broken: when none comes in time.
    """
    assert process.stdout is not None
    if select.select([process.stdout], [], [], seconds)[0] and (line := process.stdout.readline()):
        return line
    raise Broken(f"{what} does not say a word within {seconds:g} s")


def _access(lab: Lab) -> tuple[str, ...]:
    pki = lab.layout.pki
    files: Mapping[str, Path] = {"ca": pki / "ca.crt", "cert": pki / "admin.crt", "key": pki / "admin.key"}
    return ("-server", lab.server, *(word for name, path in files.items() for word in (f"-{name}", str(path))))


def _define(api: Api) -> None:
    """Make the kind Work known, and wait until it is served."""
    try:
        api.request("POST", _DEFINITIONS, work_definition())
    except ApiError as error:
        if error.status != 409:
            raise
    deadline = time.monotonic() + _START_SECONDS
    while not _established(api.request("GET", f"{_DEFINITIONS}/works.{GROUP}")):
        if time.monotonic() > deadline:
            raise Broken("the kind Work does not become established")
        time.sleep(0.05)


def _established(definition: dict[str, Any]) -> bool:
    conditions = dig_maps(definition, "status", "conditions")
    return any(each.get("type") == "Established" and each.get("status") == "True" for each in conditions)


def _seconds(pid: int) -> float:
    """User and system time of a process; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
