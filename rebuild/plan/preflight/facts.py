"""What the rules of the preflight judge: the declarations, their graph, the steps, and what the target holds."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rebuild.graph.index import Index
from rebuild.model.edges import Edge
from rebuild.model.refs import Ref
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Step
from rebuild.verify.controllers import Setting


class Facts(Struct, frozen=True):
    """One plan before it is carried out. Without a target, `live` is empty and nobody knows what will be there."""

    index: Index
    edges: tuple[Edge, ...]
    steps: Mapping[Ref, Step]
    live: Snapshot
    setting: Setting
    has_target: bool
