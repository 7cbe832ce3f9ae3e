"""A Secret that an operator makes is there only after the object that asks for it: pods that start earlier are
put on the kubelet's growing pause, so a workload goes behind the producer of what it uses.

The produced object itself is expected (`config_refs`), and never a hard wait: its operator may be the workload
that waits, and an Ingress may be the producer of the certificate that it serves. What is read:
ExternalSecret and ClusterExternalSecret (external-secrets.io, `target.name`), SealedSecret, cert-manager's
Certificate and its annotations on Ingress and Gateway, trust-manager's Bundle, SecretProviderClass
(`secretObjects`, and the class that a CSI volume mounts), Vault's, 1Password's and SOPS' operators, Crossplane's
`writeConnectionSecretToRef`, and the copies that kubernetes-replicator and reflector make.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.graph.pods import mounted_provider_classes
from rebuild.graph.producing import COPIED_FROM, Production, original_of
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref

_PRODUCED = frozenset({"ConfigMap", "Secret"})


def edges_from(index: Index) -> Iterator[Edge]:
    """Workload -> what produces a Secret or ConfigMap that it uses; copy -> its original: EXISTS, soft."""
    production = index.once(Production)
    for workload, uses in index.uses:
        namespace = workload.ref.namespace
        for use in uses:
            if use.kind in _PRODUCED:
                for producer in production.of(Ref("", use.kind, namespace, use.name)):
                    yield _edge(workload.ref, producer, f"it makes the {use.kind} {use.name}")
        for name in mounted_provider_classes(workload.pod):
            mounted = index.find("secrets-store.csi.x-k8s.io", "SecretProviderClass", namespace, name)
            if mounted:
                yield _edge(workload.ref, mounted, "mounts the secrets that it names")
    for item in index.annotated(*COPIED_FROM):
        if not item.ref.group and item.ref.kind in _PRODUCED:
            original = original_of(item, index)
            if original:
                yield _edge(item.ref, original, "is filled from it")


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "producers")
