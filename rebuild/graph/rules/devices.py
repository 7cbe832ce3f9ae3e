"""A claim of devices that names a DeviceClass which does not exist cannot be allocated: the scheduler sets the pod
aside until something changes (pkg/scheduler/framework/plugins/dynamicresources of Kubernetes).

What pods say about claims is read with the rest of their template, by `config_refs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, dig_maps

_GROUP = "resource.k8s.io"
_SPECS = {"ResourceClaim": ("spec",), "ResourceClaimTemplate": ("spec", "spec")}


def edges_from(index: Index) -> Iterator[Edge]:
    """ResourceClaim, ResourceClaimTemplate -> DeviceClass: EXISTS, soft."""
    for kind, spec in _SPECS.items():
        for item in index.of_kind(_GROUP, kind):
            for request in dig_maps(item.body, *spec, "devices", "requests"):
                for name in _classes_of(request):
                    declared = index.find(_GROUP, "DeviceClass", "", name)
                    if declared:
                        why = "asks for devices of this class"
                        yield Edge(item.ref, declared, Gate.EXISTS, Strength.SOFT, why, "devices")


def _classes_of(request: Body) -> Iterator[str]:
    """The classes of a request: exactly one, or the first available; before v1beta2 beside its name."""
    yield text(request, "deviceClassName")
    yield text(request, "exactly", "deviceClassName")
    for choice in dig_maps(request, "firstAvailable"):
        yield text(choice, "deviceClassName")
