"""The way of a Pod's trouble: from a real watch over the facts to the end of its workload.

Nodes of the lab are simulated, so the test says in their place what a kubelet would say of a Pod on no node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.transport import Transport
from rebuild.engine.policy import Policy
from rebuild.model.events import Event
from rebuild.model.facts import HealthSeen, TroubleSeen
from rebuild.model.refs import Ref
from rebuild.model.troubles import Trouble, TroubleKind
from tests.runner.rig import Audit, Book, driver_for, plan_for

pytestmark = pytest.mark.live

STUCK = """
apiVersion: v1
kind: Namespace
metadata: {name: HOME}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: HOME}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {nodeSelector: {no-such-node: here}, containers: [{name: web, image: "registry.example.com/web:1"}]}
"""
WAITING = {"reason": "ImagePullBackOff", "message": "no such host"}
NO_IMAGE = {"containerStatuses": [{"name": "web", "image": "", "imageID": "", "state": {"waiting": WAITING}}]}


def kinds_of(book: Book) -> list[TroubleKind | None]:
    return [fact.trouble.kind if fact.trouble else None for fact in book.of(TroubleSeen)]


def say(outside: Transport, namespace: str, status: dict[str, Any]) -> None:
    """Set the status of the one Pod there."""
    _, pods = outside.request("GET", f"/api/v1/namespaces/{namespace}/pods")
    path = f"/api/v1/namespaces/{namespace}/pods/{pods['items'][0]['metadata']['name']}/status"
    headers = {"Content-Type": "application/merge-patch+json"}
    outside.request("PATCH", path, body=orjson.dumps({"status": status}), headers=headers)


def test_an_image_that_cannot_be_had_ends_its_deployment_long_before_the_deadline(
    cluster: ApiServer, outside: Transport, namespace: str, audit: Audit
) -> None:
    web = Ref("apps", "Deployment", namespace, "web")

    def pull_in_vain(event: Event) -> None:
        match event:
            case TroubleSeen(trouble=Trouble(kind=TroubleKind.UNSCHEDULABLE)):
                say(outside, namespace, {**NO_IMAGE, "conditions": []})

    book = Book(pull_in_vain)
    plan = plan_for(STUCK.replace("HOME", namespace), cluster)
    driver_for(plan, cluster, book, policy=Policy(image_patience=1), follow_pods=True).run()

    ended = book.endings()[web]
    assert not ended.ready
    assert ended.at < 60, "its deadline is 300 s"
    assert ended.reason.startswith("no image within 1 s: ")
    assert "does not get its image registry.example.com/web:1: ImagePullBackOff: no such host" in ended.reason
    assert kinds_of(book)[-1] is TroubleKind.IMAGE
    assert [entry["objectRef"]["resource"] for entry in audit.entries("watch")].count("pods") == 1


def test_a_trouble_that_goes_by_is_told_to_be_over(cluster: ApiServer, outside: Transport, namespace: str) -> None:
    def get_ready(event: Event) -> None:
        match event:
            case TroubleSeen(trouble=Trouble(kind=TroubleKind.UNSCHEDULABLE)):
                say(outside, namespace, {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})

    book = Book(get_ready)
    plan = plan_for(STUCK.replace("HOME", namespace), cluster)
    driver_for(plan, cluster, book, follow_pods=True).run()

    assert book.endings()[Ref("apps", "Deployment", namespace, "web")].ready
    assert TroubleKind.UNSCHEDULABLE in kinds_of(book)
    assert kinds_of(book)[-1] is None


def test_on_simulated_nodes_nobody_follows_pods(
    cluster: ApiServer, audit: Audit, namespace: str, doomed: Callable[[str], None]
) -> None:
    book = Book()
    plan = plan_for(STUCK.replace("HOME", namespace), cluster)
    driver_for(plan, cluster, book, policy=Policy(object_deadline=2)).run()
    assert book.of(HealthSeen)
    assert not book.of(TroubleSeen)
    assert "pods" not in [entry["objectRef"]["resource"] for entry in audit.entries("watch")]
