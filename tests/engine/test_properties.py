"""Random graphs, random fates and a random order of facts; the auditor checks every invariant after each of them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rebuild.engine.handle import TERMINAL, begin, handle
from rebuild.engine.policy import Policy
from rebuild.engine.state import Stage, State
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.faults import Cause
from rebuild.model.groups import is_group
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.model.troubles import Trouble, TroubleKind
from rebuild.plan.steps import Action, Plan, Step
from tests.engine.invariants import NEVER_RETRIED, NOT_SENT
from tests.engine.simulator import Fate, World
from tests.engine.support import BODY, CRASHED, MISSED, ref

RECREATED = frozenset({("apps", "Deployment"), ("apiextensions.k8s.io", "CustomResourceDefinition")})
HURRIED = Policy(object_deadline=5, run_deadline=60, soft_hold=1, image_patience=2, recreate=RECREATED)
"""Every deadline is met in some stories and missed in others."""
UNHURRIED = Policy(object_deadline=300, run_deadline=100_000, soft_hold=10)

NAMES = ("a", "b", "Job/c", "d", "CustomResourceDefinition/e", "f", "Job/g", "h", "Group/i", "Group/j")
TROUBLES = (MISSED, MISSED, CRASHED, Trouble(TroubleKind.IMAGE, "no such sidecar", "sidecar:1"), None)
RETRIED = sorted(set(Cause) - NEVER_RETRIED)
SCRIPTS = st.lists(st.integers(0, 50), max_size=80)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A graph without loops; some of the objects that wait for nothing are expected ones, some nodes are groups."""
    refs = [ref(name) for name in draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]]
    expected = {each for each in refs[: draw(st.integers(0, 2))] if not is_group(each)}
    edges = []
    for position, dependent in enumerate(refs):
        others = [each for each in refs[:position] if not (is_group(dependent) and each in expected)]
        if dependent not in expected:
            for dependency in draw(st.lists(st.sampled_from(others), unique=True)) if others else ():
                gate, strength = draw(st.sampled_from(Gate)), draw(st.sampled_from(Strength))
                edges.append(Edge(dependent, dependency, gate, strength, "drawn"))
    steps = {each: draw(steps_of(each)) for each in refs if each not in expected and not is_group(each)}
    return Plan(steps, tuple(edges), frozenset(expected), Kinds([]))


def steps_of(each: Ref) -> st.SearchStrategy[Step]:
    """Mostly objects that are sent and waited for."""
    return st.builds(
        Step,
        manifest=st.just(Manifest(each, BODY, Origin("all.yaml", 1))),
        action=st.sampled_from([Action.CREATE, Action.CREATE, Action.CREATE, *Action]),
        awaited=st.sampled_from([True, True, True, False]),
        tail=st.sampled_from([0.0, 1.0, 2.0]),
        uid=st.sampled_from(["", "1234"]),
    )


def fates(faults: st.SearchStrategy[Cause], healths: st.SearchStrategy[list[Health]]) -> st.SearchStrategy[Fate]:
    """What may become of an object."""
    return st.builds(
        Fate,
        faults=st.lists(faults, max_size=3).map(tuple),
        healths=healths.map(tuple),
        told=st.booleans(),
        before=st.none() | st.sampled_from(Health),
        assumed=st.booleans(),
        retry_after=st.sampled_from([0.0, 0.0, 0.5, 20.0]),
        troubles=st.lists(st.sampled_from(TROUBLES), max_size=4).map(tuple),
    )


ANY_FATE = fates(st.sampled_from([*RETRIED, *Cause]), st.lists(st.sampled_from(Health), max_size=4))
FATEFUL_CAUSES = st.sampled_from([*RETRIED, *RETRIED, *NEVER_RETRIED])
LAST_HEALTHS = st.sampled_from([Health.CURRENT, Health.CURRENT, Health.FAILED, Health.IN_PROGRESS])
PLAIN_FATE = fates(
    FATEFUL_CAUSES,
    st.builds(lambda count, last: [*[Health.IN_PROGRESS] * count, last], st.integers(0, 2), LAST_HEALTHS),
)


def worlds(policy: Policy, fate: st.SearchStrategy[Fate], *, prompt: bool = False) -> st.SearchStrategy[World]:
    """A plan, a fate for each object, and an order of events."""
    return plans().flatmap(
        lambda plan: st.builds(
            World,
            plan=st.just(plan),
            policy=st.just(policy),
            fates=st.fixed_dictionaries(dict.fromkeys(sorted(plan.steps.keys() | plan.expected), fate)),
            script=SCRIPTS,
            prompt=st.just(prompt),
        )
    )


@pytest.mark.fault("R26", "any graph, any failures, in any order")
@given(worlds(HURRIED, ANY_FATE))
def test_every_run_finishes_and_keeps_every_invariant(world: World) -> None:
    world.play()


@given(worlds(HURRIED, ANY_FATE), st.integers(0, 30))
def test_a_run_can_be_stopped_at_any_moment(world: World, stop_at: int) -> None:
    world.stop_at = stop_at
    world.play()


@pytest.mark.fault("R26", "any objects of any graph fail")
@given(worlds(replace(HURRIED, run_deadline=100_000), ANY_FATE))
def test_a_failure_skips_its_hard_descendants_and_nobody_else(world: World) -> None:
    world.play()
    skipped = {each for each, progress in world.state.objects.items() if progress.outcome is Outcome.SKIPPED}
    assert skipped == world.auditor.skipped_by_brute_force()


@given(worlds(HURRIED, ANY_FATE), st.integers(0, 30), st.randoms(use_true_random=False))
def test_a_replay_gives_the_same_commands_in_whatever_order_the_plan_was_built(
    world: World, stop_at: int, random: Random
) -> None:
    world.stop_at = stop_at
    world.play()
    steps, edges = list(world.plan.steps.items()), list(world.plan.edges)
    random.shuffle(steps)
    random.shuffle(edges)
    again = State(replace(world.plan, steps=dict(steps), edges=tuple(edges)), world.policy)
    assert [begin(again), *(handle(again, fact) for fact in world.facts)] == world.told
    for each, progress in again.objects.items():
        first = world.state.objects[each]
        assert (progress.stage, progress.outcome, progress.because) == (first.stage, first.outcome, first.because)


@given(worlds(UNHURRIED, PLAIN_FATE, prompt=True))
def test_what_becomes_of_an_object_depends_on_fates_and_not_on_the_order_of_facts(world: World) -> None:
    world.play()
    for each, progress in world.state.objects.items():
        assert (progress.stage, progress.outcome) == foretold(world, each)


def foretold(world: World, each: Ref) -> tuple[Stage, Outcome]:
    """The end of an object, from the plan and the fates alone."""
    step, fate = world.plan.steps[each], world.fates[each]
    if step.action in NOT_SENT:
        return Stage.ENDED, NOT_SENT[step.action]
    if not all(opens(world, edge) for edge in hard_edges(world, each)):
        return Stage.ENDED, Outcome.SKIPPED
    if step.action is not Action.KEEP and NEVER_RETRIED & set(fate.faults):
        return Stage.ENDED, Outcome.FAILED
    outcome = Outcome.UNCHANGED if step.action is Action.KEEP else Outcome.CREATED
    ready = not step.awaited or fate.healths[-1] is Health.CURRENT
    return Stage.DONE if ready else Stage.ENDED, outcome


def hard_edges(world: World, each: Ref) -> list[Edge]:
    """What an object or a group cannot do without."""
    return [edge for edge in world.plan.edges if edge.dependent == each and edge.strength is Strength.HARD]


def opens(world: World, edge: Edge) -> bool:
    """Whether a gate opens in the end, from the plan and the fates alone."""
    if is_group(edge.dependency):
        return all(opens(world, member) for member in hard_edges(world, edge.dependency))
    if edge.dependency in world.plan.expected:
        return edge.gate is Gate.EXISTS or Health.CURRENT in world.fates[edge.dependency].healths
    stage, outcome = foretold(world, edge.dependency)
    accepted = outcome not in (Outcome.SKIPPED, Outcome.FAILED)
    return stage is Stage.DONE or (accepted and edge.gate is Gate.EXISTS)


def test_the_plans_hold_kinds_whose_failure_is_final() -> None:
    assert set(TERMINAL) <= {ref(name).group_kind for name in NAMES}
    assert any(is_group(ref(name)) for name in NAMES)
