"""From a repository to what the oracle and the judge are given: our own plan of it, as paths, bytes and edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.engine.order import Identity
from rebuild.cluster.connect import connect
from rebuild.model.groups import is_group
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref
from rebuild.ops import plan as plans
from rebuild.ops import sources
from rebuild.ops import target as targets
from rebuild.ops.blueprint import declared
from rebuild.ops.sources import SourceOptions
from rebuild.plan.steps import Action, Plan
from rebuild.providers.kwok.lab import Lab

AuditKey = tuple[str, str, str, str]
"""Group, resource, namespace, name: how the audit log names an object."""


@dataclass(frozen=True, slots=True)
class Course:
    """A folder with `course.json` and `course.bodies`, and where each object stands in it."""

    folder: Path
    places: Mapping[Identity, int] = field(repr=False)
    keys: Mapping[AuditKey, int] = field(repr=False)
    declared: Mapping[Identity, Manifest] = field(repr=False)
    collections: Mapping[str, Sequence[Identity]] = field(repr=False)
    """The objects by the path that lists them over all namespaces."""


def export(repository: Path, lab: Lab, folder: Path) -> Course:
    """Plan the repository on a clean lab and write the course of it.

    Raises:
        RuntimeError: when the plan does not create every object: then there is nothing to compare.
    """
    plan = _plan(repository, lab)
    others = [step for step in plan.steps.values() if step.action is not Action.CREATE]
    if others:
        raise RuntimeError(f"the lab is not clean, or cannot take {others[0].ref}: {others[0].action}")
    places = {ref: place for place, ref in enumerate(_order(plan))}
    waits: defaultdict[Ref, list[dict[str, Any]]] = defaultdict(list)
    for edge in plan.edges:
        if edge.dependent in places and edge.dependency in places:
            waits[edge.dependent].append({"on": places[edge.dependency], "until": edge.gate.value})
    objects, bodies = [], bytearray()
    keys: dict[AuditKey, int] = {}
    collections: defaultdict[str, list[Identity]] = defaultdict(list)
    for ref, place in places.items():
        entry: dict[str, Any] = {"waits": waits[ref]}
        if not is_group(ref):
            kind, step = plan.kinds.of(ref), plan.steps[ref]
            assert kind is not None
            payload = step.manifest.payload
            collection = kind.collection(ref.version)
            entry |= {"path": kind.item(ref), "collection": collection, "kind": ref.kind, "tail": step.tail}
            entry |= {"namespace": ref.namespace, "name": ref.name, "offset": len(bodies), "length": len(payload)}
            bodies += payload
            keys[ref.group, kind.plural, ref.namespace, ref.name] = place
            collections[collection].append(_identity(ref))
        objects.append(entry)
    folder.mkdir(parents=True)
    (folder / "course.json").write_bytes(orjson.dumps({"objects": objects}))
    (folder / "course.bodies").write_bytes(bytes(bodies))
    real = {_identity(ref): place for ref, place in places.items() if not is_group(ref)}
    return Course(folder, real, keys, {_identity(r): s.manifest for r, s in plan.steps.items()}, collections)


def _plan(repository: Path, lab: Lab) -> Plan:
    cluster = connect(context=lab.context, kubeconfig=lab.kubeconfig)
    try:
        target = targets.bind(cluster, provider="bench")
        read = sources.read_all(SourceOptions(str(repository)))
        found = declared(read, kinds=target.served, namespace="default")
        return plans.on_target(found, plans.look(found, target))
    finally:
        cluster.close()


def _order(plan: Plan) -> Iterator[Ref]:
    """The objects, then the groups that edges name."""
    yield from plan.steps
    ends = (end for edge in plan.edges for end in (edge.dependent, edge.dependency))
    yield from dict.fromkeys(end for end in ends if is_group(end))


def _identity(ref: Ref) -> Identity:
    return ref.group, ref.kind, ref.namespace, ref.name
