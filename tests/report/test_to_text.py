"""What people read, word for word."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rebuild.model.events import Event, FlowSettled, ImageObserved, PodsObserved, RunEnded, RunStarted, StageEnded
from rebuild.model.facts import TroubleSeen, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.findings import Difference, Finding, Limit, Severity
from rebuild.model.ignored import Ignored, IgnoreRule
from rebuild.model.images import Image, NeededImage
from rebuild.model.pods import PodEvent, PodTimes
from rebuild.model.refs import Ref
from rebuild.model.states import Outcome
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.report import fidelity
from rebuild.report.to_text import last_line, summary
from rebuild.report.verdict import SIGINT
from tests.report.streams import (
    DB,
    EVERYTHING,
    NGINX,
    SHOP,
    WEB,
    closing,
    ended,
    fold,
    opening,
    phase,
    plan,
    planned,
    run,
    verified,
    written,
)

KWOK = "kwok: control plane only, nodes simulated"


@pytest.mark.parametrize(
    ("fidelity", "caveat"),
    [("kwok", f" on {KWOK}"), ("kind", " on kind: real containers"), ("cluster", "")],
)
def test_a_recovery_time_is_never_told_without_what_it_is_worth(fidelity: str, caveat: str) -> None:
    events = [*opening(fidelity=fidelity), *run()[3:]]
    assert last_line(fold(events)) == f"PASS  3 of 3 objects verified in 14.2 s (recovery time{caveat})"


def test_limits_are_counted_on_the_last_line() -> None:
    ledger = fold(run(the_plan=plan(limits=(Limit("x", WEB, "y"),))))
    assert last_line(ledger).endswith("; 1 limit)")


def test_verify_says_that_it_measured_no_recovery() -> None:
    ledger = fold(run(verb="verify"))
    assert last_line(ledger) == f"PASS  3 of 3 objects verified ({KWOK}; recovery time not measured)"


def test_plan_counts_what_it_would_do() -> None:
    ledger = fold([*opening("plan"), plan(planned(SHOP, "keep"), planned(WEB), planned(DB)), *closing()])
    assert last_line(ledger) == f"PASS  3 objects planned: 1 keep, 2 create ({KWOK})"


def test_an_offline_plan_needs_no_parentheses() -> None:
    assert last_line(fold([*opening("plan")[:2], plan(), *closing()])) == "PASS  3 objects planned: 3 create"


def test_a_failure_gives_its_reason_on_one_line() -> None:
    ledger = fold(run(ended(WEB, Outcome.FAILED, ready=False, reason="denied:\n  twice")))
    assert last_line(ledger) == (
        "FAIL  1 of 3 objects are not back (1 failed), first apps/v1/Deployment/shop/web: denied: twice "
        f"({KWOK}; recovery time not measured)"
    )


def test_a_missed_objective_still_tells_the_measured_time() -> None:
    assert last_line(fold(run(seconds=75.25, objective=60.0))) == (
        f"FAIL  objective missed: recovery took 75.25 s, and the objective is 60 s (recovery time on {KWOK})"
    )


def test_an_interrupted_run_says_how_far_it_came_and_blames_no_object() -> None:
    ledger = fold([*opening(), plan(), *written(SHOP), RunEnded(complete=False, reason=SIGINT, at=4.0)])
    assert last_line(ledger) == (
        f"INCOMPLETE  interrupted by SIGINT; 1 of 3 objects done ({KWOK}; recovery time not measured)"
    )
    assert summary(ledger) == []


def test_the_summary_tells_each_cause_once_with_what_it_skipped() -> None:
    ledger = fold(
        run(
            ended(SHOP, Outcome.FAILED, ready=False, reason="denied"),
            ended(WEB, Outcome.SKIPPED, ready=False, because=SHOP),
            ended(DB, Outcome.SKIPPED, ready=False, because=SHOP),
        )
    )
    assert summary(ledger)[:2] == [
        "Failures",
        "  v1/Namespace/-/shop (shop.yaml:7): failed: denied; 2 objects skipped because of it",
    ]
    assert not any(str(WEB) in line for line in summary(ledger))


def test_a_cause_outside_the_plan_is_named_too() -> None:
    account = Ref.of("v1", "ServiceAccount", "shop", "default")
    lines = summary(fold(run(ended(WEB, Outcome.SKIPPED, ready=False, because=account))))
    assert lines[1] == f"  {account}: did not come; 1 object skipped because of it"


def test_a_long_value_is_cut_where_people_read_it() -> None:
    owned = Difference(DB, "data.ca", "a" * 200, "b" * 3000, "injector", "CA injector")
    the_plan = plan(*(planned(ref) for ref in EVERYTHING))

    text = summary(fold([*run(verified(DB, owned=(owned,)), the_plan=the_plan)]))

    assert f"  {DB} data.ca: declared {'a' * 200}, live {'b' * 200}... (3000 characters) (CA injector)" in text


def test_what_a_rule_hid_is_listed_and_counted_in_the_last_line() -> None:
    rule = IgnoreRule("rules.yaml:4", "an operator scales it", "team-shop")
    drift = Difference(WEB, "spec.replicas", "3", "2", "kubectl")
    ledger = fold(run(verified(WEB, ignored=(Ignored(drift, rule),))))
    lines = summary(ledger)
    where = lines.index("Ignored by a rule")
    assert lines[where + 1] == (
        f"  {WEB} spec.replicas: declared 3, live 2 (an operator scales it; team-shop; rules.yaml:4)"
    )
    assert "1 difference ignored" in last_line(ledger)
    assert last_line(ledger).startswith("PASS")


def test_differences_limits_and_warnings_follow_and_notes_for_the_record_do_not() -> None:
    warning = Finding("odd", Severity.WARNING, "odd indeed", WEB)
    note = Finding("note", Severity.INFO, "by the way", WEB)
    drift = Difference(WEB, "spec.replicas", "3", "2", "kubectl")
    owned = Difference(DB, "data.ca", '"a"', '"b"', "injector", "CA injector")
    the_plan = plan(
        *(planned(ref) for ref in EVERYTHING), limits=(Limit("far", SHOP, "too far"),), findings=(warning, note)
    )
    events = run(verified(WEB, drift), verified(DB, owned=(owned,)), the_plan=the_plan)
    assert summary(fold([*events, *phase("clean up", 15.0, 16.0, counted=False)])) == [
        "Failures",
        f"  {WEB} (shop.yaml:7): different: spec.replicas is 2, declared is 3",
        "Differences",
        f"  {WEB} spec.replicas: declared 3, live 2 (set by kubectl)",
        "Owned by a controller",
        f'  {DB} data.ca: declared "a", live "b" (CA injector)',
        "Limits: not provable on this target",
        f"  {SHOP}: too far [far]",
        "Findings",
        f"  warning: {WEB}: odd indeed [odd]",
        "Fidelity: kwok",
        f"  proves: {'; '.join(fidelity.of('kwok').proves)}",
        f"  does not prove: {'; '.join(fidelity.of('kwok').does_not_prove)}",
        "Phases",
        "  rebuild      14.2 s",
        "  clean up      1.0 s  (not counted)",
    ]


def test_the_last_events_stand_below_the_failure_that_they_explain() -> None:
    events = PodsObserved(WEB, (), (PodEvent("FailedMount", "no such\nconfigmap", 6), PodEvent("Failed", "Error", 1)))
    ledger = fold(run(ended(WEB, ready=False, reason="not ready within 300 s"), events))
    assert summary(ledger)[:4] == [
        "Failures",
        f"  {WEB} (shop.yaml:7): never-ready: not ready within 300 s",
        "    FailedMount: no such configmap (6 times)",
        "    Failed: Error",
    ]


def test_what_took_long_is_told_with_its_slowest_pod_and_the_images_that_were_pulled() -> None:
    slow = PodTimes("web-2", scheduled=1.0, pulling=2.5, started=4.0, ready=7.1, restarts=0)
    fast = PodTimes("web-1", scheduled=0.0, pulling=0.0, started=1.0, ready=None, restarts=0)
    other = NeededImage(Image("quay.io", "shop/api", "2"), ("IfNotPresent",), (WEB,))
    ledger = fold(
        run(
            PodsObserved(WEB, (fast, slow), ()),
            ImageObserved(NGINX.image, 1, 0, 2.25, 2.5, 12_300_000),
            ImageObserved(other.image, 0, 2, None, None, 0),
            the_plan=plan(images=(NGINX, other)),
        )
    )
    assert summary(ledger)[:5] == [
        "Images",
        "  docker.io/library/nginx:1.27 pulled in 2.5 s, 12.3 MB",
        "  1 image on the nodes before",
        "Slowest to become ready",
        (
            f"  {WEB} 0.2 s; Pod web-2: 1 s to a node, 4 s to its containers, 2.5 s of them pulling, "
            "7 s until its probes passed (50% of the recovery time)"
        ),
    ]


def test_only_the_slowest_images_and_workloads_are_named() -> None:
    needs = tuple(NeededImage(Image("quay.io", f"shop/{n}", "1"), ("Always",), (WEB,)) for n in range(9))
    pulls = [ImageObserved(need.image, 1, 0, 1.0, float(n), 0) for n, need in enumerate(needs)]
    lines = summary(fold(run(*pulls, the_plan=plan(images=needs))))
    assert lines[:3] == ["Images", "  quay.io/shop/8:1 pulled in 8.0 s", "  quay.io/shop/7:1 pulled in 7.0 s"]
    assert lines[6] == "  and 4 more, each in 3.0 s at most"


def test_the_stages_of_a_phase_stand_below_it() -> None:
    stages = [StageEnded("node image", 0.125, 0.2), StageEnded("control plane", 8.0, 8.5)]
    began, over = phase("provision", 0.0, 9.0)
    lines = summary(fold([*opening(), began, *stages, over, *phase("plan", 9.0, 9.5)]))
    assert lines == [
        "Phases",
        "  provision            9.0 s",
        "    node image         0.1 s",
        "    control plane      8.0 s",
        "  plan                 0.5 s",
    ]


def test_the_limit_of_writes_is_told_with_its_reason() -> None:
    lines = summary(fold(run(FlowSettled(12, 8, 16, 10, 400, 3, "3 answers told of overload", 6.0))))
    at = lines.index("Writes")
    assert lines[at + 1] == "  400 requests, at last up to 12 at once: 3 answers told of overload"


def test_what_a_cluster_of_its_own_kind_proves_needs_no_caveat() -> None:
    events = [*opening(fidelity="cluster"), *run()[3:]]
    assert not any(line.startswith("Fidelity") for line in summary(fold(events)))


def test_an_image_that_cannot_be_had_is_a_finding_until_its_object_is_ready() -> None:
    missing = TroubleSeen(WEB, Trouble(TroubleKind.IMAGE, "web-1: no such image web:9", "web:9"), 3.0)
    never = [*opening(), plan(planned(WEB)), *written(WEB), missing, ended(WEB, ready=False), *closing()]
    (line,) = (line for line in summary(fold(never)) if "image-unavailable" in line)
    assert "no such image web:9" in line
    assert "--preload" in line
    came = [*opening(), plan(planned(WEB)), *written(WEB), missing, ended(WEB), *closing()]
    assert not any("image-unavailable" in line for line in summary(fold(came)))


def test_a_field_conflict_is_a_finding_that_names_the_other_manager() -> None:
    fault = Fault(Cause.FIELD_CONFLICT, 409, 'conflict with "by-hand": .data.key')
    failed: list[Event] = [
        WriteFailed(WEB, fault, chance=0.5, sent_at=2.0, at=2.5),
        ended(WEB, Outcome.FAILED, ready=False, reason=fault.message),
    ]
    (line,) = (line for line in summary(fold(run(*failed))) if "field-conflict" in line)
    assert line.startswith('  shop.yaml:7: warning: apps/v1/Deployment/shop/web: conflict with "by-hand": .data.key')


def test_the_last_line_says_for_how_long_everything_has_stayed() -> None:
    first, *others = run()
    assert isinstance(first, RunStarted)
    asked = replace(first, stable=60.0)
    assert "stable for 60 s" in last_line(fold([asked, *others]))
    assert "stable" not in last_line(fold([replace(asked, verb="plan"), plan(), *closing()]))
