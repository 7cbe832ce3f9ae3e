"""Every folder under `cases/` is one truth: a live object (`object.yaml`) and the status we expect of it.

A custom resource may come with the schema that its definition has (`schema.yaml`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rebuild.health import compute
from rebuild.health.compute import Rulebook
from rebuild.health.definitions import evidence
from rebuild.health.verdicts import GroupKind
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.plan.snapshot import ref_of

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/*/object.yaml"))


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_live_object_has_the_status_that_its_case_says(case: Path) -> None:
    expected, body = _load(case / "expected.yaml"), _load(case / "object.yaml")
    waits = expected.pop("waits_for_consumer", False)
    claims = frozenset({ref_of(body)} if waits else set())
    rulebook = Rulebook(evidence=evidence(_definitions(case, body)), waiting_claims=claims)
    found = rulebook.status(body)
    assert found == Status(
        Health(expected.pop("health")),
        expected.pop("message"),
        assumed=expected.pop("assumed", False),
        provisional=expected.pop("provisional", False),
    )
    assert not expected, "expected.yaml says more than this test reads"


def _definitions(case: Path, body: Body) -> Iterator[Body]:
    if (case / "schema.yaml").exists():
        group, _, version = body["apiVersion"].rpartition("/")
        versions = [{"name": version, "schema": {"openAPIV3Schema": _load(case / "schema.yaml")}}]
        yield {"spec": {"group": group, "names": {"kind": body["kind"]}, "versions": versions}}


def test_every_kind_with_a_rule_has_a_case_where_it_is_current_and_one_where_it_is_not() -> None:
    seen: defaultdict[GroupKind, set[bool]] = defaultdict(set)
    for case in CASES:
        body = _load(case / "object.yaml")
        ref = Ref.of(str(body.get("apiVersion")), str(body.get("kind")), "", "")
        seen[ref.group_kind].add(_load(case / "expected.yaml")["health"] == Health.CURRENT)
    assert {kind: seen[kind] for kind in compute.RULES} == {kind: {True, False} for kind in compute.RULES}


def test_every_case_folder_is_complete() -> None:
    folders = [path for path in Path(__file__).parent.glob("cases/*/*") if path.is_dir()]
    assert sorted(folders) == CASES
    assert [case.name for case in CASES if not (case / "expected.yaml").is_file()] == []
