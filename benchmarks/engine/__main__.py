"""Measure, show and write down: `uv run python -m benchmarks.engine`."""

from __future__ import annotations

import argparse
import compileall
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import rebuild
from benchmarks.engine import document, programs, trial, workloads, world
from benchmarks.engine.document import Setting
from benchmarks.engine.targets import ORACLE, OURS, Results
from benchmarks.engine.tools import Prepared, Slots
from benchmarks.engine.trial import Bench, Trial
from benchmarks.engine.workloads import CORPUS_VARIABLE, SIZES, Workload
from benchmarks.engine.world import Broken, World
from rebuild import __version__
from rebuild.model.errors import RebuildError
from rebuild.providers.kwok import binaries
from rebuild.providers.steps import Step

RESULT = Path(__file__).parent.parent / "results" / "engine.md"
NAMES = ("W1", "W2", "W4", "W6", "W7", "W9", "kube-prometheus")
PEERS = ("kubectl", "kapply", "helm")
VERSIONS = {"kubectl": binaries.KUBERNETES_VERSION, "kapply": "cli-utils v0.37.2", "helm": "v4.3.1"}
HOPELESS = 2
"""A tool that has failed so often at a workload is not run there again: most failures are time-outs."""
CALIBRATED = tuple(Slots(slots, http2) for http2 in (False, True) for slots in (8, 16, 32))


def main() -> None:
    """The command."""
    asked = _arguments()
    try:
        _measure(asked)
    except RebuildError as error:
        raise SystemExit(f"{error}\n{error.hint or ''}".rstrip()) from error


def _measure(asked: argparse.Namespace) -> None:
    # As Ctrl-C does: take the lab away, and write down what was measured.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    corpus = Path(__file__).parents[3] / "shared" / "corpus"
    if corpus.is_dir():
        os.environ.setdefault(CORPUS_VARIABLE, str(corpus))
    # As pip does when it installs; a work tree's modules would be compiled in the first run that is measured.
    compileall.compile_dir(Path(rebuild.__file__).parent, quiet=1)
    broken = ""
    built = programs.install(asked.peers, _Building())
    wanted = {ORACLE, OURS, *asked.peers} - built.missing.keys()
    with world.opened(built) as lab, tempfile.TemporaryDirectory(prefix="rebuild-bench-") as work:
        table = workloads.table(SIZES[asked.sizes], lab.webhook)
        chosen = [each for name in asked.workloads for each in table[name]()]
        benches = _Benches(lab, Path(work))
        slots, calibration = Slots(), {}
        if asked.calibrate:
            calibration = dict(_calibrated(benches, SIZES[asked.sizes].flat))
            slots = min(calibration, key=lambda each: calibration[each])
        trials: list[Trial] = []
        try:
            trials.extend(_all(benches, chosen, wanted, _Limits(asked.rounds, began + asked.minutes * 60), slots))
        except (Broken, KeyboardInterrupt) as error:
            broken = str(error) or "it was stopped"
    versions = {ORACLE: "benchmarks/native", OURS: _version(), **{name: VERSIONS[name] for name in asked.peers}}
    setting = Setting(
        command=f"uv run python -m benchmarks.engine {' '.join(sys.argv[1:])}".strip(),
        titles={each.name: each.title for each in chosen},
        versions={name: version for name, version in versions.items() if name in wanted},
        missing={**built.missing, **_unmade(asked.workloads, chosen)},
        slots=slots,
        calibration=calibration,
        seconds=time.monotonic() - began,
        broken=broken,
    )
    if not trials:
        raise SystemExit(f"nothing was measured: {broken or 'nobody was to run'}")
    text = document.page(Results(trials), setting)
    sys.stdout.write(text)
    asked.output.write_text(text, encoding="utf-8")
    if broken:
        raise SystemExit(f"ended early: {broken}")


def _unmade(asked: list[str], chosen: list[Workload]) -> dict[str, str]:
    """The workloads that were asked for and cannot be made here, or not at this size."""
    made = {workload.name.split(" ")[0] for workload in chosen}
    reasons = {"kube-prometheus": f"{CORPUS_VARIABLE} names no folder that holds it"}
    return {name: reasons.get(name, "not at this size") for name in asked if name not in made}


def _version() -> str:
    """The version with the commit, and whether there is more than the commit."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(git, capture_output=True, text=True)
    return f"{__version__} {done.stdout.strip()}".strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.engine", description=__doc__)
    parser.add_argument("--workloads", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=" ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each tool runs at most")
    parser.add_argument("--minutes", type=float, default=14.5, help="no round begins that would not end by then")
    parser.add_argument("--sizes", choices=SIZES, default="full")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument(
        "--no-calibration", dest="calibrate", action="store_false", help="let the oracle send 16 at once"
    )
    parser.add_argument("--output", type=Path, default=RESULT, help="where the page goes; results/engine.md by default")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class _Limits:
    """How many rounds, and until when on the monotonic clock a round may begin that would end by then."""

    rounds: int
    deadline: float


class _Benches:
    """Workloads made ready one by one, each in a folder of its own."""

    def __init__(self, lab: World, work: Path) -> None:
        self._lab, self._work = lab, work
        self._count = 0

    def of(self, workload: Workload) -> Bench:
        """Write it and plan it."""
        self._count += 1
        return trial.prepare(self._lab, Prepared(workload, self._work / str(self._count)))


def _calibrated(benches: _Benches, objects: int) -> Iterator[tuple[Slots, float]]:
    """How long the oracle takes for W1 in each of its ways."""
    bench = benches.of(workloads.flat("W1", objects))
    _warm(bench, CALIBRATED[0])
    for slots in CALIBRATED:
        for found in bench.trials(ORACLE, slots):
            _say(f"{slots}", found)
            if not found.failed:
                yield slots, found.ready


def _all(benches: _Benches, chosen: list[Workload], wanted: set[str], limits: _Limits, slots: Slots) -> Iterator[Trial]:
    """Round by round all workloads, every other round with the tools in the opposite order.

    The first round is measured in any case; later on a workload is passed over that would take too long.
    """
    failures: Counter[tuple[str, str]] = Counter()
    ready: dict[str, Bench] = {}
    took: dict[str, float] = {}
    for number in range(limits.rounds):
        for workload in chosen:
            name, began = workload.name, time.monotonic()
            if number and (0 < workload.rounds <= number or began + took[name] > limits.deadline):
                continue
            if name not in ready:
                ready[name] = benches.of(workload)
                _warm(ready[name], slots)
            tools = [tool for tool in workload.tools if tool in wanted and failures[name, tool] < HOPELESS]
            for tool in tools if number % 2 == 0 else reversed(tools):
                for found in ready[name].trials(tool, slots, again=not number):
                    _say(f"round {number + 1}", found)
                    failures[name, tool] += bool(found.failed)
                    yield found
            took[name] = time.monotonic() - began


def _warm(bench: Bench, slots: Slots) -> None:
    """An API server is slow with kinds that it has never seen; nobody is to pay for that."""
    if ORACLE in bench.prepared.workload.tools:
        for found in bench.trials(ORACLE, slots):
            _say("warming up", found)


def _say(where: str, found: Trial) -> None:
    told = f"failed: {found.failed}" if found.failed else f"{found.ready:7.2f} s ready {found.exit:7.2f} s end"
    sys.stderr.write(f"{found.workload:<16} {where:<16} {found.tool:<8} {told}\n")


class _Building:
    """Shows one line for each program that is built."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, step: Step) -> None:
        """Tell that a program is being built."""
        if step.binary != self._shown:
            self._shown = step.binary
            sys.stderr.write(f"building {step.binary}\n")


if __name__ == "__main__":
    main()
