"""Medians are compared with what was aimed at; a failed run has no time, and what was not measured is called that."""

from __future__ import annotations

from benchmarks.engine import document, targets
from benchmarks.engine.document import Setting
from benchmarks.engine.targets import Results
from benchmarks.engine.tools import Slots
from benchmarks.engine.trial import Trial


def _ran(tool: str, *ready: float, workload: str = "W1", failed: str = "") -> list[Trial]:
    return [
        Trial(tool, workload, 100, failed=failed, ready=each, exit=each, cpu=0.05, requests=101, hops=(0.001, 0.004))
        for each in ready
    ]


def _met(results: Results) -> dict[str, bool | None]:
    return {target.name: target.met for target in targets.all_of(results)}


def test_medians_decide() -> None:
    results = Results(
        [*_ran("oracle", 0.9, 1.0, 9.0), *_ran("rebuild", 1.0, 1.2, 1.3), *_ran("kubectl", 3.0, 3.0, 3.0)]
    )
    assert results.share("W1") == 1.0 / 1.2
    met = _met(results)
    assert met["W1: best peer (kubectl) / rebuild"]
    assert met["W1: kubectl / rebuild"]
    assert met["W1: η, oracle / rebuild"]
    assert met["W1: requests / object"]
    assert met["W1: client CPU / object"]
    assert met["W9: peak memory"] is None


def test_a_target_that_is_missed_is_said_to_be() -> None:
    met = _met(Results([*_ran("oracle", 1.0), *_ran("rebuild", 2.0), *_ran("kubectl", 1.5)]))
    assert met["W1: best peer (kubectl) / rebuild"] is False
    assert met["W1: kubectl / rebuild"] is False
    assert met["W1: η, oracle / rebuild"] is False


def test_a_failed_run_has_no_time_and_one_of_ours_leaves_us_without_any() -> None:
    early = {"failed": "sent too early"}
    results = Results([*_ran("rebuild", 1.0), *_ran("kubectl", 3.0), *_ran("kubectl", 0.0, **early)])
    assert results.seconds("W1", "kubectl") == 3.0
    results = Results([*_ran("rebuild", 1.0), *_ran("rebuild", 0.0, **early), *_ran("kubectl", 0.0, **early)])
    assert results.seconds("W1", "rebuild") is None
    assert results.best_peer("W1") is None


def test_hops_are_those_of_the_chains() -> None:
    results = Results([*_ran("rebuild", 1.0, 1.0, workload="W4 r=0"), *_ran("kubectl", 1.0, workload="W4 r=0")])
    assert results.hops() == [0.001, 0.001, 0.004, 0.004]
    met = _met(results)
    assert met["W4: ready → dependent on the wire, p50"]


def test_the_page_shows_every_tool_and_says_why_one_failed() -> None:
    results = Results([*_ran("oracle", 1.0), *_ran("rebuild", 2.0), *_ran("kubectl", 0.0, failed="sent too early: x")])
    setting = Setting("bench", {"W1": "flat"}, {"rebuild": "1"}, {"helm": "no Go"}, Slots(8, http2=True))
    page = document.page(results, setting)
    assert "## W1: flat" in page
    assert "| rebuild | 2.00 | 2.00 | 0.50 | 1.00 | 1.01 | 0.50 |" in page
    assert "kubectl failed: sent too early: x" in page
    assert "helm | not measured: no Go" in page
    assert "8 over HTTP/2" in page
