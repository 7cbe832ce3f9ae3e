"""What the user of a connection may do, by the API server's own reviews. Pure: an answer in, decisions out.

Whether a rule covers a request is decided as Kubernetes does (pkg/apis/rbac/v1/evaluation_helpers.go).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from rebuild.model.objects import dig, dig_list, dig_maps

ANY = "*"


class Access(Struct, frozen=True):
    """One thing to do with a resource. Without a namespace it concerns the whole cluster, without a name all objects.

    A server-side apply that makes an object is authorized as `patch` and then as `create`, both with its name.
    """

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


EVERYTHING = Access(ANY, ANY, ANY)
"""What a cluster's administrator may do."""


class Rule(Struct, frozen=True):
    """Allows each of its verbs on each of its resources; on all objects where it names none."""

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str]

    def covers(self, access: Access) -> bool:
        """Whether it allows this."""
        return (
            not self.verbs.isdisjoint((ANY, access.verb))
            and not self.groups.isdisjoint((ANY, access.group))
            and not self.resources.isdisjoint((ANY, access.resource))
            and (not self.names or access.name in self.names)
        )


class Rights(Struct, frozen=True):
    """The rules that hold in a namespace. Where they are not `complete`, an authorizer of the server cannot list its
    own, and what they do not cover may be allowed all the same.
    """

    rules: tuple[Rule, ...]
    complete: bool

    def cover(self, access: Access) -> bool:
        """Whether a rule allows this."""
        return any(rule.covers(access) for rule in self.rules)


def of(review: Any) -> Rights:
    """The rights that a SelfSubjectRulesReview came back with."""
    return Rights(tuple(_rules(review)), complete=not dig(review, "status", "incomplete"))


def _rules(review: Any) -> Iterator[Rule]:
    for rule in dig_maps(review, "status", "resourceRules"):
        fields = (dig_list(rule, key) for key in ("verbs", "apiGroups", "resources", "resourceNames"))
        yield Rule(*map(frozenset, fields))
