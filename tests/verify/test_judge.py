"""The verdict keeps presence, equality and health apart."""

from __future__ import annotations

import pytest

from rebuild.model.states import Health, Status
from rebuild.verify import judge
from tests.verify import cases

FOLDER = cases.ROOT / "controllers" / "scaled_replicas"


def test_an_object_that_is_not_there_is_neither_equal_nor_healthy() -> None:
    declared = cases.manifest(cases.read(FOLDER / "declared.yaml"))
    verdict = judge.judge(declared, None, Status(Health.NOT_FOUND), setting=cases.setting(FOLDER), key=cases.KEY)
    assert (verdict.present, verdict.equal, verdict.healthy, verdict.passed) == (False, False, False, False)


def test_a_controllers_field_leaves_the_object_equal() -> None:
    verdict = cases.verified(FOLDER)
    assert verdict.passed
    assert [found.path for found in verdict.controller_owned] == ["spec.replicas"]


@pytest.mark.parametrize("health", [h for h in Health if h is not Health.CURRENT])
def test_health_does_not_touch_equality(health: Health) -> None:
    declared = cases.manifest(cases.read(FOLDER / "declared.yaml"))
    verdict = judge.judge(declared, declared.body, Status(health), setting=cases.setting(FOLDER), key=cases.KEY)
    assert (verdict.equal, verdict.healthy, verdict.passed) == (True, False, False)
