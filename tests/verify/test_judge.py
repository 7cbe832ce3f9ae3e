"""The verdict keeps presence, equality and health apart."""

from __future__ import annotations

import pytest

from rebuild.model.findings import ADMISSION
from rebuild.model.states import Health, Status
from rebuild.verify import controllers, judge, schema
from tests.verify import cases

FOLDER = cases.ROOT / "controllers" / "scaled_replicas"


def test_an_object_that_is_not_there_is_neither_equal_nor_healthy() -> None:
    declared = cases.manifest(cases.read(FOLDER / "declared.yaml"))
    verdict = judge.judge(declared, None, Status(Health.NOT_FOUND), setting=cases.setting(FOLDER), key=cases.KEY)
    assert (verdict.present, verdict.equal, verdict.status.health) == (False, False, Health.NOT_FOUND)


def test_a_controllers_field_leaves_the_object_equal() -> None:
    verdict = cases.verified(FOLDER)
    assert verdict.equal
    assert [found.path for found in verdict.controller_owned] == ["spec.replicas"]


@pytest.mark.parametrize("health", [h for h in Health if h is not Health.CURRENT])
def test_health_does_not_touch_equality(health: Health) -> None:
    declared = cases.manifest(cases.read(FOLDER / "declared.yaml"))
    verdict = judge.judge(declared, declared.body, Status(health), setting=cases.setting(FOLDER), key=cases.KEY)
    assert (verdict.equal, verdict.status.health) == (True, health)


def test_what_admission_changed_stands_apart_only_where_this_run_created_the_object() -> None:
    """The field is ours alone, and its value is not: an older declaration of ours would look the same."""
    declared = cases.manifest(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "shop"}, "data": {"a": "blue"}}
    )
    ours = {"manager": cases.MANAGER, "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}}
    theirs = {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:a": {}}}}

    def verdict(*managers: object, created: bool) -> judge.Verified:
        live = {**declared.body, "data": {"a": "red"}}
        live["metadata"] = {**declared.body["metadata"], "managedFields": list(managers)}
        setting = controllers.Setting(schema.builtin(), cases.MANAGER)
        status = Status(Health.CURRENT)
        return judge.judge(declared, live, status, setting=setting, key=cases.KEY, created=created)

    found = verdict(ours, created=True)
    assert found.equal
    assert [each.controller for each in found.controller_owned] == [ADMISSION]
    assert not verdict(ours, created=False).equal
    assert not verdict(theirs, created=True).equal
    assert not verdict(ours, theirs, created=True).equal
