"""The verb `apply`, which a drill shares: carry out a plan on a bound target, then verify what came of it."""

from __future__ import annotations

from collections.abc import Callable

from rebuild.engine.policy import Policy
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import Incomplete, Unreachable
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget
from rebuild.plan.steps import Plan
from rebuild.runner.driver import NOTHING, Driver, Past

Stoppable = Callable[[Callable[[str], None] | None], None]
"""Is handed the function that stops the writes, and None when there is nothing to stop any more."""


def apply(
    run: Run,
    target: BoundTarget,
    blueprint: Blueprint,
    plan: Plan,
    *,
    policy: Policy,
    stoppable: Stoppable,
    past: Past = NOTHING,
) -> str:
    """Write what the plan says and verify the result; both are recorded in the run.

    Args:
        run: who is told.
        target: the cluster that is written to.
        blueprint: what is declared.
        plan: what is done about it.
        policy: the patience of the run.
        stoppable: is handed what a signal should call.
        past: what another process has done of the plan already.

    Returns:
        Why the run did not reach its end, and nothing when it did.

    Raises:
        Refused: when another cluster answers than the plan was made for; nothing was written then.
        JournalBroken: when the journal cannot be written.
        Incomplete: when the cluster cannot be read for verification.
    """
    target.assert_same()
    with run.phase("apply"):
        driver = Driver(
            plan,
            target.cluster,
            policy=policy,
            recorder=run,
            now=run.now,
            follow_pods=target.capabilities.containers,
            past=past,
        )
        stoppable(driver.stop)
        try:
            driver.run()
        finally:
            stoppable(None)
    if driver.state.stop_reason or driver.stop_asked:
        return driver.state.stop_reason or driver.stop_asked
    # Imported late, so that no write waits for it.
    from rebuild.ops.verify import Look, verify

    try:
        verify(run, target, blueprint, plan, Look(counted=True))
    except Unreachable as error:
        raise Incomplete(
            f"what was written could not be verified: {error}", hint="`rebuild verify` can do that later; writes stay"
        ) from error
    return ""
