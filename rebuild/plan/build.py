"""From what is declared, live and possible to the steps of a run. `plan` and `apply` share this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rebuild.graph import rank
from rebuild.graph.build import Graph
from rebuild.graph.estimates import PRIORS, Estimates
from rebuild.graph.index import Index, key_of
from rebuild.health import definitions
from rebuild.health.compute import Rulebook
from rebuild.health.verdicts import GroupKind, Rule
from rebuild.model.blueprint import Blueprint
from rebuild.model.faults import Cause
from rebuild.model.findings import Finding, Severity
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body, Manifest, dig
from rebuild.model.refs import Ref
from rebuild.plan import fidelity, images, references, served
from rebuild.plan.fidelity import Capabilities, Fitted
from rebuild.plan.preflight import check as preflight
from rebuild.plan.preflight.facts import Facts
from rebuild.plan.recoverability import check as recoverability
from rebuild.plan.rules import NO_RULES, Rules
from rebuild.plan.snapshot import Snapshot, version_of
from rebuild.plan.steps import Action, Plan, Step
from rebuild.verify import compare, controllers, paths, reapply, schema
from rebuild.verify.controllers import Setting
from rebuild.verify.ignoring import NOTHING, Ignoring

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


class Surroundings(Struct, frozen=True):
    """What is known of the target: what it holds, what it can do, and its release (`v1.37.2`; empty if unknown).

    Without a target nothing is known of it but what is assumed here.
    """

    snapshot: Snapshot
    capabilities: Capabilities
    version: str = ""
    has_target: bool = True
    estimates: Estimates = PRIORS


OFFLINE = Surroundings(Snapshot(()), Capabilities(containers=True), has_target=False)
"""A plan made without a target: nothing exists yet, and everything can be done."""


_NOBODY: Mapping[Ref, str] = MappingProxyType({})


def build(
    blueprint: Blueprint,
    graph: Graph,
    surroundings: Surroundings,
    *,
    manager: str,
    refused: Mapping[Ref, str] = _NOBODY,
    rules: Rules = NO_RULES,
) -> Plan:
    """The steps that make the target hold what the blueprint declares. Pure: nothing is read or written.

    Steps come in order of their refs and findings by place, so the same files give the same plan in whatever order.

    Args:
        blueprint: what is declared.
        graph: who waits for whom; must not hold a hard loop.
        surroundings: what the target holds and can do; what it serves is in the blueprint's kinds.
        manager: the field manager that writes are made as.
        refused: why the API server is sure to refuse an object, which is then not sent; the findings tell of it.
        rules: what the user says of health, and of differences that are to be ignored.
    """
    blueprint = replace(
        blueprint, manifests={ref: blueprint.manifests[ref] for ref in sorted(blueprint.manifests, key=key_of)}
    )
    rulebook = rulebook_for(blueprint, surroundings.snapshot, own=rules.health)
    fitted = fidelity.fit(blueprint, surroundings.capabilities, rulebook)
    setting = setting_for(blueprint, surroundings.snapshot, manager=manager)
    findings: list[Finding] = [*blueprint.findings, *graph.findings, *_unread(surroundings.snapshot)]
    findings += references.undeclared(graph.edges, graph.expected - graph.produced, blueprint)
    index = Index(blueprint)
    findings += recoverability.findings(index)
    homeless = {f.ref: f for f in references.homeless(blueprint, surroundings.snapshot)}
    findings += homeless.values()
    findings += served.deprecated(blueprint)
    ignoring, unsaid = rules.ignoring(blueprint)
    findings += [*unsaid, *rules.unused(blueprint)]
    needed = images.needed(blueprint)
    findings += images.findings(blueprint, needed)
    tails = _tails(graph, index, surroundings.estimates)
    steps, unserved = {}, []
    for declared in blueprint:
        step = _step(declared, fitted, surroundings, blueprint.kinds, setting, tails.get(declared.ref, 0.0))
        if step.action is Action.FAIL:
            unserved.append((declared, step.reason))
        elif step.action is Action.CREATE and declared.ref in homeless:
            step = Step(declared, Action.FAIL, awaited=False, reason=homeless[declared.ref].message)
        elif step.action in (Action.CREATE, Action.CONFIGURE) and declared.ref in refused:
            step = Step(declared, Action.FAIL, awaited=False, reason=refused[declared.ref])
        steps[declared.ref] = step
    findings += served.not_served(unserved, blueprint.kinds)
    findings += preflight.findings(
        Facts(index, graph.edges, steps, surroundings.snapshot, setting, surroundings.has_target)
    )
    unmade = {ref for ref in graph.produced if surroundings.snapshot.get(ref) is None}
    edges = fitted.openable(graph.edges, unmade)
    return Plan(
        steps=steps,
        edges=edges,
        expected=graph.expected,
        kinds=blueprint.kinds,
        findings=tuple(sorted(findings, key=lambda each: each.place)),
        limits=tuple(fitted.limits),
        rulebook=rulebook,
        ignoring=ignoring,
        images=needed,
        estimates=surroundings.estimates,
    )


def _tails(graph: Graph, index: Index, estimates: Estimates) -> Mapping[Ref, float]:
    """What hangs on each object, by what earlier runs measured where there are any."""
    if not estimates.runs:
        return graph.tails
    return rank.tails((item.ref for item in index), graph.edges, estimates.seconds)


def setting_for(blueprint: Blueprint, snapshot: Snapshot, *, manager: str, ignoring: Ignoring = NOTHING) -> Setting:
    """What comparison has to know: the schemas of CRDs, what autoscalers scale, declared or live, and what is ignored.

    A live CRD is how the server takes the objects; a declared one stands in as long as there is none.
    """
    wanted = {ref.group_kind for ref in blueprint.manifests}
    live = (crd for crd in snapshot.of_kind(*_CRD) if _defines(crd) in wanted)
    crds = [*(m.body for m in blueprint.of_kind(*_CRD)), *live]
    scalers = ("autoscaling", "HorizontalPodAutoscaler")
    autoscalers = [*(m.body for m in blueprint.of_kind(*scalers)), *snapshot.of_kind(*scalers)]
    return Setting(schema.builtin().extended(crds), manager, controllers.scaled_by(autoscalers), ignoring)


def _defines(crd: Body) -> tuple[Any, Any]:
    return dig(crd, "spec", "group"), dig(crd, "spec", "names", "kind")


def _step(
    declared: Manifest, fitted: Fitted, surroundings: Surroundings, known: Kinds, setting: Setting, tail: float
) -> Step:
    ref = declared.ref
    if ref in fitted.held_back:
        return Step(declared, Action.HOLD_BACK, awaited=False, reason=fitted.held_back[ref])
    problem = served.problem(ref, known.of(ref))
    if problem:
        return Step(declared, Action.FAIL, awaited=False, reason=problem)
    manifest = fitted.manifests.get(ref, declared)
    awaited = ref not in fitted.unawaited
    live = surroundings.snapshot.get(ref)
    if live is None:
        return Step(manifest, Action.CREATE, awaited, tail)
    differing = _differing(manifest, live, setting)
    if not differing:
        return Step(manifest, Action.KEEP, awaited, tail, version_of(live))
    manifest = manifest.with_body(reapply.without_controller_owned(manifest, live, setting))
    reason = f"differs in {', '.join(differing)}"
    uid = str(dig(live, "metadata", "uid") or "")
    return Step(manifest, Action.CONFIGURE, awaited, tail, version_of(live), reason, uid)


def _differing(manifest: Manifest, live: Body, setting: Setting) -> list[str]:
    """The declared fields that have another meaning in the live object and belong to no controller."""
    return [
        paths.render(found.path)
        for found in compare.deviations(manifest, live, setting.schemas)
        if not controllers.controller_for(manifest, live, found.path, setting)
    ]


def _unread(snapshot: Snapshot) -> Iterator[Finding]:
    """What lives of these kinds is unknown, so their objects are planned as if there were none."""
    for (group, kind, version), fault in snapshot.unread.items():
        name = f"{group}/{version} {kind}" if group else f"{version} {kind}"
        step = "look at the log of the API server: it cannot read what it stores of this kind"
        if fault.cause in (Cause.DENIED, Cause.FORBIDDEN):
            step = "allow this user to list and watch the kind in all namespaces"
        elif fault.cause is Cause.WEBHOOK:
            step = "bring back the webhook that converts to this version, or declare the stored one"
        elif fault.cause is Cause.NOT_SERVED:
            step = "bring back the server behind its APIService"
        yield Finding(
            "kind-unreadable",
            Severity.WARNING,
            f"what lives of {name} could not be read: {fault.message}",
            next_step=step,
        )


def rulebook_for(
    blueprint: Blueprint, snapshot: Snapshot, *, own: Mapping[GroupKind, Rule] = NO_RULES.health
) -> Rulebook:
    """What decides on health: `own` rules come first, and a declared definition comes before the live one."""
    crds = [*snapshot.of_kind(*_CRD), *(manifest.body for manifest in blueprint.of_kind(*_CRD))]
    waiting = frozenset(_waiting_claims(blueprint, snapshot))
    return Rulebook(evidence=definitions.evidence(crds), own=own, waiting_claims=waiting)


def _waiting_claims(blueprint: Blueprint, snapshot: Snapshot) -> Iterator[Ref]:
    """The declared claims whose class binds them when a Pod uses them first; until then Pending is their health.

    A claim that names its volume is bound to that at once, whatever its class says (syncUnboundClaim of Kubernetes'
    persistent volume controller).
    """
    classes = {m.ref.name: m.body for m in blueprint.of_kind("storage.k8s.io", "StorageClass")}
    for body in snapshot.of_kind("storage.k8s.io", "StorageClass"):
        classes.setdefault(body["metadata"]["name"], body)
    late = {name for name, body in classes.items() if body.get("volumeBindingMode") == "WaitForFirstConsumer"}
    defaults = {n for n, body in classes.items() if dig(body, "metadata", "annotations", DEFAULT_CLASS) == "true"}
    for claim in blueprint.of_kind("", "PersistentVolumeClaim"):
        if dig(claim.body, "spec", "volumeName"):
            continue
        named = dig(claim.body, "spec", "storageClassName")
        if named in late or (named is None and defaults and defaults <= late):
            yield claim.ref
