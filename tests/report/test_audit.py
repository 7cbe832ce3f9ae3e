"""Coverage counts each object once, and the worst gaps come first."""

from __future__ import annotations

import json

import pytest

from rebuild.model.drift import Actor, Drift, DriftKind, Unchecked, Write
from rebuild.model.gaps import GapKind
from rebuild.model.ignored import IgnoreRule, RuleUse
from rebuild.model.refs import Ref
from rebuild.report import audit
from rebuild.report.audit import AuditReport, Known
from tests.report.test_drift import report

DECLARED = tuple(Ref.of("v1", "ConfigMap", "shop", f"c{number}") for number in range(8))
CLAIM = Ref.of("v1", "PersistentVolumeClaim", "shop", "data")
SECRET = Ref.of("v1", "Secret", "shop", "s")
WEB = Ref.of("apps/v1", "Deployment", "shop", "web")
HAND = Write("kubectl-edit", "Update", "", "2026-01-01T00:00:00Z", Actor.PERSON)


def line(kind: DriftKind, ref: Ref, path: str = "") -> Drift:
    return Drift(kind, ref, path, "1", "2", (HAND,))


def audited(*drift: Drift, **known: object) -> AuditReport:
    return audit.of(report(*drift), Known(DECLARED, **known))  # type: ignore[arg-type]


def test_an_environment_without_a_gap_is_covered() -> None:
    found = audited()
    assert (found.percent, found.gaps) == (100.0, [])
    assert audit.last_line(found) == "COVERAGE  100.0 % = 8 of 8 objects without a gap"


def test_an_object_with_many_gaps_counts_once_and_what_is_not_declared_counts_as_well() -> None:
    drift = (
        line(DriftKind.CHANGED, DECLARED[0], "data.a"),
        line(DriftKind.FOREIGN, DECLARED[0], "data.b"),
        line(DriftKind.UNMANAGED, WEB),
    )
    found = audited(*drift, claims=[CLAIM], on_nodes=[DECLARED[0]])
    assert found.objects == 10
    assert found.with_gap == 3
    assert found.percent == 70.0
    [changed] = [gap for gap in found.gaps if gap.kind is GapKind.CHANGED]
    assert changed.why == "it is not as declared at data.a and 1 more"
    assert changed.managers == ("kubectl-edit (person)",)


def test_a_gap_never_rounds_up_to_all() -> None:
    many = tuple(Ref.of("v1", "ConfigMap", "shop", f"c{number}") for number in range(5000))
    found = audit.of(report(line(DriftKind.MISSING, many[0])), Known(many))
    assert found.percent == 99.9


def test_the_worst_comes_first() -> None:
    drift = (
        line(DriftKind.MISSING, DECLARED[1]),
        line(DriftKind.CHANGED, DECLARED[0], "data.a"),
        line(DriftKind.UNMANAGED, Ref.of("v1", "ConfigMap", "shop", "stray")),
        line(DriftKind.UNMANAGED, WEB),
        line(DriftKind.UNMANAGED, SECRET),
    )
    found = audited(*drift, claims=[CLAIM], unread=[DECLARED[2]])
    assert [(gap.kind.value, gap.ref.kind) for gap in found.gaps] == [
        ("data", "PersistentVolumeClaim"),
        ("secret", "Secret"),
        ("undeclared", "Deployment"),
        ("undeclared", "ConfigMap"),
        ("changed", "ConfigMap"),
        ("missing", "ConfigMap"),
        ("unknown", "ConfigMap"),
    ]


@pytest.mark.parametrize(("ref", "kind"), [(SECRET, GapKind.SECRET), (WEB, GapKind.UNDECLARED)])
def test_what_is_used_and_neither_lives_nor_is_declared_is_a_gap(ref: Ref, kind: GapKind) -> None:
    [gap] = audited(used=((ref, DECLARED[0]),)).gaps
    assert (gap.kind, gap.ref) == (kind, ref)
    assert str(DECLARED[0]) in gap.why


def test_a_secret_that_lives_and_is_used_is_one_gap() -> None:
    [gap] = audited(line(DriftKind.UNMANAGED, SECRET), used=((SECRET, DECLARED[0]),)).gaps
    assert gap.why == "it lives and has no source"


def test_limits_are_counted_in_the_last_line() -> None:
    found = audit.of(report(unchecked=(Unchecked("v1 Secret", "forbidden: no"),)), Known(DECLARED))
    assert audit.last_line(found).endswith("(1 limit)")


def test_what_rules_hide_is_counted_and_listed() -> None:
    rule = IgnoreRule("rules.yaml:4", "KEDA scales it", "team-shop")
    drift = report()
    drift.ignored.append((line(DriftKind.CHANGED, WEB, "spec.replicas"), rule))
    drift.rules.append(RuleUse(rule, False, 1))
    found = audit.of(drift, Known(DECLARED))
    assert audit.last_line(found).endswith("(1 difference ignored)")
    document = audit.document(found)
    assert [(one["path"], one["reason"], one["owner"]) for one in document["ignored"]] == [
        ("spec.replicas", "KEDA scales it", "team-shop")
    ]
    assert [(one["rule"], one["matched"]) for one in document["ignoreRules"]] == [("rules.yaml:4", 1)]


def test_the_document_prints_its_formula() -> None:
    found = json.loads(json.dumps(audit.document(audited(line(DriftKind.UNMANAGED, SECRET)))))
    assert found["coverage"] == {"percent": 88.8, "formula": audit.FORMULA, "objects": 9, "withoutGap": 8}
    assert found["counts"]["secret"] == 1
    assert found["gaps"][0]["ref"] == str(SECRET)
