"""Precision: what was written and then left alone, with every controller running, differs in nothing."""

from __future__ import annotations

import pytest

from rebuild.model.blueprint import Blueprint
from rebuild.model.states import Health, Status
from rebuild.plan.snapshot import Snapshot
from rebuild.verify import judge
from rebuild.verify.controllers import Setting
from tests.accuracy import figures

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]


def test_what_was_left_alone_differs_in_nothing(blueprint: Blueprint, snapshot: Snapshot, setting: Setting) -> None:
    found = [
        judge.judge(manifest, snapshot.get(manifest.ref), Status(Health.CURRENT), setting=setting, key=b"any")
        for manifest in blueprint
    ]
    missing = [str(one.ref) for one in found if not one.present]
    wrong = [f"{d.ref} {d.path}: {d.declared} -> {d.live} by {d.manager}" for one in found for d in one.differences]
    figures.keep(
        "precision",
        {
            "kinds": len({one.ref.group_kind for one in found}),
            "objects": len(found),
            "objects with false differences": len([one for one in found if one.differences]),
            "fields owned by a controller": sum(len(one.controller_owned) for one in found),
        },
    )
    assert not missing
    assert not wrong, "\n".join(wrong)
