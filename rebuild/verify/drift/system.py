"""Why an object that nobody declares is all right: the cluster itself or a controller makes it. One row per reason.

Only an object's metadata is looked at, since that is all that is asked of the server. What a person's tool has written
to is never excused by where it stands: a default ServiceAccount that was patched by hand is the classic of a shadow
route. An owner excuses everything: what has one goes with it, and its owner is looked at for itself.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from rebuild.model.drift import Actor
from rebuild.model.objects import Body, dig
from rebuild.model.refs import Ref
from rebuild.verify import managers
from rebuild.verify.drift import actors

SYSTEM_NAMESPACES = frozenset({"kube-node-lease", "kube-public", "kube-system"})
RECORDS = frozenset({
    ("", "ComponentStatus"),
    ("", "Event"),
    ("", "Node"),
    ("apps", "ControllerRevision"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("coordination.k8s.io", "Lease"),
    ("coordination.k8s.io", "LeaseCandidate"),
    ("events.k8s.io", "Event"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "CSIStorageCapacity"),
    ("storage.k8s.io", "VolumeAttachment"),
})  # fmt: skip
"""Kinds of which nothing has to be declared: they tell what happens in a cluster, or what it is made of."""
RECORD_GROUPS = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
_MADE_WITH_THE_CLUSTER = frozenset({
    ("", "ConfigMap", "kube-root-ca.crt"),
    ("", "ConfigMap", "openshift-service-ca.crt"),
    ("", "Namespace", "default"),
    ("", "Namespace", "kube-node-lease"),
    ("", "Namespace", "kube-public"),
    ("", "Namespace", "kube-system"),
    ("rbac.authorization.k8s.io", "ClusterRole", "kindnet"),
    ("rbac.authorization.k8s.io", "ClusterRole", "local-path-provisioner-role"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "kindnet"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", "local-path-provisioner-bind"),
})  # fmt: skip
"""In every cluster, in every namespace, or in every cluster of kind."""
_PROVISIONERS = {"rebuild.dev/lab": "the lab brings it", "rancher.io/local-path": "kind brings it"}


class Surroundings(Struct, frozen=True):
    """What the rows know beside the object.

    `produced` are objects that a declared one makes (an ExternalSecret's Secret), `releases` the declared HelmReleases
    of Flux by namespace and name, `applications` the declared Applications of Argo CD by name.
    """

    ours: str
    baseline_namespaces: frozenset[str] = frozenset()
    produced: frozenset[Ref] = frozenset()
    releases: frozenset[tuple[str, str]] = frozenset()
    applications: frozenset[str] = frozenset()


class Case(Struct, frozen=True):
    """One undeclared object."""

    ref: Ref
    body: Body
    around: Surroundings
    writers: tuple[managers.Entry, ...] = field(default=())

    def label(self, name: str) -> str:
        """A label's value, empty where there is none."""
        return str(dig(self.body, "metadata", "labels", name) or "")

    def annotation(self, name: str) -> str:
        """An annotation's value, empty where there is none."""
        return str(dig(self.body, "metadata", "annotations", name) or "")


class Row(Struct, frozen=True):
    """Excuses an object for a reason."""

    reason: str
    holds: Callable[[Case], bool]
    whoever_wrote: bool = False
    """Whether it holds also for what a person's tool has written to."""


def _is_bootstrapped(case: Case) -> bool:
    return bool(
        case.label("kubernetes.io/bootstrapping")
        or case.label("kube-aggregator.kubernetes.io/automanaged")
        or case.annotation("apf.kubernetes.io/autoupdate-spec") == "true"
        or (case.ref.kind == "PriorityClass" and case.ref.name.startswith("system-"))
        or (case.ref.group, case.ref.kind, case.ref.name) in _MADE_WITH_THE_CLUSTER
        or _is_plain_default_account(case)
        or (case.ref.group_kind == ("", "Namespace") and case.ref.name in case.around.baseline_namespaces)
        or str(dig(case.body, "provisioner") or "") in _PROVISIONERS
    )


def _is_plain_default_account(case: Case) -> bool:
    """Whether it is the account of every namespace as it was made. Kubernetes notes no managers of what is added to
    it, so its content has to tell: a pull secret in it is a change that many Pods live by.
    """
    is_default = (*case.ref.group_kind, case.ref.name) == ("", "ServiceAccount", "default")
    return is_default and not any(case.body.get(name) for name in ("imagePullSecrets", "secrets"))


def _is_deployed(case: Case) -> bool:
    """Whether a declared HelmRelease or Application brings it: its chart or repository is what declares it."""
    release = (case.label("helm.toolkit.fluxcd.io/namespace"), case.label("helm.toolkit.fluxcd.io/name"))
    application = case.annotation("argocd.argoproj.io/tracking-id").partition(":")[0]
    return release in case.around.releases or application.rpartition("_")[2] in case.around.applications


ROWS = (
    Row(
        "owned by another object", lambda case: bool(dig(case.body, "metadata", "ownerReferences")), whoever_wrote=True
    ),
    Row(
        "a record of what happens in the cluster",
        lambda case: case.ref.group_kind in RECORDS or case.ref.group in RECORD_GROUPS,
        whoever_wrote=True,
    ),
    Row("made by a declared object", lambda case: case.ref in case.around.produced),
    Row("brought by a declared HelmRelease or Application", _is_deployed),
    Row(
        "the record of a Helm release",
        lambda case: (
            case.ref.group_kind == ("", "Secret")
            and case.label("owner") == "helm"
            and case.ref.name.startswith("sh.helm.release.v1.")
        ),
        whoever_wrote=True,
    ),
    Row("a volume that a provisioner made", lambda case: bool(case.annotation("pv.kubernetes.io/provisioned-by"))),
    Row("comes with every cluster", _is_bootstrapped),
    Row("in a namespace of the system", lambda case: case.ref.namespace in SYSTEM_NAMESPACES),
    Row("written by the cluster itself", lambda case: actors.are_core(case.writers)),
)


def excuse(ref: Ref, body: Body, around: Surroundings) -> str:
    """Why nobody has to declare this object, or nothing."""
    writers = tuple(entry for entry in managers.entries_of(body) if entry.subresource != "status")
    case = Case(ref, body, around, writers)
    by_hand = any(actors.of(entry.manager, ours=around.ours) is Actor.PERSON for entry in writers)
    return next((row.reason for row in ROWS if (row.whoever_wrote or not by_hand) and row.holds(case)), "")
