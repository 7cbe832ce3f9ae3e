"""The stretches of a Pod's start, from whole seconds that Kubernetes wrote."""

from __future__ import annotations

from pathlib import Path

import yaml

from rebuild.health import podtimes
from rebuild.model.images import Image
from rebuild.model.objects import Body
from rebuild.model.pods import PodTimes, Pull

CASES = Path(__file__).parent / "trouble_cases"


def pod(*started: str, scheduled: str = "00:00:02", ready: str = "00:00:19") -> Body:
    """A Pod of so many containers that was made at second 1; an empty time means that it did not happen."""
    conditions = [condition("PodScheduled", scheduled), condition("Ready", ready)]
    states: list[Body] = [{"running": {"startedAt": stamp(time)}} if time else {"waiting": {}} for time in started]
    return {
        "metadata": {"name": "web-1", "creationTimestamp": stamp("00:00:01")},
        "spec": {"containers": [{}] * len(started)},
        "status": {
            "conditions": conditions,
            "containerStatuses": [{"state": state, "restartCount": 1} for state in states],
        },
    }


def stamp(time: str) -> str:
    return f"2026-01-01T{time}Z"


def condition(type_: str, time: str) -> Body:
    return {"type": type_, "status": "True" if time else "False", "lastTransitionTime": stamp(time or "00:00:09")}


def pull(waited: float) -> Pull:
    return Pull("web-1", Image("docker.io", "library/web", "1"), waited / 2, waited, None, was_present=not waited)


def test_the_stretches_follow_each_other_up_to_the_last_container_and_the_probes() -> None:
    found = podtimes.times(pod("00:00:05", "00:00:08"), [pull(1.5), pull(0), pull(2)])
    assert found == PodTimes("web-1", scheduled=1, pulling=3.5, started=6, ready=11, restarts=2)
    assert found.total == 18


def test_what_did_not_happen_is_not_a_number() -> None:
    assert podtimes.times(pod("", scheduled="", ready=""), []) == PodTimes("web-1", None, None, None, None, 1)
    waiting = podtimes.times(pod("00:00:05", "", ready=""), [])
    assert (waiting.scheduled, waiting.started, waiting.ready) == (1, None, None)


def test_clocks_of_two_machines_never_make_a_stretch_negative() -> None:
    assert podtimes.times(pod("00:00:05", ready="00:00:04"), []).ready == 0


def test_a_captured_pod_is_read() -> None:
    body = yaml.safe_load((CASES / "a_ready_pod_has_no_trouble" / "pod.yaml").read_text())
    assert podtimes.times(body, []) == PodTimes("fine", 0, None, 3, 0, 0)


def test_nonsense_is_not_known() -> None:
    assert podtimes.times({"metadata": {"creationTimestamp": 7}, "status": {"conditions": "no"}}, []) == PodTimes(
        "", None, None, None, None, 0
    )
