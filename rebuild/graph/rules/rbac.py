"""A binding is refused while its role is missing, and an operator that starts without its permissions or its
CustomResourceDefinitions crash-loops.

To prevent escalation, the API server looks up the role of a new binding and compares its rules with those of the
caller, and answers 404 where there is no such role (pkg/registry/rbac/*binding/policybased/storage.go). It leaves
that out for callers of the group `system:masters` and for those who hold the verb `bind` on the role; a plan is
made before anybody knows who will carry it out, and a binding to nothing grants nothing, so the order holds for all.

Must not read what the group `*` covers: it names no API in particular.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rebuild.graph.fields import text, texts
from rebuild.graph.index import Index
from rebuild.graph.roles import GROUP, Roles
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref

_BINDINGS = ("ClusterRoleBinding", "RoleBinding")


def edges_from(index: Index) -> Iterator[Edge]:
    """Binding -> role, EXISTS, hard; aggregated role -> its parts, EXISTS, soft; workload -> the bindings of its
    account, EXISTS, soft, and the CRDs that their roles name, SERVED, soft.

    A role that every cluster has (`view`) is not declared: the binding itself waits for its declared parts.
    """
    roles = Roles(index)
    yield from _of_roles(index, roles)
    bindings_of = _bindings_by_account(index)
    crds_of = _crds_by_account(index, bindings_of, roles)
    for workload in (*index.workloads, *index.embedded):
        account = (workload.ref.namespace, workload.service_account)
        for binding in bindings_of.get(account, ()):
            yield _soft(workload.ref, binding.ref, "its service account gets permissions from it")
        for crd in crds_of.get(account, ()):
            why = "its roles name this custom resource"
            yield Edge(workload.ref, crd, Gate.SERVED, Strength.SOFT, why, "rbac")


def _of_roles(index: Index, roles: Roles) -> Iterator[Edge]:
    for kind in _BINDINGS:
        for binding in index.of_kind(GROUP, kind):
            role = index.get(roles.of(binding))
            if role:
                yield Edge(binding.ref, role.ref, Gate.EXISTS, Strength.HARD, "grants this role", "rbac")
            else:
                for part in roles.parts_of(roles.of(binding)):
                    yield _soft(binding.ref, part.ref, "its role takes in the rules of this one")
    for role in index.of_kind(GROUP, "ClusterRole"):
        for part in roles.parts_of(role.ref):
            yield _soft(role.ref, part.ref, "takes in the rules of this one")


def _soft(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "rbac")


def _bindings_by_account(index: Index) -> dict[tuple[str, str], list[Manifest]]:
    bindings_of: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for kind in _BINDINGS:
        for binding in index.of_kind(GROUP, kind):
            for account in _accounts_in(binding):
                bindings_of[account].append(binding)
    return bindings_of


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


def _crds_by_account(
    index: Index, bindings_of: dict[tuple[str, str], list[Manifest]], roles: Roles
) -> dict[tuple[str, str], list[Ref]]:
    """The declared CRDs that each account's roles name by API group and resource."""
    by_resource: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    for kind, crd in index.crds():
        by_resource[kind.group, kind.plural].append(crd)
        by_resource[kind.group, "*"].append(crd)
    result = {}
    for account, bindings in bindings_of.items():
        granted = {role.ref: role for binding in bindings for role in roles.granted_by(binding)}
        result[account] = list(dict.fromkeys(_crds_named_by(granted.values(), by_resource)))
    return result


def _crds_named_by(roles: Iterable[Manifest], by_resource: dict[tuple[str, str], list[Ref]]) -> Iterator[Ref]:
    for role in roles:
        for rule in dig_maps(role.body, "rules"):
            # `widgets/status` and `widgets/finalizers` are granted to those who work on widgets.
            resources = {resource.partition("/")[0]: None for resource in texts(rule, "resources")}
            for group in texts(rule, "apiGroups"):
                for resource in resources:
                    yield from by_resource.get((group, resource), ())
