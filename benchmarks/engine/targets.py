"""What was aimed at, and whether it was met. Medians count; what was not measured is called that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.engine.trial import Trial

OURS = "rebuild"
ORACLE = "oracle"
AGAIN = " again"
_FLAT = ("W1", "W2")
_ORDERED = ("W4", "W6", "W7")
_ETA = {**dict.fromkeys(_FLAT, 0.65), **dict.fromkeys(_ORDERED, 0.90), "kube-prometheus": 0.87}


@dataclass(frozen=True, slots=True)
class Target:
    """One aim: `met` is None where nothing was measured."""

    name: str
    wanted: str
    measured: str
    met: bool | None


class Results:
    """All trials of one benchmark."""

    def __init__(self, trials: Iterable[Trial]) -> None:
        self.trials = tuple(trials)
        self.workloads = tuple(dict.fromkeys(trial.workload for trial in self.trials))

    def of(self, workload: str, tool: str) -> list[Trial]:
        """What a tool did there, failures included."""
        return [trial for trial in self.trials if (trial.workload, trial.tool) == (workload, tool)]

    def tools(self, workload: str) -> list[str]:
        """Who ran there, in the order of the first round."""
        return list(dict.fromkeys(trial.tool for trial in self.trials if trial.workload == workload))

    def typical(self, workload: str, tool: str, value: Callable[[Trial], float]) -> float | None:
        """The median over the runs that did not fail; None where there is none, and of ours where one failed."""
        found = self.of(workload, tool)
        good = [trial for trial in found if not trial.failed]
        return median(map(value, good)) if good and (tool != OURS or good == found) else None

    def seconds(self, workload: str, tool: str) -> float | None:
        """Until the last object was ready, or until the end where there was nothing to do."""
        return self.typical(workload, tool, seconds)

    def share(self, workload: str) -> float | None:
        """η: the oracle's time as a share of ours."""
        oracle, ours = self.seconds(workload, ORACLE), self.seconds(workload, OURS)
        return oracle / ours if oracle and ours else None

    def best_peer(self, workload: str) -> tuple[str, float] | None:
        """The fastest of the others."""
        times = {tool: self.seconds(workload, tool) for tool in self.tools(workload) if tool not in (OURS, ORACLE)}
        known = {tool: time for tool, time in times.items() if time}
        return min(known.items(), key=lambda item: item[1]) if known else None

    def hops(self) -> list[float]:
        """Seconds from ready to the wire of every hop of ours, over all chains."""
        return sorted(
            hop for trial in self.trials if trial.tool == OURS and _is(trial.workload, "W4") for hop in trial.hops
        )


def seconds(trial: Trial) -> float:
    """The time that a trial stands for."""
    return trial.exit if trial.workload.endswith(AGAIN) else trial.ready


def percentile(values: Sequence[float], percent: int) -> float | None:
    """The value that so many of a hundred do not exceed."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else None


def all_of(results: Results) -> Iterator[Target]:
    """Every aim, workload by workload."""
    first = [name for name in results.workloads if not name.endswith(AGAIN)]
    for name in results.workloads:
        if peer := results.best_peer(name):
            yield _least(f"{name}: best peer ({peer[0]}) / rebuild", _ratio(peer[1], results.seconds(name, OURS)), 1.0)
    for name in first:
        if _is(name, *_FLAT) and (kubectl := results.seconds(name, "kubectl")):
            yield _least(f"{name}: kubectl / rebuild", _ratio(kubectl, results.seconds(name, OURS)), 2.2)
    for name in first:
        if results.of(name, ORACLE) and (wanted := next((w for key, w in _ETA.items() if _is(name, key)), None)):
            yield _least(f"{name}: η, oracle / rebuild", results.share(name), wanted)
    for name in first:
        if _is(name, *_ORDERED) and results.of(name, ORACLE):
            yield _most(f"{name}: time above the oracle, as a share of the best peer's", _above(results, name), 0.1, "")
    hops = [hop * 1000 for hop in results.hops()]
    yield _most("W4: ready → dependent on the wire, p50", percentile(hops, 50), 5, "ms")
    yield _most("W4: ready → dependent on the wire, p99", percentile(hops, 99), 25, "ms")
    for name in first:
        if _is(name, "W1", "W9"):
            yield _most(f"{name}: requests / object", results.typical(name, OURS, _per_object("requests")), 1.02, "")
            yield _most(
                f"{name}: client CPU / object", _times(results.typical(name, OURS, _per_object("cpu")), 1000), 0.7, "ms"
            )
    yield _most("W9: peak memory", _times(results.typical("W9", OURS, lambda trial: trial.memory), 1e-6), 200, "MB")
    yield _most("W9 again: nothing to do", results.seconds(f"W9{AGAIN}", OURS), 4, "s")
    yield _most("W9 again: writes", results.typical(f"W9{AGAIN}", OURS, lambda trial: trial.written), 0, "")


def _above(results: Results, name: str) -> float | None:
    oracle, ours, peer = results.seconds(name, ORACLE), results.seconds(name, OURS), results.best_peer(name)
    return (ours - oracle) / (peer[1] - oracle) if oracle and ours and peer else None


def _per_object(field: str) -> Callable[[Trial], float]:
    return lambda trial: float(getattr(trial, field)) / trial.objects


def _is(name: str, *keys: str) -> bool:
    """Whether a workload is one of these, whatever its parameters are."""
    return name.split(" ")[0] in keys


def _ratio(one: float, other: float | None) -> float | None:
    return one / other if other else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _least(name: str, value: float | None, wanted: float) -> Target:
    above = wanted == 1.0
    met = None if value is None else (value > wanted if above else value >= wanted)
    return Target(name, f"{'>' if above else '≥'} {wanted:g}", _text(value, ""), met)


def _most(name: str, value: float | None, wanted: float, unit: str) -> Target:
    return Target(name, f"≤ {wanted:g} {unit}".strip(), _text(value, unit), None if value is None else value <= wanted)


def _text(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.3g} {unit}".strip()
