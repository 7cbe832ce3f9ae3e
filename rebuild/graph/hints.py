"""What the annotations of other tools have in common: hooks, numbers, and objects that only a special event needs.

A rebuild is an installation from nothing. What its tool would apply only when something fails, is upgraded, tested or
deleted is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from rebuild.graph import fans
from rebuild.graph.fields import text
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig
from rebuild.model.refs import Ref

ARGO_HOOK = "argocd.argoproj.io/hook"
HELM_HOOK = "helm.sh/hook"
_INSTALLS = {
    ARGO_HOOK: frozenset({"PreSync", "Sync", "PostSync"}),
    HELM_HOOK: frozenset({"pre-install", "post-install", "crd-install"}),
}
"""The hooks that run while something is installed; all others wait for another event."""
_PREREQUISITES = frozenset({("", "Namespace"), ("apiextensions.k8s.io", "CustomResourceDefinition")})


def annotation(item: Manifest, key: str) -> str:
    """The value of an annotation, empty where it is missing or is no text."""
    return text(item.body, "metadata", "annotations", key)


def hooks(item: Manifest, key: str) -> frozenset[str]:
    """The hooks that an annotation lists, separated by commas."""
    return frozenset(filter(None, (each.strip() for each in annotation(item, key).split(","))))


def number(item: Manifest, key: str) -> int:
    """The number that an annotation holds; 0, as these tools take it, where there is none or something else."""
    try:
        return int(annotation(item, key))
    except ValueError:
        return 0


def is_prerequisite(item: Manifest, *keys: str) -> bool:
    """Whether an object is a Namespace or a definition without any of these annotations.

    The tools have such objects made before everything else, by a flag or by themselves, so no order written for other
    objects holds them back.
    """
    return item.ref.group_kind in _PREREQUISITES and not any(annotation(item, key) for key in keys)


def in_steps(steps: Mapping[int, Iterable[Ref]], gate: Gate, why: str, rule: str) -> Iterator[Edge]:
    """Each step waits for the one before it, hard; `why` may hold `{before}`."""
    before: int | None = None
    for step in sorted(steps):
        if before is not None:
            reason = why.format(before=before)
            waits = dict.fromkeys(sorted(steps[step]), reason)
            yield from fans.edges(
                waits, steps[before], gate=gate, strength=Strength.HARD, members=Strength.HARD, rule=rule
            )
        before = step


def installed(blueprint: Blueprint) -> Blueprint:
    """The blueprint without the hooks that do not run while something is installed; a finding tells of each."""
    others = {item.ref: hook for item in blueprint if (hook := _foreign_hook(item))}
    if not others:
        return blueprint
    kept = {ref: item for ref, item in blueprint.manifests.items() if ref not in others}
    findings = tuple(_left_out(blueprint.manifests[ref], hook) for ref, hook in others.items())
    return replace(blueprint, manifests=kept, findings=(*blueprint.findings, *findings))


def _foreign_hook(item: Manifest) -> str:
    annotations = dig(item.body, "metadata", "annotations")
    if not isinstance(annotations, dict) or _INSTALLS.keys().isdisjoint(annotations):
        return ""
    for key, installs in _INSTALLS.items():
        listed = hooks(item, key)
        if listed and not listed & installs:
            return f"{key}: {', '.join(sorted(listed))}"
    return ""


def _left_out(item: Manifest, hook: str) -> Finding:
    return Finding(
        "hook-left-out",
        Severity.INFO,
        f"{item.ref} is no part of an installation ({hook}), so it is not applied",
        item.ref,
        item.origin,
        "remove the annotation if a rebuilt cluster needs the object",
    )
