"""Objects and namespaces that somebody is deleting, and that do not go."""

from __future__ import annotations

import orjson
import pytest

from rebuild.cluster.transport import Transport
from rebuild.providers.kwok.lab import Lab
from tests.faults.conftest import Home, direct, objects

pytestmark = pytest.mark.live

STUCK = "example.com/nobody-removes-this"


def stuck(outside: Transport, collection: str, name: str) -> None:
    """An object with a finalizer that nobody heeds, which somebody has deleted."""
    body = {"metadata": {"name": name, "finalizers": [STUCK]}}
    json = {"Content-Type": "application/json"}
    outside.request("POST", f"{collection}?fieldManager=somebody", body=orjson.dumps(body), headers=json)
    outside.request("DELETE", f"{collection}/{name}")


def release(outside: Transport, path: str) -> None:
    """Let it go after all."""
    patch = {"Content-Type": "application/merge-patch+json"}
    outside.request("PATCH", path, body=b'{"metadata":{"finalizers":null}}', headers=patch)


@pytest.mark.fault("R16", "a declared object is being deleted, and a finalizer keeps it")
def test_an_object_that_a_finalizer_keeps_from_going_is_named(lab: Lab, shared: Home, outside: Transport) -> None:
    """Its deadline ends it: it is being deleted, and which finalizers keep it. Everything else is back."""
    shared.many(3)
    assert shared.apply(*direct(lab)).code == 0
    collection = f"/api/v1/namespaces/{shared.name}/configmaps"
    stuck(outside, collection, "leaving")
    shared.declare(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: leaving, namespace: HOME}\ndata: {key: new}\n"
    )
    try:
        ran = shared.apply(*direct(lab), "--object-timeout", "2s")
    finally:
        release(outside, f"{collection}/leaving")
    assert ran.code == 1, ran.stderr
    found = objects(ran)
    assert STUCK in (found["ConfigMap/leaving"]["reason"] or found["ConfigMap/leaving"]["healthMessage"])
    assert {one["judgement"] for name, one in found.items() if name != "ConfigMap/leaving"} == {"verified"}


@pytest.mark.fault("R16", "a declared namespace is terminating, and a finalizer in it keeps it")
def test_a_namespace_that_terminates_and_stays_is_named(lab: Lab, shared: Home, outside: Transport) -> None:
    """What goes into it is tried until the deadline and then says that the namespace is being terminated; nothing is
    removed to help it along."""
    assert shared.apply(*direct(lab)).code == 0
    collection = f"/api/v1/namespaces/{shared.name}/configmaps"
    stuck(outside, collection, "left")
    outside.request("DELETE", f"/api/v1/namespaces/{shared.name}")
    shared.many(2)
    try:
        ran = shared.apply(*direct(lab), "--object-timeout", "2s")
    finally:
        release(outside, f"{collection}/left")
    assert ran.code == 1, ran.stderr
    assert "being terminated" in ran.stderr + ran.stdout
    assert {one["judgement"] for one in ran.json()["objects"]} <= {"failed", "skipped", "never-ready"}
