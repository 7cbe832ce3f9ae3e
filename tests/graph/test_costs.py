"""No rule is worse than linear in objects and edges: steps are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

import rebuild.graph
from rebuild.graph.build import RULES
from rebuild.graph.index import Index
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge
from tests.graph import reading

HERE = str(Path(rebuild.graph.__file__).parent)
SMALL, LARGE = 25, 100

CROWD = """
{apiVersion: v1, kind: Namespace, metadata: {name: own-§, labels: {team: t-§}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: c-§, namespace: shop, annotations: {config.kubernetes.io/depends-on: "/namespaces/shop/Secret/s-§"}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: s-§, namespace: shop, annotations: {replicator.v1.mittwald.de/replicate-to: own-§}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: a-§, namespace: shop}, imagePullSecrets: [{name: s-§}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d-§, namespace: shop}
spec:
  template:
    metadata: {labels: {app: d-§, tier: web}}
    spec:
      serviceAccountName: a-§
      containers: [{name: c, envFrom: [{configMapRef: {name: c-§}}, {secretRef: {name: x-§}}, {secretRef: {name: everywhere}}]}]
      volumes: [{name: v, persistentVolumeClaim: {claimName: p-§}}, {name: e, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: k-§}}}}]
---
{apiVersion: v1, kind: Pod, metadata: {name: bare-§, namespace: own-§}, spec: {serviceAccountName: a-§}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: st-§, namespace: shop}, spec: {serviceName: d-§, template: {metadata: {labels: {app: st-§}}, spec: {}}, volumeClaimTemplates: [{metadata: {name: data}}]}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: p-§, namespace: shop}, spec: {storageClassName: k-§, selector: {matchExpressions: [{key: disk, operator: In, values: [v-§]}]}}}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: v-§, labels: {disk: v-§}}, spec: {storageClassName: k-§}}
---
{apiVersion: v1, kind: PersistentVolume, metadata: {name: r-§}, spec: {claimRef: {namespace: shop, name: data-st-§-0}}}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: k-§}}
---
{apiVersion: v1, kind: Service, metadata: {name: d-§, namespace: shop}, spec: {selector: {tier: web, app: d-§}}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e-§, namespace: shop, labels: {kubernetes.io/service-name: d-§}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n-§, namespace: shop}, spec: {podSelector: {matchLabels: {tier: web, app: d-§}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: nobody-§, namespace: shop}, spec: {podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b-§, namespace: shop}, spec: {selector: {matchExpressions: [{key: app, operator: In, values: [d-§, st-§]}]}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h-§, namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d-§}}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i-§, namespace: shop}, spec: {ingressClassName: i-§, defaultBackend: {service: {name: d-§}}, tls: [{secretName: s-§}]}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: i-§, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: g-§, namespace: own-§}, spec: {rules: [{backendRefs: [{name: d-§, namespace: shop}]}]}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: ReferenceGrant, metadata: {name: g-§, namespace: shop}, spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: own-§}], to: [{group: "", kind: Service}]}}
---
{apiVersion: v1, kind: LimitRange, metadata: {name: l-§, namespace: own-§}, spec: {limits: [{type: Container}]}}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: q-§, namespace: own-§}, spec: {hard: {pods: 5, count/secrets: 3}}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaim, metadata: {name: rc-§, namespace: shop}, spec: {devices: {requests: [{exactly: {deviceClassName: dc-§}}]}}}
---
{apiVersion: resource.k8s.io/v1, kind: DeviceClass, metadata: {name: dc-§}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: cr-§, labels: {part-of: cr-§}}, rules: [{apiGroups: [example.com], resources: [widgets-§], verbs: [get]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: all-§}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {part-of: cr-§}}]}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: crb-§}, roleRef: {kind: ClusterRole, name: all-§}, subjects: [{kind: ServiceAccount, name: a-§, namespace: shop}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets-§.example.com}
spec: {group: example.com, names: {kind: Widget-§, plural: widgets-§}, scope: Namespaced, versions: [{name: v1, served: true, storage: true}]}
---
{apiVersion: example.com/v1, kind: Widget-§, metadata: {name: w-§, namespace: shop}, spec: {secretName: s-§, storeRef: {name: main}, template: {spec: {containers: [{name: c, image: i}], volumes: [{name: v, configMap: {name: c-§}}]}}}}
---
{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: x-§, namespace: shop}, spec: {secretStoreRef: {name: x-§}}}
---
{apiVersion: external-secrets.io/v1, kind: ClusterExternalSecret, metadata: {name: ces-§}, spec: {namespaceSelectors: [{matchLabels: {team: t-§}}], externalSecretSpec: {target: {name: made-§}}}}
---
{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.g§.example.com}, spec: {group: g§.example.com, version: v1, service: {namespace: shop, name: d-§}}}
---
{apiVersion: g§.example.com/v1, kind: Flower, metadata: {name: f-§, namespace: shop}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: vwc-§}
webhooks: [{name: a.example.com, clientConfig: {service: {namespace: shop, name: d-§}}, rules: [{apiGroups: [g§.example.com], apiVersions: [v1], operations: [CREATE], resources: [flowers]}]}]
"""
"""Everything that rules read, crowded in few namespaces, where each thing means one or two others."""


def crowd(size: int) -> Blueprint:
    return reading.blueprint("\n---\n".join(CROWD.replace("§", str(n)) for n in range(size)))


def steps_of(rule: ModuleType, index: Index) -> tuple[int, list[Edge]]:
    """How many lines of the graph's code a rule takes, look-ups in the index included, and the edges it makes."""
    taken = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal taken
        if not frame.f_code.co_filename.startswith(HERE):
            return None
        taken += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        edges = list(rule.edges_from(index))
    finally:
        sys.settrace(before)
    return taken, edges


@pytest.fixture(scope="module")
def blueprints() -> tuple[Blueprint, Blueprint]:
    return crowd(SMALL), crowd(LARGE)


def names() -> Iterator[str]:
    yield from (rule.__name__.rpartition(".")[2] for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=names())
def test_the_steps_of_a_rule_grow_no_faster_than_objects_and_edges(
    rule: ModuleType, blueprints: tuple[Blueprint, Blueprint]
) -> None:
    costs = []
    for blueprint in blueprints:
        steps, edges = steps_of(rule, Index(blueprint))
        assert edges
        costs.append(steps / (len(blueprint) + len(edges)))
    small, large = costs
    assert large <= small * 1.25


def test_the_index_itself_grows_no_faster(blueprints: tuple[Blueprint, Blueprint]) -> None:
    class Building(ModuleType):
        """Counts what making an index takes."""

        @staticmethod
        def edges_from(index: Index) -> list[Edge]:
            Index(blueprint)
            return []

    costs = []
    for blueprint in blueprints:
        steps, _ = steps_of(Building("building"), Index(blueprint))
        costs.append(steps / len(blueprint))
    small, large = costs
    assert large <= small * 1.25
