"""What was left alone has no additions either: the same objects, seen by `rebuild drift`."""

from __future__ import annotations

import pytest

from rebuild.model.blueprint import Blueprint
from rebuild.plan.snapshot import Snapshot
from rebuild.verify.controllers import Setting
from rebuild.verify.drift import lines
from rebuild.verify.drift.defaults import Custom

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]


def test_nothing_was_added_to_what_was_left_alone(blueprint: Blueprint, snapshot: Snapshot, setting: Setting) -> None:
    custom = Custom.of(m.body for m in blueprint.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"))
    told = [
        line.drift
        for manifest in blueprint
        if (live := snapshot.get(manifest.ref)) is not None
        for line in lines.of_declared(manifest, manifest, live, setting, custom=custom, key=b"any").drift
    ]
    assert not told, "\n".join(f"{one.kind} {one.ref} {one.path}: {one.live} by {one.writes}" for one in told)
