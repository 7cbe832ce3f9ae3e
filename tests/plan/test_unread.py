"""What could not be read of a target is told, and nothing is concluded from it."""

from __future__ import annotations

from rebuild.graph import build as graphs
from rebuild.model.faults import Cause, Fault
from rebuild.model.findings import Severity
from rebuild.plan import build
from rebuild.plan.build import Surroundings
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Action, Plan
from tests.plan import support

SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
DENIED = Fault(Cause.FORBIDDEN, 403, "configmaps is forbidden")
UNCONVERTED = Fault(Cause.WEBHOOK, 500, "conversion webhook for example.com failed")


def plan(unread: dict[tuple[str, str, str], Fault]) -> Plan:
    found = support.blueprint(SETTINGS)
    surroundings = Surroundings(Snapshot((), unread), support.REAL)
    return build.build(found, graphs.build(found), surroundings, manager=support.MANAGER)


def test_a_kind_that_may_not_be_listed_is_a_finding() -> None:
    findings = [f for f in plan({("apps", "Deployment", "v1"): DENIED}).findings if f.code == "kind-unreadable"]
    (finding,) = findings
    assert finding.severity is Severity.WARNING
    assert finding.message == "what lives of apps/v1 Deployment could not be read: configmaps is forbidden"
    assert "allow this user to list" in finding.next_step


def test_a_kind_that_nobody_converts_is_a_finding_with_another_next_step() -> None:
    (finding,) = (f for f in plan({("", "ConfigMap", "v1"): UNCONVERTED}).findings if f.code == "kind-unreadable")
    assert "v1 ConfigMap" in finding.message
    assert "webhook" in finding.next_step


def test_a_namespace_is_not_called_missing_where_namespaces_may_not_be_listed() -> None:
    (step,) = plan({("", "Namespace", "v1"): DENIED}).steps.values()
    assert step.action is Action.CREATE


def test_a_snapshot_knows_of_which_objects_it_knows_nothing() -> None:
    snapshot = Snapshot((), {("apps", "Deployment", "v1"): DENIED})
    ref = next(iter(support.blueprint(SETTINGS))).ref
    assert snapshot.why_unread(ref) is None
    assert snapshot.why_unread(ref.of("apps/v1", "Deployment", "shop", "web")) == DENIED
    assert snapshot.why_unread(ref.of("apps/v1beta1", "Deployment", "shop", "web")) is None
