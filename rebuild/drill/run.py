"""One drill: a target is provided, the source rebuilt on it and verified, and the target taken away again.

The recovery clock runs from the moment that the target is being provided, with binaries at hand, until the
verification has passed; reading the source and taking the target away are measured apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rebuild.cluster.connect import connect
from rebuild.drill.playbook import DrillOptions
from rebuild.engine.policy import Policy
from rebuild.model import kinds
from rebuild.ops import plan as plans
from rebuild.ops import sources
from rebuild.ops.apply import Stoppable, apply
from rebuild.ops.blueprint import declared
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget, bind
from rebuild.providers.port import Provider, Target


def drill(run: Run, options: DrillOptions, provider: Provider, *, stoppable: Stoppable) -> None:
    """Rehearse the recovery; everything that happens is recorded in the run, which this ends.

    Raises:
        RebuildError: when the drill cannot go on; the target is gone then as well, unless it is to be kept.
    """
    with run.phase("source", counted=False):
        read = sources.read_all(options.source)
        run.record(sources.event_of(read))
        # What is wrong with the repository is said before a cluster is made for it.
        found = declared(read, kinds=kinds.builtin(), namespace=options.source.namespace)
    with _target(run, provider, options) as target:
        with run.phase("plan"):
            bound = _bind(run, provider, target)
            found = found.served_by(bound.served)
            plan = plans.on_target(found, plans.look(found, bound))
            run.record(plans.event_of(plan, key=run.key, at=run.now()))
        policy = Policy(object_deadline=options.object_timeout, run_deadline=options.timeout)
        stopped = apply(run, bound, found.blueprint, plan, policy=policy, stoppable=stoppable)
        bound.cluster.close()
    run.end(complete=not stopped, reason=stopped)


@contextmanager
def _target(run: Run, provider: Provider, options: DrillOptions) -> Iterator[Target]:
    name = f"drill-{run.name.rpartition('-')[2]}"
    with run.phase("provision"):
        target = provider.create(name)
    try:
        yield target
    finally:
        if not options.keep:
            with run.phase("teardown", counted=False):
                provider.delete(name)


def _bind(run: Run, provider: Provider, target: Target) -> BoundTarget:
    cluster = connect(context=target.context, kubeconfig=target.kubeconfig)
    bound = bind(cluster, provider=provider.name, baseline_namespaces=provider.baseline.namespaces)
    run.record(bound.event)
    return bound
