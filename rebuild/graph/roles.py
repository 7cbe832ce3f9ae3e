"""Who may do what, as far as the repository says: bindings, their roles, and the roles that aggregation adds.

Must not decide on edges. What a role grants is written by a controller where the role is aggregated
(pkg/controller/clusterroleaggregation of Kubernetes), so its parts are found by their labels, as it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.graph.shelf import Shelf
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref

GROUP = "rbac.authorization.k8s.io"

_BUILT_IN = {"admin": ("admin", "edit", "view"), "edit": ("edit", "view"), "view": ("view",)}
"""The aggregated roles that every API server makes, and whose parts each takes in: `edit` is itself one of
`admin`'s (plugin/pkg/auth/authorizer/rbac/bootstrappolicy)."""


class Roles:
    """The declared roles, by what binds them and by what aggregates them."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._shelf = Shelf(
            (pairs(role.body, "metadata", "labels"), role) for role in index.of_kind(GROUP, "ClusterRole")
        )
        self._granted: dict[Ref, tuple[Manifest, ...]] = {}

    def of(self, binding: Manifest) -> Ref:
        """The role that a binding grants, declared or not."""
        kind, name = text(binding.body, "roleRef", "kind"), text(binding.body, "roleRef", "name")
        return Ref(GROUP, kind, binding.ref.namespace if kind == "Role" else "", name)

    def parts_of(self, role: Ref) -> list[Manifest]:
        """The declared roles whose labels an aggregated role selects; none for other roles."""
        parts = {part.ref: part for selector in self._selectors(role) for part in self._shelf.matching(selector)}
        parts.pop(role, None)
        return list(parts.values())

    def granted_by(self, binding: Manifest) -> tuple[Manifest, ...]:
        """The declared roles that a binding grants in the end, aggregated ones and their parts included."""
        role = self.of(binding)
        if role not in self._granted:
            self._granted[role] = tuple(self._with_parts(role))
        return self._granted[role]

    def _with_parts(self, role: Ref) -> Iterator[Manifest]:
        seen = {role}
        rest = [role]
        while rest:
            here = rest.pop()
            if declared := self._index.get(here):
                yield declared
            found = [part.ref for part in self.parts_of(here) if part.ref not in seen]
            seen.update(found)
            rest.extend(reversed(found))

    def _selectors(self, role: Ref) -> Iterator[Any]:
        declared = self._index.get(role)
        if declared:
            yield from dig_maps(declared.body, "aggregationRule", "clusterRoleSelectors")
        elif role.kind == "ClusterRole":
            for name in _BUILT_IN.get(role.name, ()):
                yield {"matchLabels": {f"{GROUP}/aggregate-to-{name}": "true"}}
