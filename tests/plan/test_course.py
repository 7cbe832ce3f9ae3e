"""The expected course: who may leave when, by which gate, and what the length of the run hangs on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph import rank
from rebuild.model import kinds
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.groups import group
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.plan import course
from rebuild.plan.steps import Action, Plan, Step

SHOP = Ref.of("v1", "Namespace", "", "shop")
CONFIG = Ref.of("v1", "ConfigMap", "shop", "settings")
WEB = Ref.of("apps/v1", "Deployment", "shop", "web")
DB = Ref.of("apps/v1", "StatefulSet", "shop", "db")
JOB = Ref.of("batch/v1", "Job", "shop", "migrate")
BUDGET = Ref.of("policy/v1", "PodDisruptionBudget", "shop", "web")


def edge(dependent: Ref, dependency: Ref, gate: Gate = Gate.EXISTS, strength: Strength = Strength.HARD) -> Edge:
    return Edge(dependent, dependency, gate, strength, "test", "test")


def plan(actions: dict[Ref, Action], *edges: Edge) -> Plan:
    steps = {ref: Step(Manifest(ref, {}, Origin("shop.yaml", 1)), action) for ref, action in actions.items()}
    return Plan(steps, edges, frozenset(), kinds.builtin())


def creating(*refs: Ref, edges: tuple[Edge, ...]) -> Plan:
    return plan(dict.fromkeys(refs, Action.CREATE), *edges)


def test_each_object_leaves_when_its_last_gate_opens() -> None:
    wanted = creating(SHOP, DB, WEB, edges=(edge(DB, SHOP), edge(WEB, SHOP), edge(WEB, DB, Gate.READY)))
    found = course.of(wanted)
    ready = rank.WRITE + rank.prior(DB)
    assert found.begins == pytest.approx({SHOP: 0.0, DB: rank.WRITE, WEB: rank.WRITE + ready})
    assert found.seconds == pytest.approx(rank.WRITE + ready + rank.WRITE + rank.prior(WEB))
    assert [(hop.ref, hop.edge.dependency if hop.edge else None) for hop in found.path] == [
        (SHOP, None),
        (DB, SHOP),
        (WEB, DB),
    ]
    assert sum(hop.seconds for hop in found.path) == pytest.approx(found.seconds)
    assert course.width(found, wanted) == ((0, 2), (30, 1))


def test_the_path_ends_where_nothing_makes_the_run_longer() -> None:
    found = course.of(creating(SHOP, WEB, BUDGET, edges=(edge(BUDGET, WEB), edge(WEB, SHOP))))
    assert [hop.ref for hop in found.path] == [SHOP, WEB]


def test_the_path_goes_through_the_gate_that_takes_long() -> None:
    edges = (edge(CONFIG, JOB, Gate.READY), edge(WEB, JOB))
    assert [hop.ref for hop in course.of(creating(JOB, CONFIG, WEB, edges=edges)).path] == [JOB, CONFIG]


def test_what_is_kept_has_its_gates_open_and_is_no_write() -> None:
    wanted = plan({DB: Action.KEEP, WEB: Action.CREATE}, edge(WEB, DB, Gate.READY))
    found = course.of(wanted)
    assert found.begins == {DB: 0.0, WEB: 0.0}
    assert course.width(found, wanted) == ((0, 1),)


def test_what_cannot_be_sent_takes_those_with_it_that_must_wait_for_it() -> None:
    edges = (edge(DB, CONFIG), edge(WEB, DB), edge(JOB, CONFIG, strength=Strength.SOFT))
    found = course.of(plan({**dict.fromkeys((DB, WEB, JOB), Action.CREATE), CONFIG: Action.FAIL}, *edges))
    assert set(found.begins) == {JOB}


def test_nobody_knows_when_others_make_what_is_expected_of_them() -> None:
    assert course.of(creating(WEB, edges=(edge(WEB, CONFIG, strength=Strength.SOFT),))).begins == {WEB: 0.0}


def test_a_wantedof_nothing_takes_no_time() -> None:
    found = course.of(creating(edges=()))
    assert (found.seconds, found.path) == (0.0, ())


def test_a_chain_of_a_hundred_thousand_objects_is_followed_to_its_end() -> None:
    refs = [Ref.of("v1", "ConfigMap", "shop", str(number)) for number in range(100_000)]
    found = course.of(creating(*refs, edges=tuple(map(edge, refs[1:], refs))))
    assert len(found.path) == len(refs)
    assert found.seconds == pytest.approx(rank.WRITE * len(refs))


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20), st.lists(st.sampled_from(list(Gate))))
def test_the_course_takes_as_long_as_the_longest_tail(pairs: set[tuple[int, int]], gates: list[Gate]) -> None:
    refs = [Ref.of("batch/v1" if n % 2 else "v1", "Job" if n % 2 else "ConfigMap", "shop", str(n)) for n in range(8)]
    ends = sorted((max(pair), min(pair)) for pair in pairs if pair[0] != pair[1])
    kinds_of_gate = [*gates, *[Gate.EXISTS] * len(ends)]
    edges = tuple(edge(refs[a], refs[b], gate) for (a, b), gate in zip(ends, kinds_of_gate, strict=False))
    edges = tuple({(e.dependent, e.dependency): e for e in edges}.values())
    assert course.of(creating(*refs, edges=edges)).seconds == pytest.approx(max(rank.tails(refs, edges).values()))


def test_a_group_opens_with_its_last_member_and_is_no_write() -> None:
    wave = group("wave")
    edges = (edge(wave, SHOP), edge(wave, DB, Gate.READY), edge(WEB, wave), edge(JOB, wave))
    wanted = creating(SHOP, DB, WEB, JOB, edges=edges)
    found = course.of(wanted)
    ready = rank.WRITE + rank.prior(DB)
    assert found.begins == pytest.approx({SHOP: 0.0, DB: 0.0, wave: ready, WEB: ready, JOB: ready})
    assert wave not in found.ends
    assert course.width(found, wanted) == ((0, 2), (30, 2))
    assert [hop.ref for hop in found.path] == [DB, wave, JOB]


def test_a_group_that_lost_a_hard_member_takes_those_with_it_that_must_wait_for_it() -> None:
    wave = group("wave")
    actions = {DB: Action.FAIL, WEB: Action.CREATE, JOB: Action.CREATE}
    edges = (edge(wave, DB), edge(WEB, wave), edge(JOB, wave, strength=Strength.SOFT))
    assert set(course.of(plan(actions, *edges)).begins) == {JOB}
