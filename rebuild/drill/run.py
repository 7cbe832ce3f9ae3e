"""One drill: a target is provided, the source rebuilt on it and verified, and the target taken away again.

The recovery clock runs from the moment that the target is being provided, with binaries at hand, until the
verification has passed; reading the source and taking the target away are measured apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rebuild.cluster.connect import connect
from rebuild.drill.playbook import DrillOptions
from rebuild.engine.policy import Policy
from rebuild.journal.file import JournalBroken
from rebuild.model import kinds
from rebuild.model.errors import RebuildError
from rebuild.model.images import Image
from rebuild.ops import experience, recreation, rules, sources
from rebuild.ops import plan as plans
from rebuild.ops.apply import Stoppable, apply
from rebuild.ops.blueprint import declared
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget, bind
from rebuild.plan import images
from rebuild.providers.port import Provider, Target


def drill(
    run: Run, options: DrillOptions, ready: Callable[[frozenset[Image]], Provider], *, stoppable: Stoppable
) -> None:
    """Rehearse the recovery; everything that happens is recorded in the run, which this ends.

    Args:
        run: who is told.
        options: what is rehearsed; its timeout runs from the moment that the target is being provided.
        ready: is given the images that the source names, and gives the provider with everything that it needs at hand,
            which may take minutes the first time.
        stoppable: is handed what a signal should call.

    Raises:
        RebuildError: when the drill cannot go on; the target is gone then as well, unless it is to be kept.
    """
    own = rules.read(options.rules, takes_over=options.imported_rules)
    with run.phase("source", counted=False):
        read = sources.read_all(options.source)
        source = sources.event_of(read)
        run.record(source)
        # What is wrong with the repository is said before a cluster is made for it.
        found = declared(read, kinds=kinds.builtin(), namespace=options.source.namespace)
        recreate = recreation.kinds(options.recreate, found.blueprint)
    with run.phase("install", counted=False):
        provider = ready(frozenset(need.image for need in images.needed(found.blueprint)))
    began = run.now()
    with _target(run, provider, options, stoppable) as target:
        with run.phase("plan"):
            bound = _bind(run, provider, target)
            found = found.served_by(bound.served)
            around = plans.look(found, bound, experience.of(source, fidelity=bound.fidelity))
            plan = plans.on_target(found, around, own)
            run.record(plans.event_of(plan, key=run.key, at=run.now()))
        left = max(options.timeout - (run.now() - began), 0.0)
        policy = Policy(object_deadline=options.object_timeout, run_deadline=left, recreate=recreate)
        stopped = apply(run, bound, found.blueprint, plan, policy=policy, stoppable=stoppable)
        bound.cluster.close()
    run.end(complete=not stopped, reason=stopped)


@contextmanager
def _target(run: Run, provider: Provider, options: DrillOptions, stoppable: Stoppable) -> Iterator[Target]:
    name = f"drill-{run.name.rpartition('-')[2]}"
    with ExitStack() as stack:
        with run.phase("provision"):
            target = provider.create(name, owned=not options.keep, told=run.stage)
            if not options.keep:
                stack.enter_context(_taken_away(run, provider, name, stoppable))
        yield target


@contextmanager
def _taken_away(run: Run, provider: Provider, name: str, stoppable: Stoppable) -> Iterator[None]:
    """Take the cluster away at the end. What cut the drill short stays the news; that the cluster stays is its note."""
    try:
        yield
    except BaseException as error:
        try:
            _take_away(run, provider, name, stoppable)
        except (RebuildError, OSError) as left:
            error.add_note("\n".join((str(left), *getattr(left, "__notes__", ()))))
        raise
    _take_away(run, provider, name, stoppable)


def _take_away(run: Run, provider: Provider, name: str, stoppable: Stoppable) -> None:
    # It takes a second, and the first signal asks for nothing else.
    stoppable(lambda _reason: None)
    try:
        with run.phase("teardown", counted=False):
            _delete(provider, name)
    except JournalBroken:
        # A full disk is no reason to leave a cluster running.
        _delete(provider, name)
        raise
    finally:
        stoppable(None)


def _delete(provider: Provider, name: str) -> None:
    try:
        provider.delete(name)
    except BaseException as error:
        error.add_note(
            f"the drill's cluster {name} is still there, whole or in part: `rebuild lab down {name}` removes it"
        )
        raise


def _bind(run: Run, provider: Provider, target: Target) -> BoundTarget:
    cluster = connect(context=target.context, kubeconfig=target.kubeconfig)
    bound = bind(cluster, provider=provider.name, baseline_namespaces=provider.baseline.namespaces)
    run.record(bound.event)
    return bound
