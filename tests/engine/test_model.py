"""The engine as a machine that anything may happen to: answers, faults, edits, stops, and processes that die.

The auditor checks every invariant after each step; each process that takes over has to reach the same state from the
record alone.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rebuild.engine.state import FINAL
from rebuild.model.faults import Cause
from rebuild.model.refs import Ref
from rebuild.model.states import Health
from tests.engine.simulator import World, look, replayed
from tests.engine.test_properties import ANY_FATE, HURRIED, worlds


class Engine(RuleBasedStateMachine):
    """One run of one plan, and the processes that carry it out."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False

    @initialize(world=worlds(HURRIED, ANY_FATE))
    def begin(self, world: World) -> None:
        self.world = world
        self.refs: list[Ref] = sorted(world.fates)
        world.start()

    @precondition(lambda self: not self.is_down)
    @rule(number=st.integers(0, 50))
    def something_happens(self, number: int) -> None:
        self.world.step(number)

    @precondition(lambda self: not self.is_down)
    @rule()
    def is_stopped(self) -> None:
        self.world.stop()

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 50), cause=st.sampled_from(Cause))
    def next_write_fails(self, which: int, cause: Cause) -> None:
        self.world.refuse(self.refs[which % len(self.refs)], cause)

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 50), healths=st.lists(st.sampled_from(Health), min_size=1, max_size=2))
    def somebody_edits(self, which: int, healths: list[Health]) -> None:
        self.world.edit(self.refs[which % len(self.refs)], *healths)

    @precondition(lambda self: not self.is_down)
    @rule()
    def dies(self) -> None:
        self.world.crash()
        self.is_down = True

    @precondition(lambda self: self.is_down)
    @rule(gap=st.sampled_from([0.0, 1.0, 10_000.0]))
    def is_resumed(self, gap: float) -> None:
        self.world.resume(gap)
        self.is_down = False

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        if self.is_down or world.state.stop_reason:
            world.crash()
            world.resume(1.0)
        while world.step(0):
            pass
        assert world.state.finished
        assert look(replayed(world.plan, world.policy, world.facts)) == look(world.state)
        if not world.state.stop_reason:
            assert all(progress.stage in FINAL for progress in world.state.objects.values())


TestEngine = Engine.TestCase
TestEngine.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
