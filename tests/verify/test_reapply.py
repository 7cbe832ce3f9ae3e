"""A re-apply leaves out what a controller owns by now, and nothing else."""

from __future__ import annotations

import copy

import pytest

from rebuild.verify import paths, reapply
from rebuild.verify.paths import Keyed, Path
from tests.verify import cases

WEBHOOK = ("webhooks", Keyed((("name", "a.verify-cases.example"),)), "clientConfig")


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ("scaled_replicas", ("spec", "replicas")),
        ("aggregated_rules", ("rules",)),
        ("webhook_ca", (*WEBHOOK, "caBundle")),
        ("allocated_addresses", ("spec", "ports", Keyed((("port", 80),)), "nodePort")),
        ("bound_volume", ("spec", "volumeName")),
        ("rollout_counters", ("metadata", "annotations", "deployment.kubernetes.io/revision")),
    ],
)
def test_a_controllers_field_is_left_out(case: str, field: Path) -> None:
    folder = cases.ROOT / "controllers" / case
    declared = cases.manifest(cases.read(folder / "declared.yaml"))
    before = copy.deepcopy(declared.body)
    body = reapply.without_controller_owned(declared, cases.read(folder / "live.yaml"), cases.setting(folder))
    assert paths.lookup(declared.body, field) is not None
    assert paths.lookup(body, field) is None
    assert paths.lookup(body, field[:-1]) is not None
    assert declared.body == before


@pytest.mark.parametrize(
    "folder",
    [
        "controllers/an_autoscaler_of_another_workload_excuses_nothing",
        "controllers/a_ca_bundle_that_is_not_what_we_sent",
        "workloads/scaled_by_hand_is_a_difference",
        "workloads/another_image_names_its_manager",
    ],
)
def test_everything_else_is_sent_as_declared(folder: str) -> None:
    declared = cases.manifest(cases.read(cases.ROOT / folder / "declared.yaml"))
    live = cases.read(cases.ROOT / folder / "live.yaml")
    assert reapply.without_controller_owned(declared, live, cases.setting(cases.ROOT / folder)) == declared.body
