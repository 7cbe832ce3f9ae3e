"""The verb `drift`: what a cluster holds that its repository does not say. Writes nothing, and asks with lists alone.

One list for each kind, with whole objects of the declared kinds and of those that explain others, and the metadata of
the rest: never a request for an object. What may not be listed, or does not answer, is told as not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from rebuild import __version__
from rebuild.cluster.client import FIELD_MANAGER
from rebuild.model.drift import Unchecked
from rebuild.model.events import SourceRead
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.ops import auditlog, authorship, observe
from rebuild.ops.blueprint import Declared
from rebuild.ops.sources import SourceOptions
from rebuild.ops.target import BoundTarget
from rebuild.plan import build, fidelity
from rebuild.plan.rules import NO_RULES, Rules
from rebuild.plan.snapshot import Snapshot, kinds_to_list, ref_of
from rebuild.report import judgement
from rebuild.report.drift import DriftReport
from rebuild.system import clock
from rebuild.verify.drift import lines, system
from rebuild.verify.drift.defaults import Custom
from rebuild.verify.drift.lines import Line
from rebuild.verify.ignoring import Ignoring

ELSEWHERE = "in a namespace that the repository does not use"
_TTL = "the TTL controller removes Jobs that have ended"
_APISERVICES = ("apiregistration.k8s.io", "APIService")
_WHOLE = (_APISERVICES, ("", "ServiceAccount"))
"""Kinds of which more than the metadata is looked at, declared or not."""


class Seen(Struct, frozen=True):
    """The live side: whole objects of the declared kinds and of those that explain others, the metadata of the rest."""

    snapshot: Snapshot
    others: tuple[Body, ...]
    unchecked: tuple[Unchecked, ...]


def look(
    found: Declared,
    target: BoundTarget,
    asked: SourceOptions,
    source: SourceRead,
    *,
    key: bytes,
    rules: Rules = NO_RULES,
    audit_logs: tuple[Path, ...] = (),
) -> DriftReport:
    """Compare a cluster with a source and tell what parts, who wrote it, and which commit declared it.

    Args:
        found: what is declared, with the kinds that the target serves.
        target: the cluster.
        asked: where the source is, for its history.
        source: the source as it was read.
        key: the key of the digests that stand for the values of Secrets.
        rules: what the user says of differences that are to be ignored.
        audit_logs: files of the API server's audit log, to name users by.

    Raises:
        Unreachable: when the cluster stops answering.
        UsageError: when an audit log cannot be read.
    """
    report, told = compare(found, target, see(found, target), source, key=key, rules=rules)
    told, said = authorship.added(told, asked, source)
    report.notes += said
    if audit_logs:
        told, said = auditlog.users_added(told, found.blueprint.kinds, audit_logs)
        report.notes += said
    report.drift = [line.drift for line in told]
    return report


def see(found: Declared, target: BoundTarget) -> Seen:
    """Ask the cluster for what it holds.

    Raises:
        Unreachable: when it stops answering.
    """
    snapshot = observe.snapshot(target.cluster, found.blueprint, found.blueprint.kinds, also=_WHOLE)
    asked_for = kinds_to_list(found.blueprint, found.blueprint.kinds, also=_WHOLE)
    listed = {(kind.group, kind.kind) for kind, version in asked_for if _is_served(kind, version, target)}
    wanted = [kind for kind in target.served if _is_asked_for(kind) and (kind.group, kind.kind) not in listed]
    others, unread = observe.metadata(target.cluster, wanted)
    unchecked = [Unchecked(_name(k.group, k.versions[0], k.kind), _why(fault)) for k, fault in unread.items()]
    for (group, kind, version), fault in snapshot.unread.items():
        is_declared = any(found.blueprint.of_kind(group, kind))
        unchecked.append(Unchecked(_name(group, version, kind), _why(fault), None, is_declared))
    unchecked += (Unchecked(f"all of {api}", why) for api, why in _dead_apis(snapshot).items())
    return Seen(snapshot, tuple(others), tuple(unchecked))


def compare(
    found: Declared,
    target: BoundTarget,
    seen: Seen,
    source: SourceRead,
    *,
    key: bytes,
    rules: Rules = NO_RULES,
) -> tuple[DriftReport, list[Line]]:
    """The report about what was seen, without history and users, and its lines, which those can be added to."""
    stamp = clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    report = DriftReport(source, target.event, stamp, __version__, len(found.blueprint), unchecked=list(seen.unchecked))
    ignoring, unsaid = rules.ignoring(found.blueprint)
    declared = _declared(found, target, seen.snapshot, report, ignoring, key)
    told = lines.in_order([*declared, *_undeclared(found, target, seen, report)])
    report.drift = [line.drift for line in told]
    report.rules += ignoring.uses(rule for _, rule in report.ignored)
    report.notes += map(str, (*unsaid, *judgement.of_rules(report.rules)))
    return report, told


def _declared(
    found: Declared, target: BoundTarget, snapshot: Snapshot, report: DriftReport, ignoring: Ignoring, key: bytes
) -> Iterator[Line]:
    fitted = fidelity.fit(found.blueprint, target.capabilities, build.rulebook_for(found.blueprint, snapshot))
    setting = build.setting_for(found.blueprint, snapshot, manager=FIELD_MANAGER, ignoring=ignoring)
    dead = _dead_apis(snapshot)
    crds = ("apiextensions.k8s.io", "CustomResourceDefinition")
    custom = Custom.of((*snapshot.of_kind(*crds), *(m.body for m in found.blueprint.of_kind(*crds))))
    for manifest in found.blueprint:
        ref = manifest.ref
        if ref in fitted.held_back:
            report.unchecked.append(Unchecked(str(ref), f"not provable here: {fitted.held_back[ref]}", ref))
            continue
        live = snapshot.get(ref)
        if live is not None:
            sent = fitted.manifests.get(ref, manifest)
            try:
                said = lines.of_declared(manifest, sent, live, setting, custom=custom, key=key)
            except RecursionError:
                report.unchecked.append(Unchecked(str(ref), "it is nested too deeply to be compared", ref, True))
                continue
            report.compared += 1
            report.owned += [(line.drift, line.controller) for line in said.owned]
            report.ignored += [(line.drift, line.rule) for line in said.ignored if line.rule]
            yield from said.drift
        elif snapshot.why_unread(ref):
            # Told with its kind.
            continue
        elif why := dead.get(f"{ref.group}/{ref.version}"):
            report.unchecked.append(Unchecked(str(ref), why, ref, True))
        elif _removes_itself(manifest):
            report.owned.append((lines.of_missing(manifest).drift, _TTL))
        else:
            yield lines.of_missing(manifest)


def _removes_itself(manifest: Manifest) -> bool:
    is_job = manifest.ref.group_kind == ("batch", "Job")
    return is_job and dig(manifest.body, "spec", "ttlSecondsAfterFinished") is not None


def _undeclared(found: Declared, target: BoundTarget, seen: Seen, report: DriftReport) -> Iterator[Line]:
    for ref, body, reason in undeclared(found, target, seen):
        if reason:
            report.left_out[reason] += 1
        else:
            yield lines.of_undeclared(ref, body, ours=FIELD_MANAGER)


def undeclared(found: Declared, target: BoundTarget, seen: Seen) -> Iterator[tuple[Ref, Body, str]]:
    """The live objects that nobody declares, each once, with the reason why that is all right, if there is one."""
    blueprint = found.blueprint
    places = managed_namespaces(found)
    around = system.Surroundings(
        FIELD_MANAGER,
        target.baseline_namespaces,
        found.graph.produced,
        frozenset((m.ref.namespace, m.ref.name) for m in blueprint.of_kind("helm.toolkit.fluxcd.io", "HelmRelease")),
        frozenset(m.ref.name for m in blueprint.of_kind("argoproj.io", "Application")),
    )
    known: set[Ref] = set()
    for body in (*seen.snapshot.bodies(), *seen.others):
        ref = ref_of(body)
        if ref not in blueprint and ref not in known:
            known.add(ref)
            is_within = not ref.namespace or ref.namespace in places
            yield ref, body, system.excuse(ref, body, around) if is_within else ELSEWHERE


def managed_namespaces(found: Declared) -> frozenset[str]:
    """The namespaces that a repository declares or puts something into."""
    declared = (m.ref.name for m in found.blueprint.of_kind("", "Namespace"))
    return frozenset({*declared, *(m.ref.namespace for m in found.blueprint if m.ref.namespace)})


def _is_served(kind: Kind, version: str, target: BoundTarget) -> bool:
    served = target.served.get(kind.group, kind.kind)
    return served is not None and version in served.versions


def _is_asked_for(kind: Kind) -> bool:
    return (kind.group, kind.kind) not in system.RECORDS and kind.group not in system.RECORD_GROUPS


def _name(group: str, version: str, kind: str) -> str:
    return f"{group}/{version} {kind}" if group else f"{version} {kind}"


def _why(fault: Fault) -> str:
    is_forbidden = fault.cause in (Cause.DENIED, Cause.FORBIDDEN)
    return f"forbidden: {fault.message}" if is_forbidden else f"its API does not answer: {fault.message}"


def _dead_apis(snapshot: Snapshot) -> dict[str, str]:
    """Aggregated APIs that are down, with the reason: discovery passes them over, and with them all their kinds."""
    found = {}
    for body in snapshot.of_kind(*_APISERVICES):
        conditions = {str(c.get("type")): c for c in dig_maps(body, "status", "conditions")}
        available = conditions.get("Available")
        if dig(body, "spec", "service") and dig(available, "status") != "True":
            why = str(dig(available, "message") or dig(available, "reason") or "it has no backend")
            api = f"{dig(body, 'spec', 'group')}/{dig(body, 'spec', 'version')}"
            found[api] = f"its API does not answer: {why}"
    return found
