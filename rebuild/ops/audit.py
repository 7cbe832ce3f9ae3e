"""The verb `audit`: could what runs be rebuilt elsewhere today, without memory or archaeology? Writes nothing.

It looks as `drift` does, and adds what declarations cannot bring back: data, Secrets without a source, and what is used
and declared nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.events import SourceRead
from rebuild.model.findings import Finding
from rebuild.model.refs import Ref
from rebuild.ops import drift
from rebuild.ops.blueprint import Declared
from rebuild.ops.drift import Seen
from rebuild.ops.target import BoundTarget
from rebuild.plan import references
from rebuild.plan.recoverability import check as recoverability
from rebuild.plan.recoverability.rules import volume_data
from rebuild.plan.rules import NO_RULES, Rules
from rebuild.plan.snapshot import ref_of
from rebuild.report import audit
from rebuild.report.audit import AuditReport, Known
from rebuild.report.drift import DriftReport

_CLAIM = ("", "PersistentVolumeClaim")


def look(
    found: Declared,
    target: BoundTarget,
    source: SourceRead,
    *,
    key: bytes,
    rules: Rules = NO_RULES,
) -> AuditReport:
    """Compare a live cluster with a source and tell what could not be rebuilt; arguments as of `drift.look`.

    Raises:
        Unreachable: when the cluster stops answering.
    """
    seen = drift.see(found, target)
    report, _ = drift.compare(found, target, seen, source, key=key, rules=rules)
    index = Index(found.blueprint)
    excused = {ref for ref, _, why in drift.undeclared(found, target, seen) if why and why != drift.ELSEWHERE}
    used = references.used(found.graph.edges, found.graph.expected - found.graph.produced)
    known = Known(
        declared=found.blueprint.manifests.keys(),
        unread=unread(found, seen, report),
        claims=[ref for ref in _live(found, seen) if ref.group_kind == _CLAIM],
        used=tuple((ref, user) for ref, user in used if ref not in excused),
        on_nodes=[item.ref for item in volume_data.on_nodes(index)],
    )
    return audit.of(report, known, _findings(index))


def unread(found: Declared, seen: Seen, report: DriftReport) -> frozenset[Ref]:
    """What is declared and could not be looked at: its whole kind, or the object alone."""
    alone = (one.ref for one in report.unchecked if one.ref and one.is_declared)
    return frozenset({*alone, *(ref for ref in found.blueprint.manifests if seen.snapshot.why_unread(ref))})


def _live(found: Declared, seen: Seen) -> Iterator[Ref]:
    """What lives in the namespaces of the repository, each object once."""
    places = drift.managed_namespaces(found)
    refs = dict.fromkeys(ref_of(body) for body in (*seen.snapshot.bodies(), *seen.others))
    return (ref for ref in refs if ref.namespace in places)


def _findings(index: Index) -> list[Finding]:
    """What else the declarations could not bring back: stores, keys, sources and addresses outside of them."""
    return sorted(recoverability.findings(index), key=lambda finding: finding.place)
