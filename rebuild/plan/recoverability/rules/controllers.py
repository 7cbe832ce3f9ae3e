"""A GitOps controller that comes back applies the same sources on its own, with its own order and its own fields.

Flux and Argo CD start with what their objects name as soon as they run, and take over fields that a rebuild has set.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig
from rebuild.model.wording import counted
from rebuild.plan.recoverability import wording

_FLUX = (("kustomize.toolkit.fluxcd.io", "Kustomization"), ("helm.toolkit.fluxcd.io", "HelmRelease"))


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for all that Flux reconciles, one for all that Argo CD syncs by itself."""
    flux = [item for kind in _FLUX for item in index.of_kind(*kind) if dig(item.body, "spec", "suspend") is not True]
    if flux:
        yield _finding(flux, "Flux")
    argo = [item for item in index.of_kind("argoproj.io", "Application") if _syncs_itself(item)]
    if argo:
        yield _finding(argo, "Argo CD")


def _syncs_itself(item: Manifest) -> bool:
    automated = dig(item.body, "spec", "syncPolicy", "automated")
    return isinstance(automated, dict) and automated.get("enabled") is not False


def _finding(items: list[Manifest], controller: str) -> Finding:
    return Finding(
        "gitops-controller",
        Severity.WARNING,
        f"{controller} acts on {counted(len(items), 'object')} ({wording.listed(items)}) as soon as it runs,"
        " while the rebuild goes on",
        items[0].ref,
        items[0].origin,
        "pause them until the rebuild is verified: spec.suspend for Flux, no spec.syncPolicy.automated for Argo CD",
    )
