"""Routes and Gateways may dangle: their controller reports `ResolvedRefs: False` and comes back to them, some with
a growing pause.

What a reference leaves out is filled in by the Gateway API's specification: parents are Gateways, backends are
Services, certificates are Secrets, all of the referrer's namespace. A reference into another namespace is valid
only while a ReferenceGrant there allows it, so that comes first as well; parents need none.

Order alone, and only towards declared objects: like an Ingress, a Gateway never waits for a produced certificate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

_GROUP = "gateway.networking.k8s.io"
_ROUTES = ("GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute", "UDPRoute")
_LISTENER_SETS = (("gateway.networking.k8s.io", "ListenerSet"), ("gateway.networking.x-k8s.io", "XListenerSet"))


class _Reference(Struct, frozen=True):
    value: Body | None
    why: str
    kind: str = ""
    """Group and kind where the reference leaves them out; `kind` is empty where it may not."""
    group: str = ""
    granted: bool = True
    """Whether another namespace has to grant it."""


def edges_from(index: Index) -> Iterator[Edge]:
    """Route -> parents and backends; Gateway -> class and certificates; all -> the ReferenceGrants: EXISTS, soft."""
    grants: dict[tuple[str, ...], list[Manifest]] = defaultdict(list)
    for grant in index.of_kind(_GROUP, "ReferenceGrant"):
        for each in {_referrer(each) for each in dig_maps(grant.body, "spec", "from")}:
            grants[grant.ref.namespace, *each].append(grant)
    for item, references in _referring(index):
        for reference in references:
            value = reference.value
            group = text(value, "group") if isinstance(dig(value, "group"), str) else reference.group
            kind = text(value, "kind") or reference.kind
            namespace = text(value, "namespace") or item.ref.namespace
            name = text(value, "name")
            found = index.find(group, kind, namespace, name) or index.find(group, kind, "", name)
            if found:
                yield _edge(item.ref, found, reference.why)
            if reference.granted and namespace != item.ref.namespace and name:
                for grant in grants.get((namespace, *item.ref.group_kind, item.ref.namespace), ()):
                    if _is_for(grant, group, kind, name):
                        yield _edge(item.ref, grant.ref, "it grants the reference into its namespace")


def _edge(dependent: Ref, dependency: Ref, why: str) -> Edge:
    return Edge(dependent, dependency, Gate.EXISTS, Strength.SOFT, why, "gateways")


def _referrer(permission: Body) -> tuple[str, str, str]:
    return text(permission, "group"), text(permission, "kind"), text(permission, "namespace")


def _is_for(grant: Manifest, group: str, kind: str, name: str) -> bool:
    return any(
        (text(each, "group"), text(each, "kind")) == (group, kind) and text(each, "name") in ("", name)
        for each in dig_maps(grant.body, "spec", "to")
    )


def _referring(index: Index) -> Iterator[tuple[Manifest, Iterable[_Reference]]]:
    for kind in _ROUTES:
        for item in index.of_kind(_GROUP, kind):
            yield item, _of_route(item)
    for item in index.of_kind(_GROUP, "Gateway"):
        yield item, (*_of_gateway(item), *_of_listeners(item))
    for group, kind in _LISTENER_SETS:
        for item in index.of_kind(group, kind):
            parent = _Reference(
                dig(item.body, "spec", "parentRef"), "is attached to it", "Gateway", _GROUP, granted=False
            )
            yield item, (parent, *_of_listeners(item))
    for item in index.of_kind(_GROUP, "GatewayClass"):
        yield item, [_Reference(dig(item.body, "spec", "parametersRef"), "is configured by it", granted=False)]
    for item in index.of_kind(_GROUP, "BackendTLSPolicy"):
        yield item, _of_policy(item)


def _of_route(route: Manifest) -> Iterator[_Reference]:
    for parent in dig_maps(route.body, "spec", "parentRefs"):
        yield _Reference(parent, "is attached to it", "Gateway", _GROUP, granted=False)
    for rule in dig_maps(route.body, "spec", "rules"):
        yield from _of_filters(rule)
        for backend in dig_maps(rule, "backendRefs"):
            yield _Reference(backend, "routes to it", "Service")
            yield from _of_filters(backend)


def _of_filters(place: Body) -> Iterator[_Reference]:
    for each in dig_maps(place, "filters"):
        yield _Reference(dig(each, "requestMirror", "backendRef"), "mirrors requests to it", "Service")
        yield _Reference(dig(each, "extensionRef"), "uses it as a filter", granted=False)


def _of_gateway(gateway: Manifest) -> Iterator[_Reference]:
    name = text(gateway.body, "spec", "gatewayClassName")
    yield _Reference({"name": name}, "is of this class", "GatewayClass", _GROUP, granted=False)
    parameters = dig(gateway.body, "spec", "infrastructure", "parametersRef")
    yield _Reference(parameters, "is configured by it", granted=False)


def _of_listeners(item: Manifest) -> Iterator[_Reference]:
    for listener in dig_maps(item.body, "spec", "listeners"):
        for secret in dig_maps(listener, "tls", "certificateRefs"):
            yield _Reference(secret, "serves this certificate", "Secret")
        for authority in dig_maps(listener, "tls", "frontendValidation", "caCertificateRefs"):
            yield _Reference(authority, "trusts this authority")


def _of_policy(policy: Manifest) -> Iterator[_Reference]:
    for target in dig_maps(policy.body, "spec", "targetRefs"):
        yield _Reference(target, "speaks of it", granted=False)
    for authority in dig_maps(policy.body, "spec", "validation", "caCertificateRefs"):
        yield _Reference(authority, "trusts this authority", granted=False)
