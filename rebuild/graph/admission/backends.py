"""Webhooks that cannot be answered or not be trusted, as far as the declarations tell."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.admission.interceptors import MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS
from rebuild.graph.admission.matching import ADMISSION
from rebuild.graph.fields import pairs, text, texts
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig, dig_maps
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
    writable = set(_writable(index))
    for kind, plural in _PLURALS.items():
        for item in index.of_kind(ADMISSION, kind):
            yield from _unanswered(index, item)
            if writable.isdisjoint({(plural, ""), (plural, item.ref.name)}):
                yield from _untrusted(item)


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


def _untrusted(item: Manifest) -> Iterator[Finding]:
    """Webhooks without a CA bundle, in a configuration that nobody is known to write."""
    names = [text(hook, "name") for hook in dig_maps(item.body, "webhooks") if lacks_ca(dig(hook, "clientConfig"))]
    if names and not any(key in INJECTORS for key in pairs(item.body, "metadata", "annotations")):
        yield _warning(
            item,
            "webhook-without-ca",
            f"no caBundle for {', '.join(names)}, and nothing that is declared would fill it in: every call would fail",
            "declare the caBundle, or what fills it in",
        )


def _warning(item: Manifest, code: str, problem: str, step: str) -> Finding:
    return Finding(code, Severity.WARNING, f"{item.ref}: {problem}", item.ref, item.origin, step)


def _writable(index: Index) -> Iterator[tuple[str, str]]:
    """The configurations that declared roles let somebody write, as resource and name, with no name for all of them.

    Many operators fill in their own bundle.
    """
    for role in index.of_kind(_RBAC, "ClusterRole"):
        for rule in dig_maps(role.body, "rules"):
            writes = not {"*", "patch", "update"}.isdisjoint(texts(rule, "verbs"))
            if writes and not {"*", ADMISSION}.isdisjoint(texts(rule, "apiGroups")):
                resources = texts(rule, "resources")
                for plural in _PLURALS.values() if "*" in resources else resources:
                    yield from ((plural, name) for name in texts(rule, "resourceNames") or [""])
    for binding in index.of_kind(_RBAC, "ClusterRoleBinding"):
        if text(binding.body, "roleRef", "name") == "cluster-admin":
            yield from ((plural, "") for plural in _PLURALS.values())
