"""One run of one tool on a clean lab: started from a small process, watched by the judge, and judged."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engine import audit, course, judging, order, tools, truth
from benchmarks.engine.course import Course
from benchmarks.engine.manifests import ADMITTED, GADGETS
from benchmarks.engine.order import Must
from benchmarks.engine.tools import Prepared, Slots
from benchmarks.engine.world import Broken, World, line_of

RUN_SECONDS = 120.0
"""How long a tool may run."""
SETTLE_SECONDS = 60.0
"""How long after a tool's end its objects may take to become ready."""
_TAIL = 400


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run came to; times are seconds from the start of the tool's process.

    `failed` says why it has no time: then `ready` is 0. A run with nothing to do has no `ready` either.
    """

    tool: str
    workload: str
    objects: int
    failed: str = ""
    ready: float = 0.0
    exit: float = 0.0
    cpu: float = 0.0
    server_cpu: float = 0.0
    memory: int = 0
    requests: int = 0
    written: int = 0
    hops: tuple[float, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    """Where the time of ours went, by its own report; `start and end` is what no phase accounts for."""
    load: float = 0.0


@dataclass(frozen=True, slots=True)
class Launched:
    """What a program cost; its times are seconds of the wall clock."""

    began: float
    ended: float
    code: int
    cpu: float
    memory: int
    said: str


@dataclass(frozen=True, slots=True)
class Bench:
    """A workload that is ready to be run by any tool."""

    world: World
    prepared: Prepared
    course: Course
    musts: tuple[Must, ...]

    @property
    def name(self) -> str:
        """The workload's."""
        return self.prepared.workload.name

    def trials(self, tool: str, slots: Slots, *, again: bool = True) -> Iterator[Trial]:
        """A run on a clean lab, then those with nothing to do if they are wanted, and a clean lab again."""
        with tempfile.TemporaryDirectory(prefix="rebuild-bench-home-") as home:
            try:
                first = self._first(tool, slots, Path(home))
                yield first
                if again and not first.failed and tool != "oracle":
                    for _ in range(self.prepared.workload.reruns):
                        yield self._again(tool, slots, Path(home))
            finally:
                self.world.clean(self.course.folder)

    def _first(self, tool: str, slots: Slots, home: Path) -> Trial:
        world, log = self.world, self.world.lab.audit_log
        begin, cpu = audit.size(log), world.cpu()
        command = world.native("judge", "-course", str(self.course.folder), f"-timeout={RUN_SECONDS + 60:g}s")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as judge:
            try:
                line_of(judge, "the judge")
                ran = self._launch(tool, slots, home, again=False)
                answer = b"" if ran.code else _last_words(judge)
            finally:
                judge.kill()
        spent = world.cpu() - cpu
        stamps = {int(place): at / 1e9 for place, at in json.loads(answer or b'{"ready":{}}')["ready"].items()}
        seen = audit.read(log, begin, tools.AGENTS[tool])
        verdict = judging.judge(self.course, self.musts, seen, stamps)
        problems = list(verdict.problems)
        if ran.code:
            problems.insert(0, f"exit code {ran.code}: {ran.said}")
        elif not answer:
            problems.append(f"not all ready {SETTLE_SECONDS:g} s after its end")
        problems += self._wrong() if not problems else []
        failed = "; ".join(problems)
        return Trial(
            tool,
            self.name,
            len(self.course.places),
            failed=failed,
            ready=0.0 if failed else verdict.end - ran.began,
            exit=ran.ended - ran.began,
            cpu=ran.cpu,
            server_cpu=spent,
            memory=ran.memory,
            requests=seen.requests,
            written=seen.written,
            hops=verdict.hops,
            phases=_phases(home, ran),
            load=os.getloadavg()[0],
        )

    def _again(self, tool: str, slots: Slots, home: Path) -> Trial:
        log = self.world.lab.audit_log
        begin, cpu = audit.size(log), self.world.cpu()
        ran = self._launch(tool, slots, home, again=True)
        spent = self.world.cpu() - cpu
        seen = audit.read(log, begin, tools.AGENTS[tool])
        return Trial(
            tool,
            f"{self.name} again",
            len(self.course.places),
            failed=f"exit code {ran.code}: {ran.said}" if ran.code else "",
            exit=ran.ended - ran.began,
            cpu=ran.cpu,
            server_cpu=spent,
            memory=ran.memory,
            requests=seen.requests,
            written=seen.written,
            phases=_phases(home, ran),
            load=os.getloadavg()[0],
        )

    def _launch(self, tool: str, slots: Slots, home: Path, *, again: bool) -> Launched:
        output = home / "output"
        wanted = tools.command(tool, self.prepared, self.course.folder, self.world, slots, home, again=again)
        launcher = [str(self.world.programs.native), "launch", f"-timeout={RUN_SECONDS:g}s", "-output", str(output)]
        with subprocess.Popen(
            [*launcher, "--", *wanted], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(home)
        ) as process:
            # The launcher ends its program when its own standard input ends, which is when we do.
            line = line_of(process, f"the launcher of {tool}", RUN_SECONDS + 30)
        told = json.loads(line)
        said = output.read_text(errors="replace")[-_TAIL:].strip() if told["code"] else ""
        return Launched(
            told["began"] / 1e9, told["ended"] / 1e9, told["code"], told["cpu"], told["memory"], " ".join(said.split())
        )

    def _wrong(self) -> list[str]:
        """What lives in the lab and is not as declared."""
        problems = []
        for collection, identities in self.course.collections.items():
            items = self.world.api.request("GET", collection)["items"]
            live = {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in items}
            for identity in identities:
                found = truth.differences(self.course.declared[identity].body, live.get(identity[2:], {}))
                problems += [f"{'/'.join(identity)} differs in {path}" for path in found]
            if identities[0][0] == GADGETS:
                problems += [f"{name} was not admitted" for name in truth.unlabelled(items, ADMITTED)]
        return problems[:3]


def _last_words(judge: subprocess.Popen[bytes]) -> bytes:
    """What it saw, once it has seen everything; nothing where that takes too long."""
    try:
        return line_of(judge, "the judge", SETTLE_SECONDS)
    except Broken:
        return b""


def _phases(home: Path, ran: Launched) -> dict[str, float]:
    """Seconds by phase out of the report of `rebuild`; nothing for other tools, which write none."""
    try:
        report = json.loads((home / tools.REPORT).read_bytes())
    except OSError:
        return {}
    phases = {phase["name"]: phase["seconds"] or 0.0 for phase in report["recovery"]["phases"]}
    return {"start and end": ran.ended - ran.began - sum(phases.values()), **phases}


def _environment(home: Path) -> dict[str, str]:
    """A machine that has never seen the cluster: nothing cached, nothing learned, but Python's compiled modules."""
    other = ("KUBE", "HELM", "XDG_", "REBUILD_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(other)}
    return kept | {
        "HOME": str(home),
        "REBUILD_CACHE_DIR": str(home / "cache"),
        "REBUILD_STATE_DIR": str(home / "state"),
    }


def prepare(world: World, prepared: Prepared) -> Bench:
    """Write a workload to disk and plan it; the lab has to be clean."""
    prepared.write()
    found = course.export(prepared.repository, world.lab, prepared.root / "course")
    musts = order.musts(manifest.body for manifest in found.declared.values())
    return Bench(world, prepared, found, tuple(musts))
