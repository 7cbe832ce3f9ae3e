"""Kubernetes accepts these references while they dangle and controllers converge, only later and with noise:
an autoscaler without a target backs off, an Ingress without its Secret serves a wrong certificate.

They are about order alone, so every edge is soft and only ever leads to a declared object. That also keeps
an Ingress from waiting for a TLS Secret that is produced, possibly on behalf of this very Ingress.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.graph.selectors import matches
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig, dig_maps
from rebuild.model.refs import Ref

_NETWORKING = "networking.k8s.io"
_DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"
_INGRESS_CLASS = "kubernetes.io/ingress.class"
_SERVICE_OF_SLICE = "kubernetes.io/service-name"


def edges_from(index: Index) -> Iterator[Edge]:
    """Ingress, autoscaler, disruption budget, StatefulSet, slice -> what each refers to: EXISTS, soft."""
    yield from _of_ingresses(index)
    yield from _of_autoscalers(index)
    yield from _of_disruption_budgets(index)
    for item in index.of_kind("apps", "StatefulSet"):
        yield from _to_service(index, item, text(item.body, "spec", "serviceName"), "governs its pods' names")
    for item in index.of_kind("discovery.k8s.io", "EndpointSlice"):
        name = text(item.body, "metadata", "labels", _SERVICE_OF_SLICE)
        yield from _to_service(index, item, name, "these are its endpoints")


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "services")


def _to_service(index: Index, item: Manifest, name: str, why: str) -> Iterator[Edge]:
    service = index.find("", "Service", item.ref.namespace, name)
    if service:
        yield _edge(item.ref, service, why)


def _of_ingresses(index: Index) -> Iterator[Edge]:
    defaults = [
        item.ref
        for item in index.of_kind(_NETWORKING, "IngressClass")
        if text(item.body, "metadata", "annotations", _DEFAULT_INGRESS_CLASS) == "true"
    ]
    for item in index.of_kind(_NETWORKING, "Ingress"):
        named = text(item.body, "spec", "ingressClassName")
        named = named or pairs(item.body, "metadata", "annotations").get(_INGRESS_CLASS, "")
        declared = index.find(_NETWORKING, "IngressClass", "", named)
        if declared:
            yield _edge(item.ref, declared, "is of this class")
        elif not named:
            # Admission writes the default class into an Ingress at its creation, and never afterwards.
            for default in defaults:
                yield _edge(item.ref, default, "gets this class by default")
        for backend in _backends_of(item):
            yield from _to_service(index, item, backend, "routes to it")
        for tls in dig_maps(item.body, "spec", "tls"):
            secret = index.find("", "Secret", item.ref.namespace, text(tls, "secretName"))
            if secret:
                yield _edge(item.ref, secret, "serves this certificate")


def _backends_of(ingress: Manifest) -> Iterator[str]:
    yield text(ingress.body, "spec", "defaultBackend", "service", "name")
    for rule in dig_maps(ingress.body, "spec", "rules"):
        for path in dig_maps(rule, "http", "paths"):
            yield text(path, "backend", "service", "name")


def _of_autoscalers(index: Index) -> Iterator[Edge]:
    for item in index.of_kind("autoscaling", "HorizontalPodAutoscaler"):
        target = dig(item.body, "spec", "scaleTargetRef")
        group = text(target, "apiVersion").rpartition("/")[0]
        declared = index.find(group, text(target, "kind"), item.ref.namespace, text(target, "name"))
        if declared:
            yield _edge(item.ref, declared, "scales it")


def _of_disruption_budgets(index: Index) -> Iterator[Edge]:
    for item in index.of_kind("policy", "PodDisruptionBudget"):
        selector = dig(item.body, "spec", "selector")
        equal = pairs(selector, "matchLabels")
        namespace = item.ref.namespace
        candidates = index.workloads_with(namespace, equal) if equal else index.workloads_in(namespace)
        for workload in candidates:
            if matches(workload.labels, selector):
                yield _edge(item.ref, workload.ref, "protects its pods")
