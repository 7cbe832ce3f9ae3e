"""All rules of recoverability over all declared objects."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.findings import Finding
from rebuild.plan.recoverability.rules import (
    addresses,
    controllers,
    foreign_secrets,
    own_services,
    remote_sources,
    repeated_jobs,
    routes,
    volume_data,
)

RULES = (
    foreign_secrets,
    remote_sources,
    own_services,
    volume_data,
    repeated_jobs,
    controllers,
    addresses,
    routes,
)


def findings(index: Index) -> Iterator[Finding]:
    """What these declarations alone could not bring back, or would bring back otherwise."""
    for rule in RULES:
        yield from rule.findings_from(index)
