"""What a target without containers cannot take as declared, and what is done instead. Every change here is a limit.

Simulated nodes run no process, so nothing answers behind a Service, and a lab is sealed, so nothing outside this
machine does either: a fail-closed webhook would make every write that it covers fail, an aggregated API would never
be served, and no operator reports how its custom resources are.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from rebuild.health.compute import Rulebook
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge, Gate
from rebuild.model.findings import Limit
from rebuild.model.groups import is_group
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

KWOK_NODE = "kwok.x-k8s.io/node"
"""kwok marks every node that it simulates with this annotation."""
KIND_NODE = "kind://"
"""How kind begins the provider's id of each node."""
HELD_BACK: Body = {"name": "rebuild-held-back", "expression": "false"}
"""A match condition that never holds: the API server accepts the webhook and calls it for nothing."""
WEBHOOK_KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


class Capabilities(Struct, frozen=True):
    """What a target can do, read from the target itself and not from a flag."""

    containers: bool
    machines: bool = True
    """Whether its nodes are more than containers on one machine."""

    @classmethod
    def of(cls, nodes: Iterable[Body]) -> Capabilities:
        """A target runs containers unless it has nodes and every one of them is simulated, and it has machines unless
        every one of them is kind's."""
        found = tuple(nodes)
        simulated = [KWOK_NODE in (dig(node, "metadata", "annotations") or {}) for node in found]
        contained = [str(dig(node, "spec", "providerID") or "").startswith(KIND_NODE) for node in found]
        return cls(containers=not (found and all(simulated)), machines=not (found and all(contained)))


class Fitted(Struct):
    """What the target can take: manifests to send in place of the declared ones, and what it cannot."""

    manifests: dict[Ref, Manifest] = field(default_factory=dict)
    held_back: dict[Ref, str] = field(default_factory=dict)
    unawaited: set[Ref] = field(default_factory=set)
    limits: list[Limit] = field(default_factory=list)
    operators: bool = True
    """Whether there are containers for operators to run in."""

    def hold_back(self, ref: Ref, code: str, message: str) -> None:
        """Leave an object out, and say why."""
        self.held_back[ref] = message
        self.limits.append(Limit(code, ref, message))

    def openable(self, edges: Iterable[Edge], produced: Container[Ref] = ()) -> tuple[Edge, ...]:
        """The edges whose gates this target can open; the others are not waited for, which is a limit as well.

        A dependent that is held back itself has its limit already, and a group can have none.

        Args:
            produced: what operators make of declared objects and is not there yet; where nothing runs, nobody makes it.
        """
        kept = []
        for edge in edges:
            if not (self._stays_closed(edge) or (not self.operators and edge.dependency in produced)):
                kept.append(edge)
            elif edge.dependent not in self.held_back and not is_group(edge.dependent):
                message = f"does not wait until {edge.dependency} {edge.gate}: that never comes true here"
                self.limits.append(Limit("gate-not-provable", edge.dependent, message))
        return tuple(kept)

    def _stays_closed(self, edge: Edge) -> bool:
        if edge.dependency in self.held_back:
            return True
        return edge.dependency in self.unawaited and edge.gate is not Gate.EXISTS


def fit(blueprint: Blueprint, capabilities: Capabilities, rulebook: Rulebook) -> Fitted:
    """Fit what is declared to what the target can do; `rulebook` says whose health only an operator can show."""
    fitted = Fitted(operators=capabilities.containers)
    if not capabilities.containers:
        _webhooks(blueprint, fitted)
        _aggregated_apis(blueprint, fitted)
        _conversions(blueprint, fitted)
        _custom_resources(blueprint, rulebook, fitted)
    return fitted


def _custom_resources(blueprint: Blueprint, rulebook: Rulebook, fitted: Fitted) -> None:
    for manifest in blueprint:
        if rulebook.needs_operator(manifest.ref) and manifest.ref not in fitted.held_back:
            fitted.unawaited.add(manifest.ref)
            message = "its health is not provable here: no operator runs that could report it"
            fitted.limits.append(Limit("health-not-provable", manifest.ref, message))


def _webhooks(blueprint: Blueprint, fitted: Fitted) -> None:
    for kind in WEBHOOK_KINDS:
        for manifest in blueprint.of_kind("admissionregistration.k8s.io", kind):
            webhooks = list(dig_maps(manifest.body, "webhooks"))
            names = [w.get("name") for w in webhooks if _is_out_of_reach(w.get("clientConfig"))]
            if not names:
                continue
            body = {**manifest.body, "webhooks": [_disarmed(w) for w in webhooks]}
            fitted.manifests[manifest.ref] = manifest.with_body(body)
            message = (
                f"its backend cannot answer here, so {', '.join(map(str, names))} "
                f"got the match condition {HELD_BACK['name']} and is called for nothing"
            )
            fitted.limits.append(Limit("webhook-held-back", manifest.ref, message))


def _disarmed(webhook: Body) -> Body:
    if not _is_out_of_reach(webhook.get("clientConfig")):
        return webhook
    return {**webhook, "matchConditions": [*dig_maps(webhook, "matchConditions"), HELD_BACK]}


def _is_out_of_reach(client: Any) -> bool:
    """Whether nobody answers a webhook's calls: a Service is simulated, and a lab lets no call leave the machine."""
    if dig(client, "service"):
        return True
    try:
        host = urlsplit(str(dig(client, "url") or "")).hostname or "localhost"
        return host != "localhost" and not ip_address(host).is_loopback
    except ValueError:
        # A name other than localhost, or no URL at all, which is for the API server to refuse.
        return bool(dig(client, "url"))


def _aggregated_apis(blueprint: Blueprint, fitted: Fitted) -> None:
    for service in blueprint.of_kind("apiregistration.k8s.io", "APIService"):
        if not dig(service.body, "spec", "service"):
            continue
        fitted.unawaited.add(service.ref)
        message = "its backend is simulated and cannot answer, so the API never becomes available here"
        fitted.limits.append(Limit("apiservice-not-provable", service.ref, message))
        group, version = dig(service.body, "spec", "group"), dig(service.body, "spec", "version")
        for manifest in blueprint:
            if (manifest.ref.group, manifest.ref.version) == (group, version):
                reason = f"only {service.ref} serves its API, and nothing answers behind that here"
                fitted.hold_back(manifest.ref, "held-back-api", reason)


def _conversions(blueprint: Blueprint, fitted: Fitted) -> None:
    converting = dict(_converting(blueprint))
    for manifest in blueprint:
        stored = converting.get(manifest.ref.group_kind)
        if stored and manifest.ref.version != stored:
            reason = f"its CRD converts {manifest.ref.version} to {stored} by a webhook that cannot answer here"
            fitted.hold_back(manifest.ref, "held-back-conversion", reason)


def _converting(blueprint: Blueprint) -> Iterator[tuple[tuple[str, str], Any]]:
    """The kinds whose declared CRD converts by a webhook out of reach, with the version that is stored."""
    for crd in blueprint.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"):
        if _is_out_of_reach(dig(crd.body, "spec", "conversion", "webhook", "clientConfig")):
            stored = [v.get("name") for v in dig_maps(crd.body, "spec", "versions") if v.get("storage")]
            group_kind = (dig(crd.body, "spec", "group"), dig(crd.body, "spec", "names", "kind"))
            yield group_kind, stored[0] if stored else None
