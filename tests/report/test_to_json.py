"""The document holds to its contract: every field described, every described field there, the same bytes each time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.events import (
    ApplyAsked,
    Event,
    FlowSettled,
    IgnoreRulesUsed,
    ImageObserved,
    PhaseBegan,
    PhaseEnded,
    PodsObserved,
    StageEnded,
)
from rebuild.model.facts import GapClock, Process, RunResumed, TroubleSeen, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.findings import Difference, Finding, Limit, Severity
from rebuild.model.ignored import Ignored, IgnoreRule, RuleUse
from rebuild.model.pods import PodEvent, PodTimes
from rebuild.model.states import Outcome
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.plan.steps import Action
from rebuild.report.judgement import FAIL, HOLD_BACK
from rebuild.report.to_json import document
from tests.report.streams import (
    DB,
    EVERYTHING,
    NGINX,
    ORIGIN,
    SHOP,
    WEB,
    ended,
    fold,
    opening,
    plan,
    planned,
    run,
    verified,
)

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
DRIFT = Difference(WEB, "spec.replicas", "3", "2", "kubectl")
TIMES = PodTimes("web-1", scheduled=0.0, pulling=1.25, started=3.0, ready=7.1, restarts=0)
RULE = IgnoreRule("rules.yaml:4", "an operator scales it", "team-shop", "2027-03-31")
EDGE = Edge(WEB, DB, Gate.EXISTS, Strength.SOFT, "uses it", "config_refs")


def eventful() -> list[Event]:
    """A run in which something of every kind happened."""
    the_plan = replace(
        plan(
            *(planned(ref) for ref in EVERYTHING),
            limits=(Limit("not-provable", SHOP, "simulated"),),
            findings=(Finding("odd", Severity.WARNING, "odd indeed", WEB, ORIGIN, "look"),),
            images=(NGINX,),
        ),
        edges=(EDGE,),
    )
    return run(
        PhaseBegan("provision", True, 0.0),
        StageEnded("nodes", 1.25, 0.0),
        PhaseEnded("provision", 0.0),
        WriteFailed(DB, Fault(Cause.INVALID, 422, "no"), 0.5, 2.0, 2.1),
        ended(DB, Outcome.FAILED, ready=False, reason="no", at=2.1),
        replace(ended(WEB, Outcome.SKIPPED, ready=False, because=DB, at=2.2), released_without=(EDGE,)),
        RunResumed(5.5, GapClock.WALL, "2026-01-02T04:00:00Z", Process("7@7", "me", "here", "b", 1.0), 8.25),
        TroubleSeen(WEB, Trouble(TroubleKind.CRASH, "Pod web-1: container web ended with exit code 3"), 5.0),
        FlowSettled(12, 8, 16, 10, 400, 3, "3 answers told of overload", 6.0),
        PodsObserved(WEB, (TIMES,), (PodEvent("BackOff", "Back-off restarting failed container", 4),)),
        ImageObserved(NGINX.image, 1, 2, 1.25, 2.5, 1000),
        ApplyAsked("default", ("/etc/extra",), "staging", "", 60.0, "", True, 300.0, 1800.0, 10.0, 5.0, 30.0),
        verified(WEB, DRIFT, owned=(replace(DRIFT, controller="autoscaler"),), ignored=(Ignored(DRIFT, RULE),)),
        IgnoreRulesUsed((RuleUse(RULE, expired=False, matched=1),)),
        the_plan=the_plan,
    )


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """The paths of all fields, `[]` standing for every item of a list."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, prefix)
    elif isinstance(value, dict):
        for name, child in value.items():
            path = f"{prefix}.{name}" if prefix else name
            path = f"{path}[]" if isinstance(child, list) else path
            yield path
            yield from paths(child, path)


def test_each_field_is_described_and_each_described_field_is_there() -> None:
    described = re.findall(r"^\| `([^`]+)` \|", DOCS.read_text().partition("## ")[0], re.MULTILINE)
    assert sorted(described) == sorted(set(paths(document(fold(eventful())))))


def test_a_document_says_what_happened_to_an_object() -> None:
    _, web, db = document(fold(eventful()))["objects"]
    assert db["ref"] == "v1/Secret/shop/db"
    assert (db["outcome"], db["judgement"], db["reason"]) == ("failed", "failed", "no")
    assert db["fault"] == {"cause": "invalid", "status": 422, "message": "no"}
    assert web["because"] == db["ref"]
    assert web["origin"] == {"path": "shop.yaml", "line": 7, "commit": "c0ffee", "provenance": "commit"}
    assert web["releasedWithout"] == [{"dependency": db["ref"], "gate": "exists", "why": "uses it"}]


def test_a_document_says_who_waited_for_whom() -> None:
    ends = {"dependent": "apps/v1/Deployment/shop/web", "dependency": "v1/Secret/shop/db"}
    (edge,) = document(fold(eventful()))["edges"]
    assert edge == {**ends, "gate": "exists", "strength": "soft", "why": "uses it", "rule": "config_refs"}


def test_a_plan_is_no_run_and_bears_no_name_and_no_time() -> None:
    found = document(fold([*opening("plan"), plan()]))
    assert (found["verb"], found["run"], found["started"]) == ("plan", None, None)


def test_pods_and_images_are_told_with_what_was_measured_of_them() -> None:
    _, web, _ = document(fold(run(*told_of_web(), the_plan=plan(images=(NGINX,)))))["objects"]
    assert web["pods"] == [
        {
            "name": "web-1",
            "scheduledSeconds": 0.0,
            "pullSeconds": 1.25,
            "startSeconds": 3.0,
            "readySeconds": 7.1,
            "readyShare": 0.5,
            "restarts": 0,
        }
    ]
    assert web["trouble"] is None, "it is over"
    (image,) = document(fold(run(*told_of_web(), the_plan=plan(images=(NGINX,)))))["images"]
    assert (image["reference"], image["pull"]["seconds"]) == ("docker.io/library/nginx:1.27", None)
    assert image["pull"]["present"] == 3


def told_of_web() -> list[Event]:
    """A trouble that went by, a measured Pod, and an image that was on the nodes."""
    return [
        RunResumed(5.5, GapClock.WALL, "2026-01-02T04:00:00Z", Process("7@7", "me", "here", "b", 1.0), 8.25),
        TroubleSeen(WEB, Trouble(TroubleKind.NOT_READY, "Pod web-1: container web runs and is not ready"), 5.0),
        TroubleSeen(WEB, None, 6.0),
        PodsObserved(WEB, (TIMES,), ()),
        ImageObserved(NGINX.image, 0, 3, None, None, 0),
    ]


def test_a_share_of_a_recovery_that_was_not_measured_is_null() -> None:
    (pod,) = document(fold(eventful()))["objects"][1]["pods"]
    assert pod["readySeconds"] == 7.1
    assert pod["readyShare"] is None


def test_the_judgements_add_up_to_what_is_declared() -> None:
    counts = document(fold(eventful()))["counts"]
    sums = {"declared", "limits", "differences", "controllerOwned", "ignored", "findings"}
    assert sum(count for name, count in counts.items() if name not in sums) == counts["declared"] == 3


def test_what_a_rule_hid_is_told_with_its_reason_and_its_owner() -> None:
    found = document(fold(eventful()))
    assert found["ignored"] == [
        {
            "ref": str(WEB),
            "path": "spec.replicas",
            "declared": "3",
            "live": "2",
            "manager": "kubectl",
            "rule": "rules.yaml:4",
            "reason": "an operator scales it",
            "owner": "team-shop",
        }
    ]
    (rule,) = found["ignoreRules"]
    assert (rule["expires"], rule["expired"], rule["imported"], rule["matched"]) == ("2027-03-31", False, False, 1)


def test_recovery_is_null_when_the_run_did_not_pass_and_its_phases_stay() -> None:
    assert document(fold(run()))["recovery"]["seconds"] == 14.2
    recovery = document(fold(eventful()))["recovery"]
    assert recovery == {
        "seconds": None,
        "objectiveSeconds": None,
        "phases": [
            {"name": "provision", "seconds": 0.0, "counted": True, "stages": [{"name": "nodes", "seconds": 1.25}]},
            {"name": "gap", "seconds": 2.75, "counted": True, "stages": []},
            {"name": "rebuild", "seconds": 14.2, "counted": True, "stages": []},
        ],
    }


def test_seconds_are_rounded_to_milliseconds() -> None:
    assert document(fold(run(seconds=1.23456)))["recovery"]["seconds"] == 1.235


def test_an_object_that_is_not_provable_is_neither_verified_nor_not() -> None:
    held = plan(planned(SHOP, HOLD_BACK), limits=(Limit("held-back-api", SHOP, "no API"),))
    found = document(fold(run(ended(SHOP, Outcome.SKIPPED, ready=False), the_plan=held)))
    assert found["objects"][0]["verified"] is None
    assert found["counts"]["limited"] == 1


def test_the_same_events_give_the_same_bytes() -> None:
    assert orjson.dumps(document(fold(eventful()))) == orjson.dumps(document(fold(eventful())))


def test_a_run_that_just_began_has_every_top_level_field() -> None:
    assert list(document(fold([]))) == list(document(fold(eventful())))


def test_the_words_for_actions_are_those_of_the_plan() -> None:
    assert (Action.HOLD_BACK.value, Action.FAIL.value) == (HOLD_BACK, FAIL)
