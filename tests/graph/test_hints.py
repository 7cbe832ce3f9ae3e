"""Hooks that do not run while something is installed are no part of a rebuild, and that is said."""

from __future__ import annotations

import pytest

from rebuild.graph import hints
from rebuild.model.findings import Severity
from tests.graph import reading

HOOK = """
apiVersion: batch/v1
kind: Job
metadata: {name: hook, namespace: shop, annotations: {KEY: "VALUE"}}
"""


@pytest.mark.parametrize(
    ("key", "value", "stays"),
    [
        (hints.ARGO_HOOK, "PreSync", True),
        (hints.ARGO_HOOK, "PostSync,SyncFail", True),
        (hints.ARGO_HOOK, "SyncFail", False),
        (hints.ARGO_HOOK, "Skip", False),
        (hints.ARGO_HOOK, "PreDelete, PostDelete", False),
        (hints.ARGO_HOOK, "", True),
        (hints.HELM_HOOK, "pre-install,pre-upgrade", True),
        (hints.HELM_HOOK, "crd-install", True),
        (hints.HELM_HOOK, "test", False),
        (hints.HELM_HOOK, "test-success", False),
        (hints.HELM_HOOK, "pre-upgrade,post-rollback", False),
        ("example.com/hook", "test", True),
    ],
)
def test_what_runs_at_another_event_is_left_out(key: str, value: str, stays: bool) -> None:
    blueprint = hints.installed(reading.blueprint(HOOK.replace("KEY", key).replace("VALUE", value)))
    assert len(blueprint) == stays
    if not stays:
        (finding,) = blueprint.findings
        assert (finding.code, finding.severity, str(finding.origin)) == ("hook-left-out", Severity.INFO, "input.yaml:2")
        assert f"{key}: " in finding.message


def test_annotations_of_any_shape_are_read_without_a_fault() -> None:
    blueprint = reading.blueprint(HOOK.replace('{KEY: "VALUE"}', "[1, {a: b}]"))
    assert hints.installed(blueprint) == blueprint
