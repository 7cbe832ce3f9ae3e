"""The change groups that kapp puts objects into by itself, which a change rule may name as it names any other.

As kapp's own configuration has them (`kapp deploy-config`, changeGroupBindings). The rules that kapp has for these
groups are not followed: they put all of a kind before all of another, where the references say what needs what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rebuild.graph.index import Index
from rebuild.model.refs import Ref

_PREFIX = "change-groups.kapp.k14s.io/"
_RBAC = "rbac.authorization.k8s.io"
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_ROLES = ((_RBAC, "ClusterRole"), (_RBAC, "Role"))
_BINDINGS = ((_RBAC, "ClusterRoleBinding"), (_RBAC, "RoleBinding"))
_KINDS: Mapping[str, Iterable[tuple[str, str]]] = {
    "appcr": (("kappctrl.k14s.io", "App"),),
    "crds": (_DEFINITION,),
    "namespaces": (("", "Namespace"),),
    "packageinstall": (("packaging.carvel.dev", "PackageInstall"),),
    "pod-related": (
        *(("", kind) for kind in ("ConfigMap", "LimitRange", "ResourceQuota", "Secret", "ServiceAccount")),
        ("networking.k8s.io", "NetworkPolicy"),
        ("node.k8s.io", "RuntimeClass"),
        ("policy", "PodDisruptionBudget"),
        ("scheduling.k8s.io", "PriorityClass"),
    ),
    "rbac": (*_ROLES, *_BINDINGS),
    "rbac-role-bindings": _BINDINGS,
    "rbac-roles": _ROLES,
    "serviceaccount": (("", "ServiceAccount"),),
    "storage": (("", "PersistentVolume"), ("", "PersistentVolumeClaim")),
    "storage-class": (("storage.k8s.io", "StorageClass"),),
}


def members(group: str, index: Index) -> Iterator[Ref]:
    """The declared objects that are in a group without saying so; none of a group that is nobody's but the user's."""
    if not group.startswith(_PREFIX):
        return
    name = group.removeprefix(_PREFIX)
    for kind in _KINDS.get(name, ()):
        yield from (item.ref for item in index.of_kind(*kind))
    if name.startswith("namespaces-"):
        namespace = index.find("", "Namespace", "", name.removeprefix("namespaces-"))
        yield from [namespace] if namespace else []
    if name.startswith("crds-"):
        yield from (ref for kind, ref in index.crds() if name == f"crds-{kind.group}-{kind.kind}")
