"""What only a real kubelet shows of the hard edges from pods to ConfigMaps and Secrets: time that is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
import pytest

from rebuild.cluster.connect import open_transport
from rebuild.cluster.transport import Transport
from rebuild.model.objects import Body, dig, dig_maps
from tests.kind.conftest import KindLab

pytestmark = [pytest.mark.kind, pytest.mark.timeout(600, func_only=True)]

IMAGE = "registry.k8s.io/pause:3.10.2"
JSON = {"Content-Type": "application/json"}
USES: dict[str, Body] = {
    "configmaps": {"envFrom": [{"configMapRef": {"name": "settings"}}]},
    "secrets": {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "settings", "key": "key"}}}]},
}


@dataclass(frozen=True, slots=True)
class Bench:
    """One namespace of the cluster."""

    transport: Transport
    namespace: str

    def create(self, plural: str, body: Body) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/{plural}"
        self.transport.request("POST", path, body=orjson.dumps(body), headers=JSON)

    def delete(self, plural: str, name: str) -> None:
        self.transport.request("DELETE", f"/api/v1/namespaces/{self.namespace}/{plural}/{name}")

    def seen(self, plural: str, name: str, holds: Callable[[Body], Any]) -> Body:
        """The object as soon as something holds for it."""
        query = f"watch=1&timeoutSeconds=120&fieldSelector=metadata.name={name}"
        path = f"/api/v1/namespaces/{self.namespace}/{plural}?{query}"
        wire, answer = self.transport.stream(path, silence=150)
        with closing(wire):
            rest = b""
            for chunk in answer.parts:
                *lines, rest = (rest + chunk).split(b"\n")
                for live in (orjson.loads(line)["object"] for line in lines):
                    if holds(live):
                        return dict(live)
        raise AssertionError(f"never held for {name}")


@pytest.fixture
def bench(kind_cluster: KindLab) -> Iterator[Bench]:
    target = kind_cluster.target
    transport = open_transport(context=target.context, kubeconfig=target.kubeconfig)
    name = f"early-{uuid4().hex[:8]}"
    with closing(transport):
        transport.request("POST", "/api/v1/namespaces", body=orjson.dumps({"metadata": {"name": name}}), headers=JSON)
        opened = Bench(transport, name)
        opened.seen("serviceaccounts", "default", bool)
        yield opened
        transport.request("DELETE", f"/api/v1/namespaces/{name}")


def pod(name: str, use: Body) -> Body:
    container = {"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent", **use}
    return {"metadata": {"name": name}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}


def runs(live: Body) -> bool:
    return any(dig(each, "state", "running") for each in dig_maps(live, "status", "containerStatuses"))


def lacks_configuration(live: Body) -> bool:
    statuses = dig_maps(live, "status", "containerStatuses")
    return any(dig(each, "state", "waiting", "reason") == "CreateContainerConfigError" for each in statuses)


@pytest.mark.parametrize("plural", USES)
def test_a_pod_before_what_it_needs_is_overtaken_by_one_after_it(bench: Bench, plural: str) -> None:
    """The kubelet comes back to it after 10 seconds or more; of several, not all can be lucky."""
    assert any(is_overtaken(bench, plural, str(number)) for number in range(3))


def is_overtaken(bench: Bench, plural: str, number: str) -> bool:
    bench.create("pods", pod(f"early-{number}", USES[plural]))
    bench.seen("pods", f"early-{number}", lacks_configuration)
    bench.create(plural, {"metadata": {"name": "settings"}, "data": {"key": "dmFsdWU="}})
    bench.create("pods", pod(f"late-{number}", USES[plural]))
    bench.seen("pods", f"late-{number}", runs)
    overtaken = not runs(bench.seen("pods", f"early-{number}", bool))
    bench.delete(plural, "settings")
    return overtaken
