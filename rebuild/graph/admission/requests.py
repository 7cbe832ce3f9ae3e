"""The requests that a rebuild causes: the creation of each declared object, and of what controllers make of it.

A request is all that admission looks at before it calls somebody. Must not ask who is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rebuild.graph.fields import pairs, text
from rebuild.graph.index import TEMPLATES, Index
from rebuild.model.discreet import Discreet
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, dig, dig_maps

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The API server puts this label on every Namespace."""
UNKNOWN = "\0"
"""A value that is there and that nobody can foretell, such as the hash that a controller adds; equal to no other."""

_OF_JOB = ("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name")
_ADDED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("controller-revision-hash", "pod-template-generation"),
    ("apps", "Deployment"): ("pod-template-hash",),
    ("apps", "StatefulSet"): (
        "apps.kubernetes.io/pod-index",
        "controller-revision-hash",
        "statefulset.kubernetes.io/pod-name",
    ),
    ("batch", "CronJob"): _OF_JOB,
    ("batch", "Job"): _OF_JOB,
}
"""The labels that controllers add to the pods of a template (k8s.io/kubernetes/pkg/controller)."""

_POD = Kind("", "Pod", "pods", namespaced=True, versions=("v1",))
_CLAIM = Kind("", "PersistentVolumeClaim", "persistentvolumeclaims", namespaced=True, versions=("v1",))
_REPLICA_SET = Kind("apps", "ReplicaSet", "replicasets", namespaced=True, versions=("v1",))
_JOB = Kind("batch", "Job", "jobs", namespaced=True, versions=("v1",))


class Request(Discreet, frozen=True):
    """One creation. `name` is empty where it is generated; `namespace` is empty for what is cluster-scoped."""

    unshown = frozenset({"kind", "labels", "namespace_labels"})

    kind: Kind
    version: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str]
    """Those of its namespace; a Namespace counts as its own. Empty for what is cluster-scoped."""
    versions: tuple[str, ...] = ()
    """All versions that the same object has; of a CustomResourceDefinition also those that are not served."""

    @property
    def is_namespace(self) -> bool:
        """Whether a Namespace itself is created."""
        return (self.kind.group, self.kind.plural) == ("", "namespaces")


class Requests:
    """Makes requests of declarations. A kind that nobody knows cannot be sent, so it makes none."""

    def __init__(self, index: Index) -> None:
        self._kinds = index.kinds
        self._namespaces = {item.ref.name: _labels_of_namespace(item) for item in index.of_kind("", "Namespace")}
        self._defined = {(kind.group, kind.kind): _versions(index.get(ref)) for kind, ref in index.crds()}

    def creation(self, item: Manifest) -> Request | None:
        """The creation of a declared object, in the version that it is written in."""
        kind = self._kinds.of(item.ref)
        if kind is None:
            return None
        labels = pairs(item.body, "metadata", "labels")
        if item.ref.group_kind == ("", "Namespace"):
            # Admission gets the namespace's own labels, defaults included, for the namespace itself.
            labels = _labels_of_namespace(item)
            return Request(kind, item.ref.version, "", item.ref.name, labels, labels, kind.versions)
        return self._request(kind, item.ref.version, item.ref.namespace, item.ref.name, labels)

    def made_by(self, item: Manifest) -> Iterator[Request]:
        """The creations that follow from a declared workload: pods, and what stands between, such as a ReplicaSet.

        A bare Pod makes nothing. A StatefulSet makes claims, too.
        """
        path = TEMPLATES.get(item.ref.group_kind)
        template = dig(item.body, *path) if path else None
        if not isinstance(template, dict):
            return
        namespace = item.ref.namespace
        added = dict.fromkeys(_ADDED.get(item.ref.group_kind, ()), UNKNOWN)
        labels = pairs(template, "metadata", "labels") | added
        yield self._request(_POD, "v1", namespace, "", labels)
        match item.ref.group_kind:
            case ("apps", "Deployment"):
                yield self._request(_REPLICA_SET, "v1", namespace, "", labels)
            case ("batch", "CronJob"):
                yield self._request(
                    _JOB, "v1", namespace, "", pairs(item.body, "spec", "jobTemplate", "metadata", "labels")
                )
            case ("apps", "StatefulSet"):
                for claim in dig_maps(item.body, "spec", "volumeClaimTemplates"):
                    yield self._request(_CLAIM, "v1", namespace, "", _labels_of_claim(claim, item))

    def _request(self, kind: Kind, version: str, namespace: str, name: str, labels: Mapping[str, str]) -> Request:
        # Of a namespace that is not declared, no label is known but this one.
        around = self._namespaces.get(namespace, {NAMESPACE_NAME: namespace}) if namespace else {}
        versions = self._defined.get((kind.group, kind.kind), kind.versions)
        return Request(kind, version, namespace, name, labels, around, versions)


def _labels_of_namespace(item: Manifest) -> dict[str, str]:
    return pairs(item.body, "metadata", "labels") | {NAMESPACE_NAME: text(item.body, "metadata", "name")}


def _labels_of_claim(claim: Body, item: Manifest) -> dict[str, str]:
    """A StatefulSet labels its claims with what it selects (pkg/controller/statefulset/stateful_set_utils.go)."""
    return pairs(claim, "metadata", "labels") | pairs(item.body, "spec", "selector", "matchLabels")


def _versions(definition: Manifest | None) -> tuple[str, ...]:
    versions = dig_maps(definition.body, "spec", "versions") if definition else ()
    return tuple(text(version, "name") for version in versions)
