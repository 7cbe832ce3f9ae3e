"""What a run on each kind of target proves and what it does not: one table for text, JSON and documentation."""

from __future__ import annotations

from msgspec import Struct


class Fidelity(Struct, frozen=True):
    """What a number measured on such a target is worth; a cluster of its own kind needs no `caveat`."""

    caveat: str
    proves: tuple[str, ...]
    does_not_prove: tuple[str, ...]


_CONTROL_PLANE = (
    "order and dependencies",
    "admission and API versions",
    "controllers: rollouts, jobs, claims, garbage collection",
    "declared state, field by field",
)
_NODES = (
    "containers that start, and probes that pass",
    "services, DNS and traffic between pods",
    "webhooks, aggregated APIs and operators that answer",
    "volumes that are mounted",
)
_MACHINES = (
    "images out of production's registries",
    "load balancers, cloud disks and other services of a provider",
    "capacity and behaviour of production's machines",
)
_DATA = "data in volumes"

TABLE = {
    "kwok": Fidelity("control plane only, nodes simulated", _CONTROL_PLANE, (*_NODES, *_MACHINES, _DATA)),
    "kind": Fidelity("real containers", (*_CONTROL_PLANE, *_NODES), (*_MACHINES, _DATA)),
    "cluster": Fidelity("", (*_CONTROL_PLANE, *_NODES, *_MACHINES), (_DATA,)),
}
_UNKNOWN = Fidelity("unknown fidelity", (), ())


def of(name: str) -> Fidelity:
    """The row of this fidelity; one that proves nothing where the name is not known."""
    return TABLE.get(name, _UNKNOWN)
