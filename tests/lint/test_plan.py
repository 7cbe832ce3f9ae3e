"""What the server is sure to refuse fails by itself in the plan, and the rest goes on."""

from __future__ import annotations

from msgspec.structs import replace

from rebuild.model import kinds
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import Declared, declared
from rebuild.plan.build import OFFLINE
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan

MAPS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: good}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: Bad}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: newer}
brandNew: a
"""


def read(text: str) -> Declared:
    source = Source("shop.git", (SourceFile("maps.yaml", text.encode()),))
    return declared([source], kinds=kinds.builtin(), namespace="default")


def actions(plan: Plan) -> dict[str, Action]:
    return {ref.name: step.action for ref, step in plan.steps.items()}


def test_only_what_is_refused_fails() -> None:
    plan = plans.offline(read(MAPS))
    assert actions(plan) == {"good": Action.CREATE, "Bad": Action.FAIL, "newer": Action.FAIL}
    assert [(f.code, f.ref and f.ref.name, str(f.origin)) for f in plan.findings] == [
        ("bad-name", "Bad", "maps.yaml:6"),
        ("unknown-field", "newer", "maps.yaml:10"),
    ]
    (step,) = (step for ref, step in plan.steps.items() if ref.name == "Bad")
    assert step.reason.startswith("'Bad' is no name for a ConfigMap")
    assert not step.awaited


def test_a_target_of_another_release_is_sent_what_only_ours_does_not_know() -> None:
    around = replace(OFFLINE, version="v1.99.0")
    plan = plans.on_target(read(MAPS), around)
    assert actions(plan) == {"good": Action.CREATE, "Bad": Action.FAIL, "newer": Action.CREATE}
    assert [finding.code for finding in plan.findings] == ["bad-name", "unknown-field"]


def test_what_lives_as_declared_is_kept_even_if_a_server_would_refuse_it_today() -> None:
    live = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Bad", "namespace": "default"}}
    plan = plans.on_target(read(MAPS), replace(OFFLINE, snapshot=Snapshot([live])))
    assert actions(plan)["Bad"] is Action.KEEP
