"""Webhooks that cannot be answered or not be trusted, as far as the declarations tell."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.admission.interceptors import MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS
from rebuild.graph.admission.matching import ADMISSION
from rebuild.graph.fields import pairs, text, texts
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.model.webhooks import lacks_ca

INJECTORS = (
    "cert-manager.io/inject-apiserver-ca",
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "service.beta.openshift.io/inject-cabundle",
)
"""The annotations that ask a known controller to fill in the CA bundle."""
_RBAC = "rbac.authorization.k8s.io"
_PLURALS = {kind: f"{kind.lower()}s" for kind in (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS)}


def findings(index: Index) -> Iterator[Finding]:
    """`webhook-backend-undeclared` and `webhook-without-ca` (warnings), each once for a configuration."""
    for kind in _PLURALS:
        for item in index.of_kind(ADMISSION, kind):
            yield from _unanswered(index, item)
            yield from _untrusted(index, item)


def _unanswered(index: Index, item: Manifest) -> Iterator[Finding]:
    """Fail-closed webhooks behind a Service that nobody declares: every write that they cover would fail."""
    missing: dict[tuple[str, str], str] = {}
    for webhook in dig_maps(item.body, "webhooks"):
        service = dig(webhook, "clientConfig", "service")
        place = text(service, "namespace"), text(service, "name")
        fails_closed = isinstance(service, dict) and text(webhook, "failurePolicy") != "Ignore"
        if fails_closed and index.get(Ref("", "Service", *place)) is None:
            missing.setdefault(place, text(webhook, "name"))
    for (namespace, name), webhook_name in missing.items():
        yield _warning(
            item,
            "webhook-backend-undeclared",
            f"{webhook_name} fails closed and is answered by Service {namespace}/{name}, which is not declared: every "
            "write that it covers would fail",
            "declare its backend, or leave the configuration to whoever installs that",
        )


def _untrusted(index: Index, item: Manifest) -> Iterator[Finding]:
    names = [text(hook, "name") for hook in dig_maps(item.body, "webhooks") if lacks_ca(dig(hook, "clientConfig"))]
    annotated = any(key in INJECTORS for key in pairs(item.body, "metadata", "annotations"))
    if names and not annotated and not _has_writer(index, item):
        yield _warning(
            item,
            "webhook-without-ca",
            f"no caBundle for {', '.join(names)}, and nothing that is declared would fill it in: every call would fail",
            "declare the caBundle, or what fills it in",
        )


def _warning(item: Manifest, code: str, problem: str, step: str) -> Finding:
    return Finding(code, Severity.WARNING, f"{item.ref}: {problem}", item.ref, item.origin, step)


def _has_writer(index: Index, item: Manifest) -> bool:
    """Whether a declared role lets somebody write the configuration: many operators fill in their own bundle."""
    roles = index.of_kind(_RBAC, "ClusterRole")
    if any(_allows(rule, item) for role in roles for rule in dig_maps(role.body, "rules")):
        return True
    bindings = index.of_kind(_RBAC, "ClusterRoleBinding")
    return any(text(binding.body, "roleRef", "name") == "cluster-admin" for binding in bindings)


def _allows(rule: Body, item: Manifest) -> bool:
    names = texts(rule, "resourceNames")
    return (
        not {"*", ADMISSION}.isdisjoint(texts(rule, "apiGroups"))
        and not {"*", _PLURALS[item.ref.kind]}.isdisjoint(texts(rule, "resources"))
        and not {"*", "patch", "update"}.isdisjoint(texts(rule, "verbs"))
        and (not names or item.ref.name in names)
    )
