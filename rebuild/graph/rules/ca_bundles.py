"""A webhook configuration that asks cert-manager for its CA bundle trusts nobody until the certificate is there: from
its creation to then, every call fails. So it comes behind what the bundle is taken from.

The annotations are those of cert-manager's CA injector (https://cert-manager.io/docs/concepts/ca-injector/). Order
alone: the injector tries again, and a certificate that is issued by way of this very webhook closes a loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.hints import annotation
from rebuild.graph.index import Index
from rebuild.graph.producing import Production
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref

_FROM_CERTIFICATE, _FROM_SECRET = "cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret"
_KINDS = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})


def edges_from(index: Index) -> Iterator[Edge]:
    """Webhook configuration -> the Certificate, READY, or Secret, EXISTS, that its CA bundle is taken from: soft."""
    for item in index.annotated(_FROM_CERTIFICATE, _FROM_SECRET):
        if item.ref.group == "admissionregistration.k8s.io" and item.ref.kind in _KINDS:
            namespace, _, name = annotation(item, _FROM_CERTIFICATE).partition("/")
            certificate = index.find("cert-manager.io", "Certificate", namespace, name)
            if certificate:
                yield _edge(item.ref, certificate, Gate.READY)
            namespace, _, name = annotation(item, _FROM_SECRET).partition("/")
            secret = index.find("", "Secret", namespace, name)
            if secret:
                yield _edge(item.ref, secret, Gate.EXISTS)
            elif namespace:
                for maker in index.once(Production).of(Ref("", "Secret", namespace, name)):
                    yield _edge(item.ref, maker, Gate.READY)


def _edge(dependent: Ref, dependency: Ref, gate: Gate) -> Edge:
    return Edge(dependent, dependency, gate, Strength.SOFT, "its CA bundle is taken from it", "ca_bundles")
