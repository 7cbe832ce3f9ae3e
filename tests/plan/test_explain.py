"""An explanation says what an object waits for and what each wait costs, of a plan and of a run alike."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.model.edges import Gate, Strength
from rebuild.model.groups import group
from rebuild.model.refs import Ref
from rebuild.plan import document, explain, past
from tests.plan.test_course import BUDGET, CONFIG, DB, JOB, SHOP, WEB, creating, edge

EDGES = (
    edge(CONFIG, SHOP),
    edge(DB, SHOP),
    edge(DB, CONFIG),
    edge(JOB, DB, Gate.READY),
    edge(WEB, SHOP),
    edge(WEB, CONFIG),
    edge(WEB, JOB, Gate.READY),
    edge(BUDGET, WEB, strength=Strength.SOFT),
)
ALL = (SHOP, CONFIG, DB, JOB, WEB, BUDGET)


def planned(ref: Ref) -> explain.Explanation:
    return explain.explain(explain.story_of(creating(*ALL, edges=EDGES)), ref)


def test_what_an_object_waits_for_comes_with_its_cost_the_last_gate_first() -> None:
    found = planned(WEB)
    assert [(wait.edge.dependency, wait.behind) for wait in found.waits] == [(JOB, 1), (CONFIG, 0), (SHOP, 0)]
    assert found.waits_in_all == 4
    assert found.begins is not None
    assert sum(wait.costs or 0.0 for wait in found.waits) == pytest.approx(found.begins)
    assert found.waits[0].costs == pytest.approx(found.begins - 0.02)


def test_what_waits_for_an_object_is_told_with_what_is_behind_it() -> None:
    found = planned(CONFIG)
    assert [(wait.edge.dependent, wait.behind) for wait in found.dependents] == [(WEB, 1), (DB, 1)]
    assert found.dependents_in_all == 4


def test_an_object_knows_its_place_on_the_critical_path() -> None:
    assert [planned(ref).place for ref in ALL] == [1, 2, 3, 4, 5, 0]
    assert {planned(ref).length for ref in ALL} == {5}
    assert [hop.ref for hop in planned(WEB).path] == [SHOP, CONFIG, DB, JOB, WEB]


def test_what_is_beside_the_path_has_time_to_spare_and_what_is_on_it_has_none() -> None:
    assert [planned(ref).slack for ref in (SHOP, CONFIG, DB, JOB, WEB)] == pytest.approx([0.0] * 5)
    web, budget = planned(WEB), planned(BUDGET)
    assert budget.slack is not None
    assert budget.slack == pytest.approx((web.ends or 0.0) - (budget.ends or 0.0))


def test_an_object_that_others_make_is_explained_by_who_waits_for_it() -> None:
    other = Ref("", "Secret", "shop", "keys")
    found = explain.explain(explain.story_of(creating(WEB, edges=(edge(WEB, other),))), other)
    assert (found.origin, found.begins, found.ends, found.path) == (None, None, None, ())
    assert [wait.edge.dependent for wait in found.dependents] == [WEB]


def test_many_dependents_are_counted_once_each() -> None:
    refs = [Ref("", "ConfigMap", "shop", str(number)) for number in range(5_000)]
    plan = creating(SHOP, WEB, *refs, edges=(*(edge(ref, SHOP) for ref in refs), *(edge(WEB, ref) for ref in refs)))
    found = explain.explain(explain.story_of(plan), SHOP)
    assert (len(found.dependents), found.dependents_in_all) == (5_000, 5_001)
    assert sum(1 + wait.behind for wait in found.dependents) == found.dependents_in_all


def row(ref: Ref, **times: float) -> dict[str, Any]:
    landmarks = dict.fromkeys(("intended", "sent", "accepted", "ready", "ended"))
    origin = {"path": "shop.yaml", "line": 3, "commit": None, "provenance": "directory"}
    return {"ref": str(ref), "origin": origin, "times": {**landmarks, **times}}


def report(*rows: dict[str, Any], edges: tuple[Any, ...] = EDGES) -> dict[str, Any]:
    listed = [
        {
            "dependent": str(each.dependent),
            "dependency": str(each.dependency),
            "gate": each.gate.value,
            "strength": each.strength.value,
            "why": each.why,
            "rule": each.rule,
        }
        for each in edges
    ]
    return {"schemaVersion": "rebuild.dev/report/v1alpha1", "objects": list(rows), "edges": listed}


RUN = report(
    row(SHOP, intended=10.0, accepted=10.5, ready=10.75, ended=10.75),
    row(CONFIG, intended=10.5, accepted=11.0, ready=11.0, ended=11.0),
    row(DB, intended=11.0, accepted=11.25, ready=31.0, ended=31.0),
    row(JOB, intended=31.0, accepted=31.5, ready=33.0, ended=33.0),
    row(WEB, intended=33.0, accepted=33.25, ended=40.0),
    row(BUDGET, ended=40.0),
)


def test_of_a_run_it_is_told_which_gate_opened_last_and_what_each_wait_cost() -> None:
    found = explain.explain(past.story_of(RUN, name="run.json"), WEB)
    assert found.measured
    assert (found.begins, found.ends) == (23.0, None)
    assert [(wait.edge.dependency, wait.opens, wait.costs) for wait in found.waits] == [
        (JOB, 23.0, 22.0),
        (CONFIG, 1.0, 0.5),
        (SHOP, 0.5, 0.5),
    ]
    assert str(found.origin) == "shop.yaml:3"


def test_the_critical_path_of_a_run_is_that_of_what_became_ready() -> None:
    found = explain.explain(past.story_of(RUN, name="run.json"), JOB)
    assert [(hop.ref, hop.begins, hop.seconds) for hop in found.path] == [
        (SHOP, 0.0, 0.5),
        (CONFIG, 0.5, 0.5),
        (DB, 1.0, 20.0),
        (JOB, 21.0, 2.0),
    ]
    assert (found.place, found.length, found.slack) == (4, 4, 0.0)


def test_what_was_not_sent_has_no_times() -> None:
    found = explain.explain(past.story_of(RUN, name="run.json"), BUDGET)
    assert (found.begins, found.ends, found.slack) == (None, None, None)
    assert [wait.opens for wait in found.waits] == [23.25]


def test_what_was_there_before_cost_nothing() -> None:
    kept = report(row(SHOP, ready=0.5, ended=0.5), row(WEB, intended=3.0, accepted=3.5, ready=4.0), edges=(EDGES[4],))
    (wait,) = explain.explain(past.story_of(kept, name="run.json"), WEB).waits
    assert (wait.opens, wait.costs) == (0.0, 0.0)


def test_a_group_of_a_run_opened_with_its_last_member() -> None:
    wave = group("wave")
    edges = (edge(wave, SHOP), edge(wave, DB, Gate.READY), edge(JOB, wave), edge(wave, CONFIG, Gate.READY))
    story = past.story_of(report(*RUN["objects"], edges=edges), name="run.json")
    found = explain.explain(story, JOB)
    assert [(wait.edge.dependency, wait.opens, wait.behind) for wait in found.waits] == [(wave, 21.0, 3)]
    assert [hop.ref for hop in found.path] == [DB, wave, JOB]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (None, "is no report"),
        ([], "is no report"),
        ({"schemaVersion": "rebuild.dev/report/v1alpha1"}, "is no report"),
        (report(), "nothing was written"),
        (report(row(SHOP, ended=1.0)), "nothing was written"),
        ({**RUN, "edges": [{}]}, "is a broken report"),
        ({**RUN, "objects": [{"ref": "x"}]}, "is a broken report"),
        ({**RUN, "objects": [{"ref": str(SHOP), "times": 3}]}, "is a broken report"),
        (report(row(SHOP, intended=1.0), edges=(edge(SHOP, WEB), edge(WEB, SHOP))), "is a broken report"),
    ],
)
def test_what_is_no_report_is_refused_with_a_next_step(broken: Any, says: str) -> None:
    with pytest.raises(past.NotAReport, match=says) as caught:
        past.story_of(broken, name="run.json")
    assert caught.value.hint


def test_programs_get_the_same_with_times_in_milliseconds() -> None:
    found = document.explanation(explain.explain(past.story_of(RUN, name="run.json"), WEB))
    assert found["measured"] is True
    assert found["waitsFor"][0] == {
        "ref": str(JOB),
        "origin": "shop.yaml:3",
        "gate": "ready",
        "strength": "hard",
        "why": "test",
        "rule": "test",
        "opens": 23.0,
        "costs": 22.0,
        "behind": 1,
    }
    assert found["criticalPath"] == {"place": None, "length": 4, "slack": None}
