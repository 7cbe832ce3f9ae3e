"""What was told of the Pods of declared workloads, read once when verification is over: it explains the answer.

A cluster that does not let its Events be read costs that explanation and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.health import podtimes, pulls, troubles
from rebuild.model.events import ImageObserved, PodsObserved
from rebuild.model.images import Image
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from rebuild.model.pods import Pull
from rebuild.model.refs import Ref
from rebuild.model.secrets import Secrets
from rebuild.ops.run import Run
from rebuild.ops.target import BoundTarget
from rebuild.report.judgement import Judgement, judgements

Pods: TypeAlias = dict[Ref, list[Body]]
"""Live Pods by the declared workload that they belong to."""
_SICK = (Judgement.NEVER_READY, Judgement.UNHEALTHY, Judgement.RELAPSED)


def look(run: Run, target: BoundTarget, live: Pods, secrets: Secrets) -> None:
    """Record how long Pods took where real containers run, and the last warnings about those that are not healthy.

    Args:
        run: who is told.
        target: where its Events are read: one list for each namespace that has something to tell.
        live: the Pods as they were seen last.
        secrets: what no warning may repeat.
    """
    kind = target.served.get("", "Event")
    if kind is None:
        return
    sick = {ref for ref, found in judgements(run.ledger).items() if found in _SICK}
    measured = target.capabilities.containers
    pods = {ref: found for ref, found in live.items() if measured or ref in sick}
    if not pods:
        return
    with run.phase("pods", counted=False):
        events = {space: _events(target.cluster, kind, space) for space in sorted({ref.namespace for ref in pods})}
        told = {space: list(filter(None, map(pulls.pull, found))) for space, found in events.items()}
        for ref, bodies in pods.items():
            names = set(map(_name, bodies))
            times = [podtimes.times(body, _of(body, told[ref.namespace])) for body in bodies] if measured else []
            warnings = pulls.last(map(secrets.hidden, events[ref.namespace]), names) if ref in sick else ()
            run.record(PodsObserved(ref, tuple(times), warnings))
        for observed in _images(run, [pull for found in told.values() for pull in found]):
            run.record(observed)


def by_workload(declared: Iterable[Ref], bodies: Iterable[Body]) -> Pods:
    """The Pods of each declared workload, in the order of the plan and of their names."""
    found: Pods = defaultdict(list)
    for body in bodies:
        found[troubles.owner(body)].append(body)
    return {ref: sorted(found[ref], key=_name) for ref in declared if ref in found}


def _events(cluster: Cluster, kind: Kind, namespace: str) -> tuple[Body, ...]:
    try:
        return cluster.list(kind, "v1", namespace).items
    except ClusterFault:
        return ()


def _of(body: Body, told: Iterable[Pull]) -> Iterator[Pull]:
    return (pull for pull in told if pull.pod == _name(body))


def _name(body: Body) -> str:
    return str(body["metadata"]["name"])


def _images(run: Run, told: Iterable[Pull]) -> Iterator[ImageObserved]:
    """What was told of each image of the plan."""
    by_image: dict[Image, list[Pull]] = defaultdict(list)
    for pull in told:
        by_image[pull.image].append(pull)
    for need in run.ledger.plan.images if run.ledger.plan else ():
        if found := by_image.get(need.image):
            pulled = [pull for pull in found if not pull.was_present]
            longest = max(pulled, key=lambda pull: pull.waited, default=None)
            yield ImageObserved(
                image=need.image,
                pulls=len(pulled),
                present=len(found) - len(pulled),
                seconds=longest.seconds if longest else None,
                waited=longest.waited if longest else None,
                size=max((pull.size or 0 for pull in pulled), default=0),
            )
