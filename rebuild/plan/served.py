"""Which declared kinds and versions a target does not serve, and which a newer one would not. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding, Severity
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref
from rebuild.plan.recoverability import wording
from rebuild.plan.removed_apis import removal_of


def problem(ref: Ref, kind: Kind | None) -> str:
    """Why an object cannot be sent to this target, or nothing."""
    removal = removal_of(ref)
    if removal and (kind is None or ref.version not in kind.versions):
        return f"{_name(ref)} {removal.told}"
    if kind is None:
        return f"{_name(ref)} is neither declared by a CustomResourceDefinition nor served by the target"
    if ref.version not in kind.versions:
        return f"{_name(ref)} is not served; the kind is served as {', '.join(kind.versions)}"
    return ""


def not_served(problems: Iterable[tuple[Manifest, str]], known: Kinds) -> Iterator[Finding]:
    """One finding for each kind and version that keeps objects from being sent.

    Args:
        problems: what cannot be sent, and why.
        known: the kinds that the target serves and those that are declared, one of which may take the place.
    """
    for items, reason in _by_version(problems):
        first, removal = items[0], removal_of(items[0].ref)
        instead = _instead(first.ref, known)
        message = f"{reason}: {wording.listed(items)}"
        if removal:
            step = f"write it as {instead}" if instead else "take it out: nothing took its place"
            yield Finding("api-removed", Severity.WARNING, message, first.ref, first.origin, step)
        else:
            step = (
                f"write it as {instead}, or declare a CustomResourceDefinition that serves this version"
                if instead
                else "declare its CustomResourceDefinition in the source, or install what brings it"
            )
            yield Finding("kind-not-served", Severity.WARNING, message, first.ref, first.origin, step)


def _instead(ref: Ref, known: Kinds) -> str:
    """The version to write an object in: the one that the target prefers of its kind, or Kubernetes' own successor."""
    if kind := known.of(ref):
        return f"{kind.group}/{kind.versions[0]}" if kind.group else kind.versions[0]
    removal = removal_of(ref)
    return removal.replacement if removal else ""


def deprecated(blueprint: Blueprint) -> Iterator[Finding]:
    """One finding for each version that this target serves still and a later Kubernetes does not."""
    served = ((item, blueprint.kinds.of(item.ref)) for item in blueprint if removal_of(item.ref))
    still = ((item, "") for item, kind in served if kind and item.ref.version in kind.versions)
    for items, _ in _by_version(still):
        first, removal = items[0], removal_of(items[0].ref)
        if removal:
            yield Finding(
                "api-deprecated",
                Severity.WARNING,
                f"{_name(first.ref)} {removal.told}, so a newer cluster would not take {wording.listed(items)}",
                first.ref,
                first.origin,
                f"write it as {removal.replacement}"
                if removal.replacement
                else "find another way: nothing replaces it",
            )


def _by_version(problems: Iterable[tuple[Manifest, str]]) -> Iterator[tuple[list[Manifest], str]]:
    groups: dict[tuple[str, str, str], list[Manifest]] = defaultdict(list)
    for item, reason in problems:
        groups[item.ref.api_version, item.ref.kind, reason].append(item)
    return ((items, reason) for (_, _, reason), items in groups.items())


def _name(ref: Ref) -> str:
    return f"{ref.api_version} {ref.kind}"
