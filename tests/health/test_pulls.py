"""Messages as kubelets of Kubernetes 1.37 wrote them; the one of a pull is from its source, image_manager.go."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.health import pulls
from rebuild.model.images import Image
from rebuild.model.objects import Body
from rebuild.model.pods import PodEvent, Pull

PULLED = 'Successfully pulled image "nginx:1.27" in 1.204s (2.5s including waiting). Image size: 72955450 bytes.'
PRESENT = 'Container image "registry.k8s.io/pause:3.10.2" already present on machine and can be accessed by the pod'


def event(reason: str, message: str, *, kind: str = "Pod", name: str = "web-1", **more: Any) -> Body:
    """An Event as core/v1 has it."""
    return {"reason": reason, "message": message, "involvedObject": {"kind": kind, "name": name}, **more}


def test_a_pull_has_its_time_the_wait_and_the_size() -> None:
    nginx = Image("docker.io", "library/nginx", "1.27")
    assert pulls.pull(event("Pulled", PULLED)) == Pull("web-1", nginx, 1.204, 2.5, 72955450, was_present=False)


def test_an_image_that_was_there_took_no_time() -> None:
    pause = Image("registry.k8s.io", "pause", "3.10.2")
    assert pulls.pull(event("Pulled", PRESENT)) == Pull("web-1", pause, 0.0, 0.0, None, was_present=True)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("12.5s", 12.5), ("1m2.5s", 62.5), ("1h0m3s", 3603), ("850ms", 0.85), ("85.5µs", 85.5e-6), ("0s", 0)],
)
def test_durations_are_those_of_go(duration: str, seconds: float) -> None:
    found = pulls.pull(event("Pulled", f'Successfully pulled image "web" in {duration}'))
    assert found
    assert found.seconds == pytest.approx(seconds)
    assert found.waited == found.seconds
    assert found.size is None


@pytest.mark.parametrize(
    "other",
    [
        event("Pulling", 'Pulling image "nginx:1.27"'),
        event("Pulled", PULLED, kind="Node"),
        event("Pulled", 'Successfully pulled image "nginx:1.27" in a while'),
        event("Pulled", 'Successfully pulled image "NGINX" in 1s'),
        event("Pulled", "Das Abbild ist da"),
        {"reason": "Pulled", "message": 7},
        {},
    ],
)
def test_what_reads_otherwise_is_passed_over(other: Body) -> None:
    assert pulls.pull(other) is None


def warning(reason: str, message: str, second: int, **more: Any) -> Body:
    """A warning at a second of a minute."""
    return event(reason, message, type="Warning", lastTimestamp=f"2026-01-01T00:00:{second:02}Z", **more)


def test_the_last_five_warnings_are_kept_in_their_order_and_equal_ones_once() -> None:
    told = [
        warning("Failed", "Error: ErrImagePull", 9, count=4),
        *(warning("FailedMount", f"volume {n}", n) for n in range(6)),
        warning("Failed", "Error: ErrImagePull", 3, name="web-2"),
    ]
    assert pulls.last(told, {"web-1", "web-2"}) == (
        *(PodEvent("FailedMount", f"volume {n}", 1) for n in range(2, 6)),
        PodEvent("Failed", "Error: ErrImagePull", 5),
    )


def test_what_is_normal_or_about_others_is_left_out_but_not_the_pause_between_pulls() -> None:
    told = [
        event("Scheduled", "Successfully assigned shop/web-1 to one", type="Normal"),
        warning("Failed", "of another", 1, name="other"),
        warning("Failed", "of a node", 1, kind="Node"),
        event("BackOff", 'Back-off pulling image "web:1"', type="Normal", count=3),
    ]
    assert pulls.last(told, {"web-1"}) == (PodEvent("BackOff", 'Back-off pulling image "web:1"', 3),)


def test_a_series_tells_its_number_and_its_end_and_a_message_is_cut() -> None:
    series = {"count": 12, "lastObservedTime": "2026-01-01T00:00:30.123456Z"}
    late = event("FailedScheduling", "x" * 10_000, type="Warning", eventTime="2026-01-01T00:00:01.5Z", series=series)
    early, last = pulls.last([late, warning("Unhealthy", "probe", 20)], {"web-1"})
    assert (early.reason, last.reason, last.count) == ("Unhealthy", "FailedScheduling", 12)
    assert len(last.message) < 500
