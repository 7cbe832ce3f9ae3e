"""Which declared object will make a Secret or a ConfigMap that nobody declares: read from the object alone.

Must not decide on edges, and must not guess: an operator whose produced name hangs on its own settings is not
in these tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TypeAlias

from rebuild.graph.fields import pairs, text, texts
from rebuild.graph.index import Index
from rebuild.graph.selectors import matches
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

_Reaches: TypeAlias = Callable[[str], bool]
"""Whether something is produced in a namespace."""

_OF_ONE_NAME = (
    ("bitnami.com", "SealedSecret"),
    ("onepassword.com", "OnePasswordItem"),
    ("ricoberger.de", "VaultSecret"),
)
"""Their Secret has their own name and namespace."""

_NAMED_AT = {
    ("cert-manager.io", "Certificate"): ("spec", "secretName"),
    ("secrets.hashicorp.com", "VaultDynamicSecret"): ("spec", "destination", "name"),
    ("secrets.hashicorp.com", "VaultPKISecret"): ("spec", "destination", "name"),
    ("secrets.hashicorp.com", "VaultStaticSecret"): ("spec", "destination", "name"),
}
"""Where they name their Secret, which is in their own namespace."""

COPIED_FROM = ("replicator.v1.mittwald.de/replicate-from", "reflector.v1.k8s.emberstack.com/reflects")
_COPIED_TO = ("replicator.v1.mittwald.de/replicate-to", "reflector.v1.k8s.emberstack.com/reflection-auto-namespaces")
_ISSUED_FOR = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer")


class Production:
    """Who produces what. Answers in order of the producers."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._made: dict[Ref, list[Ref]] = defaultdict(list)
        self._in_many: dict[tuple[str, str], list[tuple[Ref, _Reaches]]] = defaultdict(list)
        for producer, kind, namespace, name in self._in_one_namespace():
            if name and namespace:
                self._made[Ref("", kind, namespace, name)].append(producer)
        for producer, kind, name, reaches in self._in_many_namespaces():
            self._in_many[kind, name].append((producer, reaches))

    def of(self, wanted: Ref) -> list[Ref]:
        """The declared objects that will make this one, or fill it."""
        if wanted.group or not wanted.namespace:
            return []
        elsewhere = self._in_many.get((wanted.kind, wanted.name), ())
        far = (producer for producer, reaches in elsewhere if reaches(wanted.namespace))
        return sorted({*self._made.get(wanted, ()), *far} - {wanted})

    def _in_one_namespace(self) -> Iterator[tuple[Ref, str, str, str]]:
        """Producer, kind, namespace and name."""
        for group, kind in _OF_ONE_NAME:
            for item in self._index.of_kind(group, kind):
                yield item.ref, "Secret", item.ref.namespace, item.ref.name
        for (group, kind), path in _NAMED_AT.items():
            for item in self._index.of_kind(group, kind):
                yield item.ref, "Secret", item.ref.namespace, text(item.body, *path)
        for item in self._index.of_kind("external-secrets.io", "ExternalSecret"):
            if fills(dig(item.body, "spec")):
                yield item.ref, "Secret", item.ref.namespace, text(item.body, "spec", "target", "name") or item.ref.name
        for item in self._index.of_kind("secrets-store.csi.x-k8s.io", "SecretProviderClass"):
            for secret in dig_maps(item.body, "spec", "secretObjects"):
                yield item.ref, "Secret", item.ref.namespace, text(secret, "secretName")
        for item in self._index.of_kind("isindir.github.com", "SopsSecret"):
            for secret in dig_maps(item.body, "spec", "secretTemplates"):
                yield item.ref, "Secret", item.ref.namespace, text(secret, "name")
        for item in self._index.custom():
            # Crossplane's managed and composite resources, of whatever group.
            wanted = dig(item.body, "spec", "writeConnectionSecretToRef")
            yield item.ref, "Secret", text(wanted, "namespace") or item.ref.namespace, text(wanted, "name")
        yield from self._issued()

    def _issued(self) -> Iterator[tuple[Ref, str, str, str]]:
        """What cert-manager makes for an annotated Ingress or Gateway."""
        for item in self._index.of_kind("networking.k8s.io", "Ingress"):
            if _is_issued_for(item):
                for tls in dig_maps(item.body, "spec", "tls"):
                    yield item.ref, "Secret", item.ref.namespace, text(tls, "secretName")
        for item in self._index.of_kind("gateway.networking.k8s.io", "Gateway"):
            if _is_issued_for(item):
                for listener in dig_maps(item.body, "spec", "listeners"):
                    for secret in dig_maps(listener, "tls", "certificateRefs"):
                        namespace = text(secret, "namespace") or item.ref.namespace
                        yield item.ref, "Secret", namespace, text(secret, "name")

    def _in_many_namespaces(self) -> Iterator[tuple[Ref, str, str, _Reaches]]:
        """Producer, kind, name and where."""
        for item in self._index.of_kind("external-secrets.io", "ClusterExternalSecret"):
            spec = dig(item.body, "spec")
            inner = dig(spec, "externalSecretSpec")
            if fills(inner):
                name = text(inner, "target", "name") or text(spec, "externalSecretName") or item.ref.name
                selectors = [dig(spec, "namespaceSelector"), *dig_maps(spec, "namespaceSelectors")]
                yield item.ref, "Secret", name, self._selected(selectors, texts(spec, "namespaces"))
        for item in self._index.of_kind("trust.cert-manager.io", "Bundle"):
            target = dig(item.body, "spec", "target")
            selector = dig(target, "namespaceSelector")
            reaches = self._selected([{} if selector is None else selector], [])
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                if dig(target, field):
                    yield item.ref, kind, item.ref.name, reaches
        for item in self._index.annotated(*_COPIED_TO):
            if not item.ref.group and item.ref.kind in ("ConfigMap", "Secret"):
                for annotation in _COPIED_TO:
                    # Only names: a pattern is for the copier to read.
                    value = text(item.body, "metadata", "annotations", annotation)
                    if value:
                        names = frozenset(map(str.strip, value.split(",")))
                        yield item.ref, item.ref.kind, item.ref.name, names.__contains__

    def _selected(self, selectors: list[Body], names: list[str]) -> _Reaches:
        def reaches(namespace: str) -> bool:
            home = self._index.get(Ref("", "Namespace", "", namespace))
            labels = {
                **pairs(home.body if home else None, "metadata", "labels"),
                "kubernetes.io/metadata.name": namespace,
            }
            return namespace in names or any(matches(labels, selector) for selector in selectors)

        return reaches


def fills(external_secret: Body | None) -> bool:
    """Whether the spec of an ExternalSecret puts its values into a Secret."""
    return text(external_secret, "target", "creationPolicy") != "None"


def original_of(item: Manifest, index: Index) -> Ref | None:
    """The declared Secret or ConfigMap that this one is annotated to be a copy of."""
    for annotation in COPIED_FROM:
        namespace, _, name = text(item.body, "metadata", "annotations", annotation).rpartition("/")
        original = index.find("", item.ref.kind, namespace or item.ref.namespace, name)
        if original:
            return original
    return None


def _is_issued_for(item: Manifest) -> bool:
    annotations = pairs(item.body, "metadata", "annotations")
    return any(annotation in annotations for annotation in _ISSUED_FOR)
