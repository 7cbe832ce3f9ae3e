"""What keeps real containers from running is named, waited for as long as it may recover, and measured when it did.

All images are those that a node brings along, since no cluster of the tests can pull any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.e2e.support import Ran, Running, rebuild
from tests.kind.home import Home

pytestmark = [pytest.mark.kind, pytest.mark.timeout(600, func_only=True)]

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: HOME}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      containers: [{name: main, image: "IMAGE", imagePullPolicy: IfNotPresent, REST}]
      volumes: [VOLUMES]
"""
PAUSE, SERVER = "/pause:", "/coredns:"
"""One sleeps, the other listens on port 53, and ends with code 2 when it is given a flag that it does not know."""


def declare(home: Home, name: str, image: str, rest: str = "", *, volumes: str = "") -> str:
    """One more Deployment; a part of a name stands for the image of the node that has it. Returns its ref."""
    whole = image if not image.startswith("/") else preloaded(home, image)
    words = {"NAME": name, "IMAGE": whole, "REST": rest, "VOLUMES": volumes}
    home.declare(re.sub("|".join(words), lambda word: words[word[0]], WORKLOAD))
    return f"apps/v1/Deployment/{home.name}/{name}"


def preloaded(home: Home, part: str) -> str:
    _, nodes = home.transport.request("GET", "/api/v1/nodes")
    names: Iterator[str] = (name for image in nodes["items"][0]["status"]["images"] for name in image["names"])
    return next(name for name in names if part in name and "@" not in name)


def troubles_in(ran: Ran) -> list[str]:
    """The lines that the console had about troubles."""
    return [line for line in ran.stderr.splitlines() if line.split()[1:2] == ["trouble"]]


def test_an_image_that_cannot_be_had_is_named_in_seconds_and_the_rest_comes_back(home: Home) -> None:
    lost = declare(home, "lost", "registry.example.com/shop/web:1")
    fine = declare(home, "fine", PAUSE)

    ran = rebuild(*home.flags, "--progress", "plain")

    assert ran.code == 1, ran.stderr
    report = home.report()
    assert report["objects"][fine]["judgement"] == "verified"
    found = report["objects"][lost]
    assert found["judgement"] == "never-ready"
    assert found["trouble"]["kind"] == "image"
    assert found["times"]["ended"] < 60, "its deadline is 5 minutes"
    assert "registry.example.com/shop/web:1" in ran.last_line
    assert any(event["reason"] == "BackOff" for event in found["events"])
    (line,) = troubles_in(ran)
    assert "registry.example.com/shop/web:1" in line


def test_a_missing_configmap_is_waited_for_and_the_container_recovers(home: Home) -> None:
    ref = declare(home, "web", PAUSE, "envFrom: [{configMapRef: {name: settings}}]")

    running = Running(*home.flags)
    running.until("trouble    apps")
    home.create("configmaps", {"metadata": {"name": "settings"}, "data": {"colour": "blue"}})
    ran = running.end(within=120)

    assert ran.code == 0, ran.stderr
    assert 'configmap "settings" not found' in troubles_in(ran)[0]
    found = home.report()["objects"][ref]
    assert (found["judgement"], found["trouble"], found["events"]) == ("verified", None, [])


def test_a_crash_loop_ends_with_its_exit_code_and_the_last_events(home: Home) -> None:
    ref = declare(home, "loop", SERVER, "args: [-no-such-flag], terminationMessagePolicy: FallbackToLogsOnError")

    ran = rebuild(*home.flags, "--object-timeout", "20s", "--progress", "plain")

    assert ran.code == 1, ran.stderr
    found = home.report()["objects"][ref]
    # It is ready for the moment between its start and its end, or it never is.
    assert found["judgement"] in ("relapsed", "never-ready")
    assert found["trouble"]["kind"] == "crash"
    assert "ended with exit code 2" in ran.last_line
    assert "no-such-flag" in ran.last_line, "the last words of the program"
    assert "BackOff" in [event["reason"] for event in found["events"]]
    assert "BackOff: Back-off restarting failed container" in ran.stdout


def test_a_volume_that_cannot_be_mounted_is_explained_by_an_event(home: Home) -> None:
    ref = declare(
        home, "mounts", PAUSE, "volumeMounts: [{name: v, mountPath: /v}]", volumes="{name: v, configMap: {name: files}}"
    )

    ran = rebuild(*home.flags, "--object-timeout", "15s", "--progress", "plain")

    assert ran.code == 1, ran.stderr
    (event,) = home.report()["objects"][ref]["events"]
    assert event["reason"] == "FailedMount"
    assert 'configmap "files" not found' in event["message"]


def test_readiness_that_waits_for_a_probe_shows_in_the_report(home: Home) -> None:
    ref = declare(home, "probed", SERVER, "readinessProbe: {tcpSocket: {port: 53}, initialDelaySeconds: 6}")

    ran = rebuild(*home.flags)

    assert ran.code == 0, ran.stderr
    report = home.report()
    (pod,) = report["objects"][ref]["pods"]
    assert pod["pullSeconds"] == 0, "the image was on the node"
    assert 5 <= pod["readySeconds"] <= 15
    assert pod["readyShare"] == pytest.approx(pod["readySeconds"] / report["recovery"]["seconds"], abs=0.001)
    assert 0.3 < pod["readyShare"] <= 1.2, "whole seconds, so a little more than all of it may come out"
    (image,) = report["images"]
    assert (image["pull"]["pulls"], image["pull"]["present"]) == (0, 1)
    assert "Slowest to become ready" in ran.stdout
    assert f"Pod {pod['name']}" in ran.stdout
