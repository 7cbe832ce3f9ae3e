"""An explanation on a stream."""

from __future__ import annotations

import io

from rebuild.console.explaining import print_explanation
from rebuild.model.refs import Ref
from rebuild.plan import explain, past
from tests.plan.test_course import BUDGET, WEB, creating, edge
from tests.plan.test_explain import RUN, planned


def printed(found: explain.Explanation) -> list[str]:
    stream = io.StringIO()
    print_explanation(stream, found)
    return stream.getvalue().splitlines()


def test_a_planned_object_is_told_with_its_waits_its_way_and_its_dependents() -> None:
    assert printed(planned(WEB)) == [
        "apps/v1/Deployment/shop/web (shop.yaml:1)",
        "leaves at 50.0 s and is ready at 65.1 s (expected, not measured)",
        "on the critical path: 5 of 5",
        "",
        "waits for 3 objects, 4 with those behind",
        "OPENS   COSTS   OBJECT                      UNTIL IT         BEHIND  BECAUSE  DECLARED AT",
        "50.0 s  50.0 s  batch/v1/Job/shop/migrate   is ready (hard)  1       test     shop.yaml:1",
        "0.0 s   0.0 s   v1/ConfigMap/shop/settings  exists (hard)            test     shop.yaml:1",
        "0.0 s   0.0 s   v1/Namespace/-/shop         exists (hard)            test     shop.yaml:1",
        "",
        "how it comes to leave then",
        "AT      OBJECT                       TAKES   WAITS BECAUSE",
        "0.0 s   v1/Namespace/-/shop          0.0 s   -",
        "0.0 s   v1/ConfigMap/shop/settings   0.0 s   test (hard, until it exists)",
        "0.0 s   apps/v1/StatefulSet/shop/db  30.0 s  test (hard, until it exists)",
        "30.0 s  batch/v1/Job/shop/migrate    20.0 s  test (hard, until it is ready)",
        "50.0 s  apps/v1/Deployment/shop/web  15.0 s  test (hard, until it is ready)",
        "",
        "waited for by 1 object",
        "OBJECT                                  UNTIL THIS     BEHIND  BECAUSE  DECLARED AT",
        "policy/v1/PodDisruptionBudget/shop/web  exists (soft)          test     shop.yaml:1",
    ]


def test_an_object_beside_the_path_is_told_what_it_has_to_spare() -> None:
    assert printed(planned(BUDGET))[2] == "not on the critical path: 14.0 s later would change nothing"


def test_what_did_not_come_is_told_as_such() -> None:
    story = past.story_of(RUN, name="run.json")
    assert printed(explain.explain(story, WEB))[1] == "leaves at 23.0 s and is not seen ready (measured)"
    assert printed(explain.explain(story, BUDGET))[1] == "it is not sent"


def test_what_others_make_is_told_as_such() -> None:
    other = Ref("", "Secret", "shop", "keys")
    found = explain.explain(explain.story_of(creating(WEB, edges=(edge(WEB, other),))), other)
    assert printed(found)[:2] == ["v1/Secret/shop/keys (declared nowhere)", "somebody else makes it"]
