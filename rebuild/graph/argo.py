"""The order of Argo CD: phases, and waves within a phase.

As https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/ defines it: hooks in the phase PreSync are healthy
before the manifests of phase Sync are applied, and those are before hooks in PostSync. In a phase the waves follow each
other by their number; an object without one is in wave 0. The whole blueprint counts as one Application.
"""

from __future__ import annotations

from collections.abc import Mapping

from rebuild.graph import hints
from rebuild.graph.index import Index
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref

WAVE = "argocd.argoproj.io/sync-wave"
PHASES = ("PreSync", "Sync", "PostSync")


def waves_of(index: Index) -> Mapping[str, Mapping[int, list[Ref]]]:
    """The objects by phase and wave; empty where nothing is written for Argo CD."""
    keys = WAVE, hints.ARGO_HOOK
    if not any(hints.annotation(item, key) for key in keys for item in index.annotated(key)):
        return {}
    waves: dict[str, dict[int, list[Ref]]] = {phase: {} for phase in PHASES}
    for item in index:
        if not hints.is_prerequisite(item, *keys):
            waves[_phase_of(item)].setdefault(hints.number(item, WAVE), []).append(item.ref)
    return waves


def _phase_of(item: Manifest) -> str:
    """An object that hooks into several phases is applied in the first of them."""
    listed = hints.hooks(item, hints.ARGO_HOOK)
    return next((phase for phase in PHASES if phase in listed), "Sync")
