"""Labels and annotations by which tools note what they did: they say who deploys an object, and not what it is.

A rebuilt object without them is the same object. Each row names the tool; what merely looks like a note is none.
"""

from __future__ import annotations

from msgspec import Struct

from rebuild.verify import paths


class Note(Struct, frozen=True):
    """A key, or all keys that begin so (`/*`), in labels or annotations; with a value, only where it holds that."""

    key: str
    reason: str
    field: str = "annotations"
    value: str = ""


_ARGO, _FLUX, _HELM = "Argo CD notes what it tracks", "Flux notes what it applies", "Helm notes its release"
ROWS = (
    Note("kubectl.kubernetes.io/last-applied-configuration", "kubectl keeps what it applied last"),
    Note("deployment.kubernetes.io/revision", "the workload controller counts its rollouts"),
    Note("deprecated.daemonset.template.generation", "the workload controller counts its rollouts"),
    Note("kubernetes.io/limit-ranger", "the LimitRanger notes what it filled in"),
    Note("kubernetes.io/metadata.name", "the API server labels Namespaces with their name", "labels"),
    Note("argocd.argoproj.io/tracking-id", _ARGO),
    Note("argocd.argoproj.io/installation-id", _ARGO),
    Note("argocd.argoproj.io/instance", _ARGO, "labels"),
    Note("kustomize.toolkit.fluxcd.io/*", _FLUX, "labels"),
    Note("helm.toolkit.fluxcd.io/*", _FLUX, "labels"),
    Note("meta.helm.sh/release-name", _HELM),
    Note("meta.helm.sh/release-namespace", _HELM),
    Note("app.kubernetes.io/managed-by", _HELM, "labels", "Helm"),
)


def reason(path: paths.Path, value: object) -> str:
    """Which tool's note a live field is, or nothing."""
    match path:
        case ("metadata", field, str(key)):
            return next((row.reason for row in ROWS if _fits(row, field, key, value)), "")
    return ""


def _fits(row: Note, field: object, key: str, value: object) -> bool:
    same = key.startswith(row.key[:-1]) if row.key.endswith("/*") else key == row.key
    return same and field == row.field and (not row.value or value == row.value)
