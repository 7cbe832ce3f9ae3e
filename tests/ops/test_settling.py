"""What came back is watched for a chosen time, by a real API server with simulated nodes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.transport import Transport
from rebuild.ops.target import bind
from tests.ops.test_pods import WORKLOAD, applied, end_with, phases

pytestmark = pytest.mark.live

OBJECTS = (
    WORKLOAD.replace("SELECTOR", "")
    + """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: page, namespace: HOME}
data: {title: Shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: colours, namespace: HOME}
data: {sky: blue}
"""
)


@pytest.fixture
def namespace(outside: Transport) -> Iterator[str]:
    name = f"stable-{uuid4().hex[:8]}"
    yield name
    outside.request("DELETE", f"/api/v1/namespaces/{name}")


def test_what_stays_is_said_to_be_stable_and_the_time_is_no_recovery_time(cluster: ApiServer, namespace: str) -> None:
    began = time.monotonic()
    report = applied(bind(cluster, provider="kwok"), OBJECTS.replace("HOME", namespace), stable=2)
    took = time.monotonic() - began
    assert report["verdict"] == "PASS", report["exit"]
    assert phases(report) == ["apply", "verify", "settle"]
    (settle,) = (phase for phase in report["recovery"]["phases"] if phase["name"] == "settle")
    assert not settle["counted"]
    assert settle["seconds"] >= 2
    assert report["recovery"]["seconds"] <= took - 2


def test_what_relapses_in_that_time_is_named_with_what_became_of_it(
    cluster: ApiServer, outside: Transport, namespace: str
) -> None:
    def disturb() -> None:
        end_with(outside, namespace, {"exitCode": 7})
        maps = f"/api/v1/namespaces/{namespace}/configmaps"
        outside.request("DELETE", f"{maps}/page")
        body = orjson.dumps({"data": {"sky": "grey"}})
        headers = {"Content-Type": "application/merge-patch+json"}
        outside.request("PATCH", f"{maps}/colours?fieldManager=by-hand", body=body, headers=headers)

    text = OBJECTS.replace("HOME", namespace)
    report = applied(bind(cluster, provider="kwok"), text, stable=3, meanwhile=disturb)
    relapsed = {one["ref"]: one["healthMessage"] for one in report["objects"] if one["judgement"] == "relapsed"}
    assert relapsed.keys() == {
        f"v1/Pod/{namespace}/web",
        f"v1/ConfigMap/{namespace}/page",
        f"v1/ConfigMap/{namespace}/colours",
    }
    assert relapsed[f"v1/ConfigMap/{namespace}/page"] == "does not exist"
    assert relapsed[f"v1/ConfigMap/{namespace}/colours"] == "differs in data.sky"
    assert report["counts"]["relapsed"] == 3
    assert report["verdict"] == "FAIL"
    assert "was in order and is not any more" in report["exit"]["reason"]


def test_what_is_not_back_at_all_is_not_watched(cluster: ApiServer, namespace: str) -> None:
    text = WORKLOAD.replace("HOME", namespace).replace("SELECTOR", "no-such-node: here")
    report = applied(bind(cluster, provider="kwok"), text, deadline=2, stable=600)
    assert phases(report) == ["apply", "verify", "pods"]
