"""Custom resources on a real API server: what their definition declares has to come, if anybody can report it."""

from __future__ import annotations

from collections.abc import Iterator
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
from rebuild.model.events import Event
from rebuild.model.facts import WriteAccepted
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import plan as plans
from rebuild.ops.apply import apply
from rebuild.ops.blueprint import declared
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget, bind
from rebuild.plan import rulesfile
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.rules import Rules
from rebuild.report.to_json import document

pytestmark = pytest.mark.live

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: PLURAL.GROUP}
spec:
  group: GROUP
  scope: Cluster
  names: {kind: KIND, plural: PLURAL, singular: SINGULAR, listKind: KINDList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object}, status: SCHEMA}}}
---
apiVersion: GROUP/v1
kind: KIND
metadata: {name: one}
---
"""
CONDITIONS = "conditions: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}"
STATUS = {
    "Reported": f"{{type: object, properties: {{observedGeneration: {{type: integer}}, {CONDITIONS}}}}}",
    "Mute": f"{{type: object, properties: {{{CONDITIONS}}}}}",
    "Phased": "{type: object, properties: {phase: {type: string}}}",
    "Open": "{type: object, x-kubernetes-preserve-unknown-fields: true}",
    "Late": "{type: object, x-kubernetes-preserve-unknown-fields: true}",
    "Ruled": "{type: object, properties: {phase: {type: string}}}",
}
"""Kinds by what the schema of their status declares."""
SAID = {
    "Reported": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]},
    "Late": {"conditions": [{"type": "Ready", "status": "False", "message": "the disk is full"}]},
    "Ruled": {"phase": "Running"},
}
"""What their operator reports, where there is one."""
RULES = """\
apiVersion: rebuild.dev/v1alpha1
kind: Rules
health:
- {group: GROUP, kind: Ruled, current: "self.status.phase == 'Running'", message: "'it is ' + self.status.phase"}
"""


@dataclass(frozen=True, slots=True)
class Operator:
    """A listener that reports on each custom resource as soon as it is written."""

    outside: Transport

    def event(self, event: Event) -> None:
        if not isinstance(event, WriteAccepted) or event.ref.kind not in SAID:
            return
        path = f"/apis/{event.ref.group}/v1/{event.ref.kind.lower()}s/one/status"
        body = orjson.dumps({"status": SAID[event.ref.kind]})
        self.outside.request("PATCH", path, body=body, headers={"Content-Type": "application/merge-patch+json"})


@pytest.fixture
def group(outside: Transport) -> Iterator[str]:
    name = f"h{uuid4().hex[:8]}.example.com"
    yield name
    for kind in STATUS:
        crd = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.lower()}s.{name}"
        outside.request("DELETE", crd)


def applied(target: BoundTarget, group: str, operator: Operator) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The report of a run that applies one object of each kind, and its custom resources by their kind."""
    text = "".join(
        DEFINITION.replace("PLURAL", f"{kind.lower()}s")
        .replace("SINGULAR", kind.lower())
        .replace("KIND", kind)
        .replace("GROUP", group)
        .replace("SCHEMA", schema)
        for kind, schema in STATUS.items()
    )
    run = Run("apply", listener=operator, durable=False)
    found = declared([Source("test", (SourceFile("a.yaml", text.encode()),))], kinds=kinds.builtin(), namespace="x")
    found = found.served_by(target.served)
    own = Rules(health=rulesfile.parse(RULES.replace("GROUP", group).encode(), "rules.yaml").health)
    plan = plans.on_target(found, plans.look(found, target), own)
    run.record(plans.event_of(plan, key=run.key, at=run.now()))
    policy = Policy(object_deadline=4, grace=1)
    apply(run, target, found.blueprint, plan, policy=policy, stoppable=lambda stop: None)
    run.end(complete=True)
    report = document(run.ledger)
    custom = {one["ref"].split("/")[2]: one for one in report["objects"] if one["ref"].startswith(group)}
    return report, custom


def test_where_operators_run_what_a_definition_declares_has_to_come(
    cluster: ApiServer, outside: Transport, group: str
) -> None:
    target = replace(bind(cluster, provider="kwok"), capabilities=Capabilities(containers=True))
    report, objects = applied(target, group, Operator(outside))
    assert {kind: (one["judgement"], one["healthMessage"]) for kind, one in objects.items()} == {
        "Reported": ("verified", "Ready"),
        "Mute": ("never-ready", "its CRD declares conditions, and its controller has reported none"),
        "Phased": ("verified", "health assumed: its CRD declares no conditions"),
        "Open": ("verified", "health assumed: its controller reports nothing"),
        "Late": ("never-ready", "not Ready: the disk is full"),
        "Ruled": ("verified", "it is Running"),
    }
    waited = {
        kind: one["times"]["ready"] - one["times"]["accepted"] for kind, one in objects.items() if one["times"]["ready"]
    }
    assert waited["Open"] >= 1 > waited["Phased"], "where somebody may still report, there is a moment for that"
    assert {(one["code"], one["ref"].split("/")[2]) for one in report["limits"]} == {
        ("health-assumed", "Phased"),
        ("health-assumed", "Open"),
    }
    assert report["verdict"] == "FAIL"


def test_where_none_run_their_health_is_a_limit_and_nothing_waits_for_it(
    cluster: ApiServer, outside: Transport, group: str
) -> None:
    report, objects = applied(bind(cluster, provider="kwok"), group, Operator(outside))
    assert {kind: one["judgement"] for kind, one in objects.items()} == {
        "Reported": "verified",
        "Mute": "limited",
        "Phased": "verified",
        "Open": "limited",
        "Late": "limited",
        "Ruled": "verified",
    }, "what somebody reports all the same counts"
    codes = {one["ref"].split("/")[2]: one["code"] for one in report["limits"]}
    assert codes == dict.fromkeys(STATUS, "health-not-provable") | {"Phased": "health-assumed"}
    assert report["verdict"] == "PASS"
    assert all(one["reason"] is None for one in objects.values()), "nothing was given up on"
