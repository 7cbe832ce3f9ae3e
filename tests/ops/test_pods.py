"""What is told of Pods after a verification, by a real API server with simulated nodes and made-up kubelets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
import pytest
from msgspec.structs import replace

from rebuild.cluster.client import ApiServer
from rebuild.cluster.transport import Transport
from rebuild.engine.policy import Policy
from rebuild.model import kinds
from rebuild.model.events import Event, PhaseBegan
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import plan as plans
from rebuild.ops.apply import apply
from rebuild.ops.blueprint import Declared, declared
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget, bind
from rebuild.ops.verify import Look, verify
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.steps import Plan
from rebuild.report.to_json import document

pytestmark = pytest.mark.live

WORKLOAD = """
apiVersion: v1
kind: Namespace
metadata: {name: HOME}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: HOME}
spec: {nodeSelector: {SELECTOR}, containers: [{name: web, image: "registry.example.com/web:1"}]}
"""
SECRET = """
---
apiVersion: v1
kind: Secret
metadata: {name: database, namespace: HOME}
stringData: {password: correct-horse}
"""
PULLED = (
    'Successfully pulled image "registry.example.com/web:1" in 1.5s (2s including waiting). Image size: 1000 bytes.'
)


@dataclass(frozen=True, slots=True)
class Kubelet:
    """A listener that acts in the place of a kubelet when the run has begun to wait for its second look."""

    act: Callable[[], object]

    def event(self, event: Event) -> None:
        if isinstance(event, PhaseBegan) and event.name == "settle":
            self.act()


@pytest.fixture
def namespace(outside: Transport) -> Iterator[str]:
    name = f"pods-{uuid4().hex[:8]}"
    yield name
    outside.request("DELETE", f"/api/v1/namespaces/{name}")


def applied(
    target: BoundTarget,
    text: str,
    *,
    deadline: float = 60,
    stable: float = 0,
    meanwhile: Callable[[], object] = list,
) -> dict[str, Any]:
    """The report of a run that applies what a text declares."""
    run, found, plan = planned("apply", target, text, stable=stable, meanwhile=meanwhile)
    policy = Policy(object_deadline=deadline)
    apply(run, target, found.blueprint, plan, policy=policy, stoppable=lambda stop: None)
    run.end(complete=True)
    return document(run.ledger)


def planned(
    verb: str, target: BoundTarget, text: str, *, stable: float = 0, meanwhile: Callable[[], object] = list
) -> tuple[Run, Declared, Plan]:
    """A run of what a text declares, as far as its plan."""
    run = Run(verb, listener=Kubelet(meanwhile), stable=stable, durable=False)
    found = declared([Source("test", (SourceFile("a.yaml", text.encode()),))], kinds=kinds.builtin(), namespace="x")
    found = found.served_by(target.served)
    plan = plans.on_target(found, plans.look(found, target))
    run.record(plans.event_of(plan, key=run.key, at=run.now()))
    return run, found, plan


def phases(report: dict[str, Any]) -> list[str]:
    return [phase["name"] for phase in report["recovery"]["phases"]]


def test_the_events_of_a_pod_on_no_node_explain_it_also_where_nodes_are_simulated(
    cluster: ApiServer, namespace: str
) -> None:
    text = WORKLOAD.replace("HOME", namespace).replace("SELECTOR", "no-such-node: here")
    report = applied(bind(cluster, provider="kwok"), text, deadline=3)
    _, pod = report["objects"]
    (event,) = pod["events"]
    assert event["reason"] == "FailedScheduling"
    assert pod["pods"] == [], "times of simulated containers are no measurement"
    assert phases(report) == ["apply", "verify", "pods"]


def test_a_verification_alone_tells_the_events_of_what_is_not_healthy(cluster: ApiServer, namespace: str) -> None:
    text = WORKLOAD.replace("HOME", namespace).replace("SELECTOR", "no-such-node: here")
    target = bind(cluster, provider="kwok")
    applied(target, text, deadline=3)
    run, found, plan = planned("verify", target, text)
    verify(run, target, found.blueprint, plan, Look())
    run.end(complete=True)
    _, pod = document(run.ledger)["objects"]
    assert pod["judgement"] == "unhealthy"
    assert [event["reason"] for event in pod["events"]] == ["FailedScheduling"]


def test_where_nodes_are_simulated_and_all_is_well_nothing_more_is_read(cluster: ApiServer, namespace: str) -> None:
    text = WORKLOAD.replace("HOME", namespace).replace("SELECTOR", "")
    report = applied(bind(cluster, provider="kwok"), text)
    assert report["objects"][1]["judgement"] == "verified"
    assert phases(report) == ["apply", "verify"]


def test_pulls_and_times_are_told_where_containers_are_real(
    cluster: ApiServer, outside: Transport, namespace: str
) -> None:
    def pull() -> None:
        tell(outside, namespace, pulled(namespace))

    text = WORKLOAD.replace("HOME", namespace).replace("SELECTOR", "")
    report = applied(real(cluster), text, meanwhile=pull)
    _, pod = report["objects"]
    assert pod["judgement"] == "verified"
    assert pod["trouble"] is None
    assert [each["name"] for each in pod["pods"]] == ["web"]
    assert pod["pods"][0]["pullSeconds"] == 2
    (image,) = report["images"]
    assert image["pull"] == {"pulls": 1, "present": 0, "seconds": 1.5, "waitedSeconds": 2, "bytes": 1000}
    assert phases(report) == ["apply", "verify", "settle", "pods"]


def test_a_container_that_crashes_after_it_was_verified_is_not_back(
    cluster: ApiServer, outside: Transport, namespace: str
) -> None:
    def crash() -> None:
        end_with(outside, namespace, {"exitCode": 7})

    text = WORKLOAD.replace("HOME", namespace).replace("SELECTOR", "")
    report = applied(real(cluster), text, meanwhile=crash)
    assert report["verdict"] == "FAIL"
    assert report["objects"][1]["judgement"] == "relapsed"
    assert "Pod web: container web ended with exit code 7" in report["exit"]["reason"]


def test_what_a_container_says_of_a_declared_secret_is_hidden(
    cluster: ApiServer, outside: Transport, namespace: str
) -> None:
    words = "cannot log in to postgres://shop:correct-horse@db"

    def crash() -> None:
        end_with(outside, namespace, {"exitCode": 7, "message": words})
        tell(outside, namespace, {**pulled(namespace), "reason": "Unhealthy", "type": "Warning", "message": words})

    text = (WORKLOAD + SECRET).replace("HOME", namespace).replace("SELECTOR", "")
    report = applied(real(cluster), text, meanwhile=crash)
    hidden = "cannot log in to postgres://shop:(secret)@db"
    objects = {one["ref"].rpartition("/")[2]: one for one in report["objects"]}
    assert objects["web"]["trouble"]["message"].endswith(hidden)
    assert [event["message"] for event in objects["web"]["events"]] == [hidden]
    assert hidden in report["exit"]["reason"]
    assert "correct-horse" not in orjson.dumps(report).decode()


def real(cluster: ApiServer) -> BoundTarget:
    """The lab, taken for one with real containers."""
    return replace(bind(cluster, provider="kwok"), capabilities=Capabilities(containers=True))


def end_with(outside: Transport, namespace: str, end: dict[str, Any]) -> None:
    """The process of the Pod has ended so."""
    container = {"name": "web", "image": "", "imageID": "", "lastState": {"terminated": end}}
    status = {"conditions": [{"type": "Ready", "status": "False"}], "containerStatuses": [container]}
    path = f"/api/v1/namespaces/{namespace}/pods/web/status"
    headers = {"Content-Type": "application/merge-patch+json"}
    outside.request("PATCH", path, body=orjson.dumps({"status": status}), headers=headers)


def tell(outside: Transport, namespace: str, event: dict[str, Any]) -> None:
    """Somebody writes an Event."""
    headers = {"Content-Type": "application/json"}
    outside.request("POST", f"/api/v1/namespaces/{namespace}/events", body=orjson.dumps(event), headers=headers)


def pulled(namespace: str) -> dict[str, Any]:
    """As a kubelet tells it."""
    about = {"kind": "Pod", "namespace": namespace, "name": "web"}
    metadata = {"name": "web.1", "namespace": namespace}
    return {"metadata": metadata, "involvedObject": about, "reason": "Pulled", "message": PULLED, "type": "Normal"}
