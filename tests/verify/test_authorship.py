"""Whether an object came into being by our own apply, from its record alone."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.verify.authorship import was_created_by

EARLIER, BORN, LATER = (f"2026-01-02T03:04:0{second}Z" for second in (4, 5, 6))
OURS = {"f:data": {"f:key": {}}, "f:metadata": {"f:labels": {"f:app": {}}}}
REVISION: dict[str, Any] = {"f:metadata": {"f:annotations": {".": {}, "f:revision": {}}}}
STATUS: dict[str, Any] = {"f:status": {"f:phase": {}}}


def entry(manager: str, fields: dict[str, Any], time: str = BORN, **more: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields, **more}


def applied(time: str = BORN, manager: str = "rebuild") -> dict[str, Any]:
    return entry(manager, OURS, time, operation="Apply")


def live(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"creationTimestamp": BORN, "managedFields": list(entries)}}


@pytest.mark.parametrize(
    "entries",
    [
        [applied()],
        [applied(EARLIER)],
        [applied(), entry("kube-controller-manager", REVISION)],
        [applied(), entry("kube-controller-manager", STATUS, subresource="status")],
        [applied(), entry("kubectl-edit", OURS, LATER)],
        [],
        [entry("before-first-apply", OURS)],
        [entry("kube-controller-manager", STATUS, subresource="status")],
    ],
    ids=[
        "alone",
        "in the second before",
        "a controller at once",
        "its status",
        "edited later",
        "nothing but a name",
        "found so",
        "only status",
    ],
)
def test_it_was_ours(entries: list[dict[str, Any]]) -> None:
    assert was_created_by(live(*entries), "rebuild")


@pytest.mark.parametrize(
    "entries",
    [
        [applied(LATER)],
        [applied(LATER), entry("kubectl-create", OURS)],
        [applied(), entry("kubectl-create", OURS)],
        [applied(), applied(manager="argocd-controller")],
        [entry("kubectl-create", OURS)],
        [applied(manager="argocd-controller")],
        [entry("rebuild", OURS)],
    ],
    ids=["later", "after another", "with another", "with an apply", "another", "another apply", "no apply"],
)
def test_it_was_not_ours(entries: list[dict[str, Any]]) -> None:
    assert not was_created_by(live(*entries), "rebuild")


@pytest.mark.parametrize("fields", [None, "odd", {"f:data": None}, {"f:data": []}])
def test_a_record_that_makes_no_sense_is_read_all_the_same(fields: Any) -> None:
    odd = entry("other", {})
    odd["fieldsV1"] = fields
    assert was_created_by(live(applied(), odd), "rebuild")
