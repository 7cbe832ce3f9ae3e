"""The tail of an object is the longest way through what waits for it."""

from __future__ import annotations

import pytest

from rebuild.graph.rank import CUSTOM, PRIORS, WRITE, prior, tails
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.groups import group
from rebuild.model.refs import Ref

CONFIG = Ref("", "ConfigMap", "shop", "settings")
CRD = Ref("apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.example.com")
WIDGET = Ref("example.com", "Widget", "shop", "blue")
WEB = Ref("apps", "Deployment", "shop", "web")
DB = Ref("apps", "StatefulSet", "shop", "db")


def edge(dependent: Ref, dependency: Ref, gate: Gate) -> Edge:
    return Edge(dependent, dependency, gate, Strength.HARD, "test")


def test_alone_an_object_is_done_when_it_is_ready() -> None:
    assert tails([CONFIG, WEB], []) == {CONFIG: WRITE, WEB: WRITE + PRIORS["apps", "Deployment"]}


def test_what_waits_for_existence_starts_after_one_write() -> None:
    result = tails([CONFIG, WEB], [edge(WEB, CONFIG, Gate.EXISTS)])
    assert result[CONFIG] == pytest.approx(WRITE + result[WEB])


def test_what_waits_for_readiness_starts_when_it_is_there() -> None:
    result = tails([DB, WEB], [edge(WEB, DB, Gate.READY)])
    assert result[DB] == pytest.approx(WRITE + prior(DB) + result[WEB])


def test_own_readiness_counts_where_it_takes_longest() -> None:
    result = tails([DB, CONFIG], [edge(CONFIG, DB, Gate.EXISTS)])
    assert result[DB] == WRITE + prior(DB)


def test_the_longest_way_decides_over_several_steps() -> None:
    edges = [edge(WIDGET, CRD, Gate.SERVED), edge(WEB, CRD, Gate.SERVED), edge(DB, WIDGET, Gate.READY)]
    result = tails([CRD, WIDGET, WEB, DB], edges)
    assert result[WIDGET] == pytest.approx(WRITE + CUSTOM + result[DB])
    assert result[CRD] == pytest.approx(WRITE + prior(CRD) + result[WIDGET])


def test_ways_lead_through_groups_which_take_no_time() -> None:
    wave = group("wave")
    through = tails([DB, CONFIG, WEB], [edge(WEB, wave, Gate.READY), edge(wave, DB, Gate.READY)])
    assert through == tails([DB, CONFIG, WEB], [edge(WEB, DB, Gate.READY)])


def test_expected_objects_have_no_tail_since_nobody_sends_them() -> None:
    assert set(tails([WEB], [edge(WEB, CONFIG, Gate.EXISTS)])) == {WEB}


@pytest.mark.parametrize(
    ("group", "kind", "seconds"),
    [
        ("", "ConfigMap", 0.0),
        ("rbac.authorization.k8s.io", "Role", 0.0),
        ("example.com", "Deployment", CUSTOM),
        ("apps", "Deployment", PRIORS["apps", "Deployment"]),
    ],
)
def test_a_prior_is_of_the_group_and_kind(group: str, kind: str, seconds: float) -> None:
    assert prior(Ref(group, kind, "shop", "x")) == seconds
