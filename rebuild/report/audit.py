"""Could this environment be rebuilt elsewhere today? A percentage with its formula, and what stands against it.

An object counts once, whatever number of gaps it has, and is as good as rebuilt only without any. docs/audit.md
describes the fields of the JSON document; under one `schemaVersion` none changes its meaning or goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct, field

from rebuild.model.drift import Drift, DriftKind
from rebuild.model.findings import Finding
from rebuild.model.gaps import Gap, GapKind
from rebuild.model.refs import Ref
from rebuild.model.wording import counted
from rebuild.report import drift as drifts
from rebuild.report import to_json
from rebuild.report.drift import DriftReport

SCHEMA_VERSION = "rebuild.dev/audit/v1alpha1"
FORMULA = "objects without a gap / all objects that are declared, live undeclared, hold data, or are used"
_RUNS_PODS = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"})


class Known(Struct, frozen=True):
    """What an audit adds to drift.

    `declared` are all declared objects, `unread` those of them that could not be looked at, `claims` the live
    PersistentVolumeClaims of the environment, `used` objects that declared ones use and nobody declares, each with its
    first user, and `on_nodes` workloads that keep data on nodes.
    """

    declared: Collection[Ref]
    unread: Collection[Ref] = ()
    claims: Collection[Ref] = ()
    used: tuple[tuple[Ref, Ref], ...] = ()
    on_nodes: Collection[Ref] = ()


class AuditReport(Struct):
    """The answer: all objects that make up the environment, the gaps, worst first, and what was found beside."""

    drift: DriftReport
    objects: int
    gaps: list[Gap]
    findings: list[Finding] = field(default_factory=list)

    @property
    def with_gap(self) -> int:
        """How many objects would not come back as they are."""
        return len({gap.ref for gap in self.gaps})

    @property
    def percent(self) -> float:
        """The coverage, cut to tenths, so that 100 means all; an environment of nothing is covered."""
        return int(1000 * (self.objects - self.with_gap) / self.objects) / 10 if self.objects else 100.0


def of(report: DriftReport, known: Known, findings: Collection[Finding] = ()) -> AuditReport:
    """Fold what was found into gaps."""
    found = list(dict.fromkeys(_gaps(report, known)))
    order = list(GapKind)
    found.sort(key=lambda gap: (order.index(gap.kind), gap.ref.kind not in _RUNS_PODS, gap.ref, gap.why))
    everything = {*known.declared, *(gap.ref for gap in found)}
    return AuditReport(report, len(everything), found, list(findings))


def _gaps(report: DriftReport, known: Known) -> Iterator[Gap]:
    for ref in known.claims:
        yield Gap(GapKind.DATA, ref, "what is stored in its volume is not in Git")
    for ref in known.on_nodes:
        yield Gap(GapKind.DATA, ref, "what it keeps in a folder of its node is not in Git")
    told: dict[Ref, list[Drift]] = {}
    for line in report.drift:
        told.setdefault(line.ref, []).append(line)
    for ref, lines in told.items():
        yield _gap(ref, lines)
    for ref, user in known.used:
        if ref not in told:
            kind = GapKind.SECRET if _is_secret(ref) else GapKind.UNDECLARED
            yield Gap(kind, ref, f"{user} uses it, and nobody declares it")
    for ref in known.unread:
        yield Gap(GapKind.UNKNOWN, ref, "it could not be looked at")


def _gap(ref: Ref, lines: list[Drift]) -> Gap:
    writes = sorted((write for line in lines for write in line.writes), key=lambda write: write.time, reverse=True)
    managers = tuple(dict.fromkeys(f"{write.manager} ({write.actor})" for write in writes))
    match lines[0].kind:
        case DriftKind.MISSING:
            return Gap(GapKind.MISSING, ref, "it is declared and not there")
        case DriftKind.UNMANAGED if _is_secret(ref):
            return Gap(GapKind.SECRET, ref, "it lives and has no source", managers)
        case DriftKind.UNMANAGED:
            return Gap(GapKind.UNDECLARED, ref, "it lives and nobody declares it", managers)
    places = [line.path for line in lines]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return Gap(GapKind.CHANGED, ref, f"it is not as declared at {places[0]}{more}", managers)


def _is_secret(ref: Ref) -> bool:
    return ref.group_kind == ("", "Secret")


def counts(report: AuditReport) -> dict[GapKind, int]:
    """How many gaps there are of each kind."""
    found = Counter(gap.kind for gap in report.gaps)
    return {kind: found[kind] for kind in GapKind}


def last_line(report: AuditReport) -> str:
    """The percentage with its numbers, on one line."""
    numbers = f"{report.objects - report.with_gap} of {counted(report.objects, 'object')}"
    parts = ", ".join(f"{number} {kind}" for kind, number in counts(report).items() if number)
    gaps = f"; {counted(len(report.gaps), 'gap')}: {parts}" if parts else ""
    return f"COVERAGE  {report.percent:.1f} % = {numbers} without a gap{gaps}{drifts.caveats(report.drift)}"


def document(report: AuditReport) -> dict[str, Any]:
    """The report as JSON; ready to be encoded, its fields always in the same order."""
    drift = report.drift
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": drift.tool,
        "checkedAt": drift.checked_at,
        "source": to_json.source(drift.source),
        "target": drifts.target(drift.target),
        "coverage": {
            "percent": report.percent,
            "formula": FORMULA,
            "objects": report.objects,
            "withoutGap": report.objects - report.with_gap,
        },
        "counts": {kind.value: number for kind, number in counts(report).items()},
        "gaps": [
            {"kind": gap.kind.value, "ref": str(gap.ref), "why": gap.why, "managers": list(gap.managers)}
            for gap in report.gaps
        ],
        "findings": [
            {
                "code": finding.code,
                "ref": str(finding.ref) if finding.ref else None,
                "message": finding.message,
                "nextStep": finding.next_step or None,
            }
            for finding in report.findings
        ],
        **drifts.besides(drift),
    }
