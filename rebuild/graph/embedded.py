"""Pod templates inside custom resources: Rollouts, Notebooks, training jobs, queues and whatever comes next.

A mapping whose `containers` are all named and have an image is a pod spec, under whatever field it stands;
no list of operators is needed. Where the repository holds the definition, its schema has to allow that field.
Must not decide on edges.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph import custom
from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index, Workload
from rebuild.model.objects import Body, dig_list


def workloads_in(index: Index) -> Iterator[Workload]:
    """One workload for each pod template of each declared custom resource; its ref is the custom resource."""
    for item in index.custom():
        for node in custom.nodes_of(item, index.schema_of(item.ref)):
            if is_pod_spec(node.value):
                yield Workload(item.ref, pairs(node.parent, "metadata", "labels"), node.value)


def is_pod_spec(value: Body) -> bool:
    """Whether a mapping can be nothing but the spec of pods."""
    containers = dig_list(value, "containers")
    return bool(containers) and all(text(each, "name") and text(each, "image") for each in containers)
