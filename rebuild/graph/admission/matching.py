"""Rules, scope, match policy and selectors, as k8s.io/apiserver matches them for webhooks and policies alike.

Sources: pkg/admission/plugin/webhook/predicates/{rules,namespace,object} and plugin/policy/matching. A constraint of
the wrong shape matches nothing: the API server refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from msgspec import Struct

from rebuild.graph.admission.requests import Request
from rebuild.graph.fields import text, texts
from rebuild.graph.selectors import matches as selects
from rebuild.model.objects import Body, dig, dig_list, dig_maps

ADMISSION = "admissionregistration.k8s.io"
EXEMPT = frozenset(
    {
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    }
)
"""Nobody is ever called for these, so that a broken configuration can be repaired
(rules.IsExemptAdmissionConfigurationResource)."""

Resource: TypeAlias = tuple[str, str, str]
"""Group, version and plural: what a rule speaks of."""


class Constraint(Struct, frozen=True):
    """Which requests somebody wants to see. `rules` is None where all are wanted."""

    rules: tuple[Body, ...] | None
    excluded: tuple[Body, ...]
    exact: bool
    """Only the version that is written, and not also others of the same object (`matchPolicy`)."""
    namespace_selector: Any
    object_selector: Any

    @classmethod
    def of_webhook(cls, webhook: Body) -> Constraint:
        """What one webhook of a configuration says."""
        return cls(tuple(dig_maps(webhook, "rules")), (), *_common(webhook))

    @classmethod
    def of_policy(cls, resources: Any) -> Constraint:
        """What a policy's `matchConstraints` or a binding's `matchResources` say; without rules, everything."""
        rules = tuple(dig_maps(resources, "resourceRules")) if dig_list(resources, "resourceRules") else None
        return cls(rules, tuple(dig_maps(resources, "excludeResourceRules")), *_common(resources))

    @property
    def names(self) -> set[str]:
        """The names of objects that it asks for."""
        return {name for rule in (*(self.rules or ()), *self.excluded) for name in texts(rule, "resourceNames")}

    def match(self, request: Request) -> Resource | None:
        """The form in which somebody is called about the request, or None where nobody is."""
        own = request.kind.group, request.version, request.kind.plural
        if request.kind.group == ADMISSION and request.kind.plural in EXEMPT:
            return None
        if not (self._is_in_namespace(request) and _selected(self.object_selector, request.labels)):
            return None
        if self._by_rules(self.excluded, request):
            return None
        return own if self.rules is None else self._by_rules(self.rules, request)

    def _is_in_namespace(self, request: Request) -> bool:
        # What is cluster-scoped is never exempted by its namespace, except for the Namespace itself.
        return not request.namespace_labels or _selected(self.namespace_selector, request.namespace_labels)

    def _by_rules(self, rules: tuple[Body, ...], request: Request) -> Resource | None:
        ways = list(forms(request))[: 1 if self.exact else None]
        return next((form for form in ways for rule in rules if _applies(rule, form, request)), None)


def _common(body: Any) -> tuple[bool, Any, Any]:
    exact = text(body, "matchPolicy") == "Exact"
    return exact, dig(body, "namespaceSelector"), dig(body, "objectSelector")


def _selected(selector: Any, labels: Any) -> bool:
    """A selector that is left out selects everything here."""
    return selector is None or selects(labels, selector)


def forms(request: Request) -> Iterator[Resource]:
    """The resource as it is written, then the others that the same object can be had as."""
    group, plural = request.kind.group, request.kind.plural
    yield group, request.version, plural
    yield from ((group, version, plural) for version in request.versions if version != request.version)
    if plural == "events" and group in ("", "events.k8s.io"):
        # The one object of Kubernetes that two groups serve (they share their storage).
        yield ("events.k8s.io" if group == "" else ""), "v1", plural


def _applies(rule: Body, form: Resource, request: Request) -> bool:
    group, version, plural = form
    names = texts(rule, "resourceNames")
    return (
        _one_of(texts(rule, "apiGroups"), group)
        and _one_of(texts(rule, "apiVersions"), version)
        and _one_of(texts(rule, "operations"), "CREATE")
        and plural in _resources(rule, plural)
        and _in_scope(text(rule, "scope"), request)
        and (not names or request.name in names)
    )


def _one_of(wanted: list[str], value: str) -> bool:
    return "*" in wanted or value in wanted


def _resources(rule: Body, plural: str) -> Iterator[str]:
    """The resources that the rule means, its subresources aside: `pods/*` means the pods as well (rules.go)."""
    for entry in texts(rule, "resources"):
        resource, _, subresource = entry.partition("/")
        if subresource in ("", "*"):
            yield plural if resource == "*" else resource


def _in_scope(scope: str, request: Request) -> bool:
    match scope:
        case "" | "*":
            return True
        case "Namespaced":
            return request.kind.namespaced
        case "Cluster":
            return not request.kind.namespaced
        case _:
            return False
