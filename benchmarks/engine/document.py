"""Results as the page that is committed."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from benchmarks.engine import targets, tools
from benchmarks.engine.targets import Results
from benchmarks.engine.tools import Slots
from benchmarks.engine.trial import Trial


@dataclass(frozen=True, slots=True)
class Setting:
    """What was measured, and with what."""

    command: str
    titles: Mapping[str, str]
    versions: Mapping[str, str]
    missing: Mapping[str, str]
    slots: Slots
    calibration: Mapping[Slots, float] = field(default_factory=dict)
    seconds: float = 0.0
    """How long all of it took."""
    broken: str = ""
    """Why it ended before everything was measured."""


def page(results: Results, setting: Setting) -> str:
    """The whole page."""
    lines = [
        "# Time of a rebuild",
        "",
        f"`{setting.command}` wrote this file. docs/benchmarks.md says how to read it.",
        "",
        _when(results, setting),
        *(["", f"**It ended early**: {setting.broken}"] if setting.broken else []),
        "",
        "| tool | version | how it is called |",
        "| --- | --- | --- |",
        *(f"| {name} | {version} | {tools.FLAGS.get(name, '')} |" for name, version in setting.versions.items()),
        *(f"| {name} | not measured: {why} | |" for name, why in setting.missing.items()),
        "",
        f"The oracle sends {setting.slots} at once"
        + (f", the best of {_calibration(setting.calibration)}." if setting.calibration else "."),
        "",
        "## Targets",
        "",
        *_targets(results),
        "",
    ]
    for name in results.workloads:
        lines += [f"## {name}: {_title(setting.titles, name)}", "", *_table(results, name), ""]
    return "\n".join(lines)


def _when(results: Results, setting: Setting) -> str:
    loads = [trial.load for trial in results.trials]
    return (
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {_machine()}, load average {min(loads):.1f} to {max(loads):.1f}; "
        f"{len(loads)} runs in {setting.seconds / 60:.0f} minutes, on one control plane."
    )


def _targets(results: Results) -> Iterator[str]:
    yield "| target | wanted | measured | met |"
    yield "| --- | --- | ---: | --- |"
    for target in targets.all_of(results):
        met = {True: "yes", False: "**no**", None: "-"}[target.met]
        yield f"| {target.name} | {target.wanted} | {target.measured} | {met} |"


def _title(titles: Mapping[str, str], name: str) -> str:
    before = name.removesuffix(targets.AGAIN)
    return "nothing has changed" if before != name else titles[name]


def _table(results: Results, name: str) -> Iterator[str]:
    again = name.endswith(targets.AGAIN)
    times = ["end, s"] if again else ["last ready, s", "end, s", "η"]
    heads = [
        "tool",
        *times,
        "/ rebuild",
        "requests / object",
        "CPU ms / object",
        "server CPU ms / object",
        "peak MB",
        "runs",
    ]
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * (len(heads) - 1)}"
    ours = results.seconds(name, targets.OURS)
    oracle = results.seconds(name, targets.ORACLE)
    for tool in results.tools(name):
        trials = results.of(name, tool)
        good = [trial for trial in trials if not trial.failed]
        own = results.seconds(name, tool)
        cells = [tool]
        if not again:
            cells.append(_spread(good, lambda trial: trial.ready))
        cells.append(_spread(good, lambda trial: trial.exit))
        if not again:
            cells.append(f"{oracle / own:.2f}" if oracle and own else "-")
        cells += [
            f"{own / ours:.2f}" if own and ours else "-",
            _typical(results, name, tool, lambda trial: trial.requests / trial.objects, ".2f"),
            _typical(results, name, tool, lambda trial: trial.cpu / trial.objects * 1000, ".2f"),
            _typical(results, name, tool, lambda trial: trial.server_cpu / trial.objects * 1000, ".2f"),
            _typical(results, name, tool, lambda trial: trial.memory / 1e6, ".0f"),
            f"{len(good)}" if len(good) == len(trials) else f"{len(good)} of {len(trials)}",
        ]
        yield f"| {' | '.join(cells)} |"
    if phases := _phases(results, name):
        yield ""
        yield f"Where rebuild's time goes, by its own report: {phases}."
    for trial in results.trials:
        if trial.workload == name and trial.failed:
            yield ""
            yield f"{trial.tool} failed: {' '.join(trial.failed.split())}"


def _phases(results: Results, name: str) -> str:
    """The median of each phase."""
    names = dict.fromkeys(phase for trial in results.of(name, targets.OURS) for phase in trial.phases)
    found = {phase: results.typical(name, targets.OURS, partial(_phase, phase)) for phase in names}
    return ", ".join(f"{phase} {seconds:.2f} s" for phase, seconds in found.items() if seconds is not None)


def _phase(name: str, trial: Trial) -> float:
    return trial.phases.get(name, 0.0)


def _spread(trials: list[Trial], value: Callable[[Trial], float]) -> str:
    """Median, and least to most."""
    if not trials:
        return "failed"
    values = sorted(map(value, trials))
    middle = median(values)
    return f"{middle:.2f} ({values[0]:.2f}-{values[-1]:.2f})" if len(values) > 1 else f"{middle:.2f}"


def _typical(results: Results, name: str, tool: str, value: Callable[[Trial], float], form: str) -> str:
    found = results.typical(name, tool, value)
    return "-" if found is None else format(found, form)


def _calibration(measured: Mapping[Slots, float]) -> str:
    return ", ".join(f"{slots}: {seconds:.2f} s" for slots, seconds in measured.items())


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
