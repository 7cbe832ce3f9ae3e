"""A binding is refused while its role is missing (the API server looks the role up to prevent escalation),
and an operator that starts without its permissions or its CRDs crash-loops.

Must not resolve what a wildcard or an aggregation rule covers: `*` names no API group in particular, and
the rules of an aggregated role are written by a controller later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import text, texts
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref

_GROUP = "rbac.authorization.k8s.io"


def edges_from(index: Index) -> Iterator[Edge]:
    """Binding -> role, EXISTS, hard; workload -> its account's bindings, EXISTS, soft; CRDs, SERVED, soft."""
    bindings_of: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        for binding in index.of_kind(_GROUP, kind):
            role = _role_of(binding, index)
            if role:
                yield Edge(binding.ref, role.ref, Gate.EXISTS, Strength.HARD, "grants this role", "rbac")
            for account in _accounts_in(binding):
                bindings_of[account].append(binding)
    crds_of = _crds_of_accounts(index, bindings_of)
    for workload in index.workloads:
        account = (workload.ref.namespace, workload.service_account)
        for binding in bindings_of.get(account, ()):
            why = "its service account gets permissions from it"
            yield Edge(workload.ref, binding.ref, Gate.EXISTS, Strength.SOFT, why, "rbac")
        for crd in crds_of.get(account, ()):
            why = "its roles name this custom resource"
            yield Edge(workload.ref, crd, Gate.SERVED, Strength.SOFT, why, "rbac")


def _role_of(binding: Manifest, index: Index) -> Manifest | None:
    kind, name = text(binding.body, "roleRef", "kind"), text(binding.body, "roleRef", "name")
    namespace = binding.ref.namespace if kind == "Role" else ""
    return index.get(Ref(_GROUP, kind, namespace, name))


def _accounts_in(binding: Manifest) -> list[tuple[str, str]]:
    """Namespace and name of each ServiceAccount that the binding names, once.

    A RoleBinding's subject may leave the namespace out, which then means the binding's own.
    """
    accounts = (
        (text(subject, "namespace") or binding.ref.namespace, text(subject, "name"))
        for subject in dig_maps(binding.body, "subjects")
        if text(subject, "kind") == "ServiceAccount"
    )
    return list(dict.fromkeys(accounts))


def _crds_of_accounts(
    index: Index, bindings_of: dict[tuple[str, str], list[Manifest]]
) -> dict[tuple[str, str], list[Ref]]:
    """The declared CRDs that each account's roles name by API group and resource."""
    in_group: dict[str, list[tuple[str, Ref]]] = defaultdict(list)
    for kind, crd in index.crds():
        in_group[kind.group].append((kind.plural, crd))
    result = {}
    for account, bindings in bindings_of.items():
        roles = [role for role in (_role_of(binding, index) for binding in bindings) if role]
        crds = (crd for role in roles for crd in _crds_named_by(role, in_group))
        result[account] = list(dict.fromkeys(crds))
    return result


def _crds_named_by(role: Manifest, in_group: dict[str, list[tuple[str, Ref]]]) -> Iterator[Ref]:
    for rule in dig_maps(role.body, "rules"):
        # `widgets/status` and `widgets/finalizers` are granted to those who work on widgets.
        resources = {resource.partition("/")[0] for resource in texts(rule, "resources")}
        for group in texts(rule, "apiGroups"):
            for plural, crd in in_group.get(group, ()):
                if plural in resources or "*" in resources:
                    yield crd
