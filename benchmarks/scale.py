"""Many objects and many CRDs on a lab: `uv run python -m benchmarks.scale --objects 10000 --definitions 1000`.

Prints what rebuild needs for the first run and for one of the same again: memory, CPU, and requests by the lab's audit
log. A test does the same with fewer.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rebuild.providers.kwok import build
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok.lab import Lab

PER_NAMESPACE = 500
_WATCH_STARTS = "ResponseStarted"
_LOOK_SECONDS = 0.02
_CONFIG = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c%(number)d, namespace: n%(space)d, labels: {app: a%(number)d}}
data: {key: "%(filling)s"}
"""
_DEFINITION = """\
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widget%(number)ds.g%(number)d.example.com}
spec:
  group: g%(number)d.example.com
  scope: Namespaced
  names: {kind: Widget%(number)d, plural: widget%(number)ds, singular: widget%(number)d}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: its report, peak memory in bytes, wall and CPU seconds, and how many requests reached the API server."""

    code: int
    report: dict[str, object]
    peak: int
    wall: float
    cpu: float
    requests: int
    writes: int


def write(folder: Path, *, objects: int, definitions: int) -> int:
    """Declare so many ConfigMaps and definitions, with the namespaces that they need; how many objects that are."""
    spaces = range(-(-objects // PER_NAMESPACE))
    texts = [f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{space}}}\n" for space in spaces]
    texts += [_DEFINITION % {"number": number} for number in range(definitions)]
    for number in range(objects):
        texts.append(_CONFIG % {"number": number, "space": number // PER_NAMESPACE, "filling": "x" * 200})
    (folder / "all.yaml").write_text("".join(texts))
    return len(texts)


def run(lab: Lab, folder: Path, *flags: str) -> Measured:
    """`rebuild apply` in a process of its own, whose memory and time the kernel tells."""
    mark = lab.audit_log.stat().st_size
    report = folder.parent / "scale-report.json"
    command = [sys.executable, "-m", "rebuild", "apply", str(folder), "--context", lab.context]
    command += ["--kubeconfig", str(lab.kubeconfig), "--yes", "--report", str(report), "--progress", "plain", *flags]
    began, peak = time.perf_counter(), 0
    with (folder.parent / "scale.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            pid = 0
            while not pid:
                peak = _peak(process.pid) or peak
                time.sleep(_LOOK_SECONDS)
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        except BaseException:
            process.kill()
            raise
        # The status has been collected here, so the object has to be told.
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    verbs = _verbs(lab, mark)
    return Measured(
        code=process.returncode,
        report=json.loads(report.read_bytes()),
        peak=peak,
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        requests=len(verbs),
        writes=verbs.count("patch"),
    )


def _peak(pid: int) -> int:
    """The most memory in bytes that a process has had resident so far (Linux); 0 once it has ended.

    `ru_maxrss` would do, but it keeps the peak of whoever forked, through the exec.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def _verbs(lab: Lab, since: int) -> list[str]:
    """The verb of each request of rebuild's that was answered; a watch is logged twice and counts once."""
    found = []
    with lab.audit_log.open("rb") as log:
        log.seek(since)
        for line in log:
            with suppress(ValueError):
                event = json.loads(line)
                is_ours = event["userAgent"].startswith("rebuild/")
                if is_ours and (event["verb"] == "watch") == (event["stage"] == _WATCH_STARTS):
                    found.append(event["verb"])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure twice on a lab of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--definitions", type=int, default=1_000)
    asked = parser.parse_args(arguments)
    name = f"scale-{os.getpid()}"
    lab = kwok.up(name, build.install(), nodes=1)
    try:
        with tempfile.TemporaryDirectory(prefix="rebuild-scale-") as work:
            folder = Path(work) / "source"
            folder.mkdir()
            count = write(folder, objects=asked.objects, definitions=asked.definitions)
            for title in ("first run", "the same again"):
                found = run(lab, folder, "--timeout", "1h", "--object-timeout", "10m")
                sys.stdout.write(
                    f"{title}: {count} objects, exit code {found.code}, {found.wall:.1f} s, "
                    f"{found.cpu / count * 1000:.2f} ms of CPU per object, {found.peak / 1e6:.0f} MB, "
                    f"{found.requests / count:.3f} requests per object, {found.writes} writes, "
                    f"load average {os.getloadavg()[0]:.1f}\n"
                )
    finally:
        kwok.down(name)


if __name__ == "__main__":
    main()
