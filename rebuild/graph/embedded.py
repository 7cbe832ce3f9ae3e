"""Pod templates inside custom resources: Rollouts, Notebooks, training jobs, queues and whatever comes next.

A mapping whose `containers` are all named and have an image is a pod spec, under whatever field it stands;
no list of operators is needed. Must not decide on edges.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph import custom
from rebuild.graph.custom import Node
from rebuild.graph.fields import text
from rebuild.model.objects import Body, Manifest


def pod_specs_in(item: Manifest, schema: Body | None) -> Iterator[Node]:
    """The pod specs of a custom resource; the mapping around each is its template, unless the spec itself is one."""
    return (node for node in custom.nodes_of(item, schema, closed=is_pod_spec) if is_pod_spec(node.value))


def is_pod_spec(value: Body) -> bool:
    """Whether a mapping can be nothing but the spec of pods."""
    containers = value.get("containers")
    return (
        bool(containers)
        and isinstance(containers, list)
        and all(text(each, "name") and text(each, "image") for each in containers)
    )
