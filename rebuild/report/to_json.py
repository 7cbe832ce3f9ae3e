"""The report as a JSON document, for programs and auditors: the contract that docs/report.md describes field by field.

Fields may be added under the same `schemaVersion`; none changes its meaning or goes. Every field is always there: what
is not known is null, never left out. It quotes differences as they come, so values of Secrets are digests already.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from rebuild.model.edges import Edge
from rebuild.model.events import ImageObserved, SourceRead
from rebuild.model.facts import GapClock, RunResumed
from rebuild.model.faults import Fault
from rebuild.model.findings import Difference, Finding, Limit
from rebuild.model.ignored import Ignored, RuleUse
from rebuild.model.images import NeededImage
from rebuild.model.objects import Origin
from rebuild.model.pods import PodEvent, PodTimes
from rebuild.model.refs import Ref
from rebuild.model.troubles import Trouble
from rebuild.report import fidelity
from rebuild.report.judgement import Judgement, findings, is_verified, judgements, limits
from rebuild.report.ledger import Ledger, Phase, Record
from rebuild.report.verdict import Verdict, verdict

SCHEMA_VERSION = "rebuild.dev/report/v1alpha1"


def document(ledger: Ledger) -> dict[str, Any]:
    """The report on the events folded so far; ready to be encoded, its fields always in the same order."""
    answer, judged = verdict(ledger), judgements(ledger)
    run, is_plan = ledger.run, ledger.verb == "plan"
    found = [record.verification for record in ledger.objects.values() if record.verification]
    document_limits = [_limit(limit) for limit in limits(ledger)]
    differences = [_difference(difference) for one in found for difference in one.differences]
    owned = [_owned(difference) for one in found for difference in one.controller_owned]
    ignored = [_ignored(each) for one in found for each in one.ignored]
    found_all = [_finding(finding) for finding in findings(ledger)]
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": run.tool if run else None,
        "run": run.run if run and not is_plan else None,
        "verb": run.verb if run else None,
        "started": run.started if run and not is_plan else None,
        "verdict": answer.word.value,
        "exit": {"code": int(answer.exit), "reason": answer.reason},
        "source": source(ledger.source) if ledger.source else None,
        "target": _target(ledger),
        "recovery": _recovery(ledger, answer),
        "flow": _flow(ledger),
        "resumptions": [_resumption(resumed) for resumed in ledger.resumed],
        "counts": {
            **_counts(judged),
            "limits": len(document_limits),
            "differences": len(differences),
            "controllerOwned": len(owned),
            "ignored": len(ignored),
            "findings": len(found_all),
        },
        "objects": [_object(record, judged[ref], answer) for ref, record in ledger.objects.items()],
        "edges": [_edge(edge) for edge in ledger.plan.edges] if ledger.plan else [],
        "limits": document_limits,
        "differences": differences,
        "controllerOwned": owned,
        "ignored": ignored,
        "ignoreRules": [rule_use(use) for use in ledger.ignore_rules],
        "findings": found_all,
        "images": [_image(need, ledger.images.get(need.image)) for need in ledger.plan.images] if ledger.plan else [],
    }


def _flow(ledger: Ledger) -> dict[str, Any] | None:
    flow = ledger.flow
    if flow is None:
        return None
    return {
        "limit": flow.limit,
        "lowest": flow.lowest,
        "highest": flow.highest,
        "busiest": flow.busiest,
        "requests": flow.writes,
        "overloads": flow.overloads,
        "why": flow.why,
    }


def source(read: SourceRead) -> dict[str, Any]:
    """What was read, and of which commit."""
    return {
        "repository": read.repository,
        "commit": read.commit or None,
        "path": read.path,
        "ref": read.ref or None,
        "committedAt": read.committed_at or None,
    }


def _target(ledger: Ledger) -> dict[str, Any] | None:
    target = ledger.target
    return (
        None
        if target is None
        else {
            "uid": target.uid,
            "version": target.version,
            "provider": target.provider,
            "fidelity": target.fidelity,
            "proves": list(fidelity.of(target.fidelity).proves),
            "doesNotProve": list(fidelity.of(target.fidelity).does_not_prove),
            "server": target.server,
        }
    )


def _recovery(ledger: Ledger, answer: Verdict) -> dict[str, Any]:
    return {
        "seconds": _seconds(answer.recovery_seconds),
        "objectiveSeconds": _seconds(ledger.run.objective or None) if ledger.run else None,
        "phases": [_phase(phase) for phase in ledger.phases],
    }


def _resumption(resumed: RunResumed) -> dict[str, Any]:
    return {
        "started": resumed.started,
        "since": _seconds(resumed.since),
        "at": _seconds(resumed.at),
        "gapSeconds": None if resumed.clock is GapClock.NONE else _seconds(resumed.at - resumed.since),
        "clock": resumed.clock.value,
    }


def _phase(phase: Phase) -> dict[str, Any]:
    stages = [{"name": stage.name, "seconds": _seconds(stage.seconds)} for stage in phase.stages]
    return {"name": phase.name, "seconds": _seconds(phase.seconds), "counted": phase.counted, "stages": stages}


def _counts(judged: dict[Ref, Judgement]) -> dict[str, int]:
    counts = Counter(judged.values())
    return {
        "declared": len(judged),
        "verified": counts[Judgement.VERIFIED],
        "failed": counts[Judgement.FAILED],
        "neverReady": counts[Judgement.NEVER_READY],
        "skipped": counts[Judgement.SKIPPED],
        "missing": counts[Judgement.MISSING],
        "different": counts[Judgement.DIFFERENT],
        "unhealthy": counts[Judgement.UNHEALTHY],
        "relapsed": counts[Judgement.RELAPSED],
        "unverified": counts[Judgement.UNVERIFIED],
        "limited": counts[Judgement.LIMITED],
        "planned": counts[Judgement.PLANNED],
    }


def _object(record: Record, judgement: Judgement, answer: Verdict) -> dict[str, Any]:
    return {
        "ref": str(record.ref),
        "origin": _origin(record.plan.origin),
        "action": record.plan.action,
        "outcome": record.outcome.value if record.outcome else None,
        "health": record.status.health.value if record.status else None,
        "healthMessage": record.status.message if record.status else None,
        "verified": is_verified(record, judgement),
        "judgement": judgement.value,
        "attempts": record.attempts,
        "times": {
            "intended": _seconds(record.intended_at),
            "sent": _seconds(record.sent_at),
            "accepted": _seconds(record.accepted_at),
            "ready": _seconds(record.ready_at),
            "ended": _seconds(record.ended.at if record.ended else None),
        },
        "reason": record.reason or None,
        "because": str(record.because) if record.because else None,
        "fault": _fault(record.fault),
        "releasedWithout": [_unkept(edge) for edge in record.ended.released_without] if record.ended else [],
        "trouble": _trouble(record.trouble),
        "pods": [_pod(pod, answer.recovery_seconds) for pod in record.pods.times] if record.pods else [],
        "events": [_event(event) for event in record.pods.events] if record.pods else [],
    }


def _trouble(trouble: Trouble | None) -> dict[str, Any] | None:
    return None if trouble is None else {"kind": trouble.kind.value, "message": trouble.message}


def _pod(pod: PodTimes, recovery: float | None) -> dict[str, Any]:
    share = None if pod.ready is None or not recovery else round(pod.ready / recovery, 3)
    return {
        "name": pod.pod,
        "scheduledSeconds": _seconds(pod.scheduled),
        "pullSeconds": _seconds(pod.pulling),
        "startSeconds": _seconds(pod.started),
        "readySeconds": _seconds(pod.ready),
        "readyShare": share,
        "restarts": pod.restarts,
    }


def _event(event: PodEvent) -> dict[str, Any]:
    return {"reason": event.reason, "message": event.message, "count": event.count}


def _fault(fault: Fault | None) -> dict[str, Any] | None:
    return None if fault is None else {"cause": fault.cause.value, "status": fault.status, "message": fault.message}


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "dependent": str(edge.dependent),
        "dependency": str(edge.dependency),
        "gate": edge.gate.value,
        "strength": edge.strength.value,
        "why": edge.why,
        "rule": edge.rule,
    }


def _unkept(edge: Edge) -> dict[str, Any]:
    return {"dependency": str(edge.dependency), "gate": edge.gate.value, "why": edge.why}


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    return (
        None
        if origin is None
        else {
            "path": origin.path,
            "line": origin.line,
            "commit": origin.commit or None,
            "provenance": origin.provenance.value,
        }
    )


def _limit(limit: Limit) -> dict[str, Any]:
    return {"code": limit.code, "ref": str(limit.ref), "message": limit.message}


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "ref": str(difference.ref),
        "path": difference.path,
        "declared": difference.declared,
        "live": difference.live,
        "manager": difference.manager or None,
    }


def _owned(difference: Difference) -> dict[str, Any]:
    return {**_difference(difference), "controller": difference.controller}


def _ignored(ignored: Ignored) -> dict[str, Any]:
    rule = ignored.rule
    return {**_difference(ignored.difference), "rule": rule.place, "reason": rule.reason, "owner": rule.owner}


def rule_use(use: RuleUse) -> dict[str, Any]:
    """A rule, and how many differences it hid."""
    return {
        "rule": use.rule.place,
        "reason": use.rule.reason,
        "owner": use.rule.owner,
        "expires": use.rule.expires or None,
        "expired": use.expired,
        "imported": use.rule.imported,
        "matched": use.matched,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "ref": str(finding.ref) if finding.ref else None,
        "origin": _origin(finding.origin),
        "message": finding.message,
        "nextStep": finding.next_step or None,
    }


def _image(need: NeededImage, told: ImageObserved | None) -> dict[str, Any]:
    image = need.image
    return {
        "reference": str(image),
        "registry": image.registry,
        "repository": image.repository,
        "tag": image.tag or None,
        "digest": image.digest or None,
        "pullPolicies": list(need.policies),
        "users": [str(ref) for ref in need.users],
        "pull": None
        if told is None
        else {
            "pulls": told.pulls,
            "present": told.present,
            "seconds": _seconds(told.seconds),
            "waitedSeconds": _seconds(told.waited),
            "bytes": told.size or None,
        },
    }


def _seconds(value: float | None) -> float | None:
    """Rounded to milliseconds: the clocks say no more than that."""
    return None if value is None else round(float(value), 3)
