"""Those who may be called: each webhook of each configuration, and each policy that a binding puts into effect.

Must not decide who is called for what; it reads declarations and says what they ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from rebuild.graph.admission import conditions
from rebuild.graph.admission.matching import ADMISSION, Constraint
from rebuild.graph.admission.requests import Request
from rebuild.graph.fields import text, texts
from rebuild.graph.index import Index
from rebuild.model.discreet import Discreet
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

MUTATING_WEBHOOKS = "MutatingWebhookConfiguration"
VALIDATING_WEBHOOKS = "ValidatingWebhookConfiguration"
POLICY_OF = {
    "MutatingAdmissionPolicyBinding": "MutatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding": "ValidatingAdmissionPolicy",
}
"""The kind of the policy that each kind of binding names in `spec.policyName`."""


class Answer(StrEnum):
    """Whether somebody is called for a request."""

    CALLED = "called"
    MAYBE = "may be called"
    """All but a match condition says so, and that one depends on what nobody can know beforehand."""
    NOT = "not called"


class Interceptor(Discreet, frozen=True, eq=False):
    """One webhook or one bound policy. `source` is the object that puts it into effect: the one to wait for."""

    unshown = frozenset({"constraints"})

    source: Ref
    name: str
    """The webhook's own name, or that of the policy."""
    constraints: tuple[Constraint, ...]
    """It is called for what meets all of them."""
    conditions: tuple[str, ...] = ()
    fail_closed: bool = True
    """Whether a write fails when it cannot answer; for a policy, whether it refuses at all."""
    service: tuple[str, str] | None = None
    """Namespace and name of the Service that answers; None for a URL and for policies, which need nobody."""

    def answer(self, request: Request) -> Answer:
        """Whether it is called for a request."""
        form = None
        for constraint in self.constraints:
            matched = constraint.match(request)
            if matched is None:
                return Answer.NOT
            form = form or matched
        assert form, "every interceptor has a constraint"
        facts = _facts(request, form)
        truths = [conditions.holds(each, facts) for each in self.conditions]
        if False in truths:
            return Answer.NOT
        return Answer.MAYBE if None in truths else Answer.CALLED


def mutating(index: Index) -> Iterator[Interceptor]:
    """Those that change what they are called for."""
    yield from webhooks(index, MUTATING_WEBHOOKS)
    yield from _policies(index, "MutatingAdmissionPolicyBinding")


def validating(index: Index) -> Iterator[Interceptor]:
    """Those that refuse what they are called for, or let it pass."""
    yield from webhooks(index, VALIDATING_WEBHOOKS)
    yield from _policies(index, "ValidatingAdmissionPolicyBinding")


def webhooks(index: Index, kind: str) -> Iterator[Interceptor]:
    """The webhooks of all declared configurations of a kind."""
    for item in index.of_kind(ADMISSION, kind):
        for webhook in dig_maps(item.body, "webhooks"):
            service = dig(webhook, "clientConfig", "service")
            yield Interceptor(
                source=item.ref,
                name=text(webhook, "name"),
                constraints=(Constraint.of_webhook(webhook),),
                conditions=_expressions(webhook),
                fail_closed=text(webhook, "failurePolicy") != "Ignore",
                service=(text(service, "namespace"), text(service, "name")) if isinstance(service, dict) else None,
            )


def policy_of(index: Index, binding: Manifest) -> Manifest | None:
    """The declared policy that a binding puts into effect."""
    return index.get(Ref(ADMISSION, POLICY_OF[binding.ref.kind], "", text(binding.body, "spec", "policyName")))


def _policies(index: Index, kind: str) -> Iterator[Interceptor]:
    """The declared policies as declared bindings put them into effect; either alone calls nobody."""
    for binding in index.of_kind(ADMISSION, kind):
        policy = policy_of(index, binding)
        if policy:
            spec, bound = dig(policy.body, "spec"), dig(binding.body, "spec")
            yield Interceptor(
                source=binding.ref,
                name=policy.ref.name,
                constraints=(
                    Constraint.of_policy(dig(spec, "matchConstraints")),
                    Constraint.of_policy(dig(bound, "matchResources")),
                ),
                conditions=_expressions(spec),
                fail_closed="Deny" in texts(bound, "validationActions"),
            )


def _expressions(body: Body) -> tuple[str, ...]:
    return tuple(text(each, "expression") for each in dig_maps(body, "matchConditions"))


def _facts(request: Request, form: tuple[str, str, str]) -> dict[str, str]:
    """What a match condition can know of a request: `request.resource` is the form in which somebody is called.

    A field that would be empty is left out of a request, and to ask for it is an error (`subResource` of a creation).
    """
    group, version, plural = form
    kind = request.kind
    facts = {
        "request.operation": "CREATE",
        "request.resource.group": group,
        "request.resource.version": version,
        "request.resource.resource": plural,
        "request.kind.group": group,
        "request.kind.version": version,
        "request.kind.kind": kind.kind,
        "request.requestResource.group": kind.group,
        "request.requestResource.version": request.version,
        "request.requestResource.resource": kind.plural,
        "request.requestKind.group": kind.group,
        "request.requestKind.version": request.version,
        "request.requestKind.kind": kind.kind,
    }
    if request.namespace:
        facts |= {"request.namespace": request.namespace, "object.metadata.namespace": request.namespace}
    if request.is_namespace:
        # A request for a Namespace counts as one in that namespace (pkg/endpoints/request/requestinfo.go).
        facts["request.namespace"] = request.name
    if request.name:
        facts |= {"request.name": request.name, "object.metadata.name": request.name}
    return facts
