"""What a write did: from the answer where it tells, and else from what the plan knew and what the object says."""

from __future__ import annotations

import pytest

from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome
from rebuild.plan import outcomes
from rebuild.plan.steps import Action, Step

BORN = "2026-01-02T03:04:05Z"
MANIFEST = Manifest(Ref("", "ConfigMap", "shop", "settings"), {"data": {"key": "value"}}, Origin("all.yaml", 1))


def outcome(action: Action, *, created: bool = False, version: int = 0, ours: bool = True) -> Outcome:
    entry = {"manager": "rebuild", "operation": "Apply", "time": BORN, "fieldsV1": {"f:data": {"f:key": {}}}}
    born = BORN if ours else "2026-01-01T00:00:00Z"
    body = {"metadata": {"resourceVersion": "7", "creationTimestamp": born, "managedFields": [entry]}}
    return outcomes.of(Step(MANIFEST, action, version=version), body, created=created, manager="rebuild")


def test_an_answer_that_says_created_is_believed() -> None:
    assert outcome(Action.CREATE, created=True, ours=False) is Outcome.CREATED


@pytest.mark.fault("R6", "a reply lost after the commit: what the write created counts as created")
def test_what_an_earlier_write_of_ours_created_was_created() -> None:
    assert outcome(Action.CREATE) is Outcome.CREATED


def test_what_somebody_else_created_meanwhile_was_not() -> None:
    assert outcome(Action.CREATE, ours=False) is Outcome.CONFIGURED


def test_what_was_there_when_the_plan_was_made_was_not_created() -> None:
    assert outcome(Action.CONFIGURE, version=5) is Outcome.CONFIGURED
    assert outcome(Action.CONFIGURE, version=7) is Outcome.UNCHANGED
