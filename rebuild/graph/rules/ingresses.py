"""An Ingress may dangle: its controller answers 503 for a Service and serves a wrong certificate for a Secret until
these are there. Only the default class is different: admission writes it into an Ingress at its creation, and
never afterwards.

Order alone, so every edge is soft and only ever leads to a declared object. That also keeps an Ingress from
waiting for a TLS Secret that is produced, possibly on behalf of this very Ingress.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

_GROUP = "networking.k8s.io"
_IS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_CLASS = "kubernetes.io/ingress.class"


def edges_from(index: Index) -> Iterator[Edge]:
    """Ingress -> class, backends, TLS Secrets; IngressClass -> its parameters: EXISTS, soft."""
    classes = list(index.of_kind(_GROUP, "IngressClass"))
    defaults = [item.ref for item in classes if text(item.body, "metadata", "annotations", _IS_DEFAULT) == "true"]
    for item in classes:
        yield from _to_parameters(item, index)
    for item in index.of_kind(_GROUP, "Ingress"):
        namespace = item.ref.namespace
        yield from _to_class(item, defaults, index)
        for backend in _backends_of(item):
            service = index.find("", "Service", namespace, text(backend, "service", "name"))
            resource = dig(backend, "resource")
            other = index.find(text(resource, "apiGroup"), text(resource, "kind"), namespace, text(resource, "name"))
            for found in (service, other):
                if found:
                    yield _edge(item.ref, found, "routes to it")
        for tls in dig_maps(item.body, "spec", "tls"):
            secret = index.find("", "Secret", namespace, text(tls, "secretName"))
            if secret:
                yield _edge(item.ref, secret, "serves this certificate")


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "ingresses")


def _to_class(ingress: Manifest, defaults: list[Ref], index: Index) -> Iterator[Edge]:
    named = text(ingress.body, "spec", "ingressClassName")
    named = named or pairs(ingress.body, "metadata", "annotations").get(_CLASS, "")
    declared = index.find(_GROUP, "IngressClass", "", named)
    if declared:
        yield _edge(ingress.ref, declared, "is of this class")
    elif not named:
        for default in defaults:
            yield _edge(ingress.ref, default, "gets this class by default")


def _to_parameters(ingress_class: Manifest, index: Index) -> Iterator[Edge]:
    parameters = dig(ingress_class.body, "spec", "parameters")
    # The scope says whether a namespace belongs to it; the default is Cluster.
    namespace = text(parameters, "namespace") if text(parameters, "scope") == "Namespace" else ""
    found = index.find(text(parameters, "apiGroup"), text(parameters, "kind"), namespace, text(parameters, "name"))
    if found:
        yield _edge(ingress_class.ref, found, "is configured by it")


def _backends_of(ingress: Manifest) -> Iterator[Body | None]:
    yield dig(ingress.body, "spec", "defaultBackend")
    for rule in dig_maps(ingress.body, "spec", "rules"):
        for path in dig_maps(rule, "http", "paths"):
            yield dig(path, "backend")
