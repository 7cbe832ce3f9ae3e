"""The objects that workloads are made of. Made up, the same every time; nothing in them is copied from anywhere."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.engine.order import DEPENDS_ON

Body = dict[str, Any]

GROUP = "bench.example.com"
GADGETS = "gadgets.example.com"
_WORDS = ("amber", "basin", "cedar", "delta", "ember", "field", "grove", "haven", "inlet", "jetty", "knoll", "ledge")


def namespace(name: str) -> Body:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def settings(space: str, number: int, chance: random.Random) -> Body:
    """A ConfigMap, or each third time a Secret, of 1 to 2 kB."""
    values = {f"{word}-{key}": _prose(chance, 14) for key, word in enumerate(_WORDS[: chance.randint(8, 12)])}
    if number % 3:
        return _object("v1", "ConfigMap", space, f"settings-{number:05}", data=values)
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return _object("v1", "Secret", space, f"keys-{number:05}", type="Opaque", data=encoded)


def work(space: str, name: str, *, seconds: float, after: Sequence[tuple[str, str]] = ()) -> Body:
    """A custom resource that is ready so long after it exists; `after` are kinds and names that it waits for."""
    body = _object(f"{GROUP}/v1", "Work", space, name, spec={"readyAfterMilliseconds": round(seconds * 1000)})
    return waiting(body, [_entry(kind, space, other) for kind, other in after])


def note(space: str, name: str, *, after: Sequence[tuple[str, str]] = ()) -> Body:
    """A small ConfigMap, which is ready when it exists."""
    body = _object("v1", "ConfigMap", space, name, data={"note": f"{name} is light"})
    return waiting(body, [_entry(kind, space, other) for kind, other in after])


def waiting(body: Body, entries: Sequence[str]) -> Body:
    """The object with the annotation by which cli-utils and rebuild let it wait."""
    if entries:
        body["metadata"]["annotations"] = {DEPENDS_ON: ",".join(entries)}
    return body


def _entry(kind: str, space: str, name: str) -> str:
    return f"{GROUP if kind == 'Work' else ''}/namespaces/{space}/{kind}/{name}"


def work_definition() -> Body:
    """The kind Work. Its status says from the beginning that it is not ready yet, as Gateway API's does."""
    condition = {name: {"type": "string"} for name in ("type", "status", "reason", "message", "lastTransitionTime")}
    status = {
        "type": "object",
        "default": {"conditions": [{"type": "Ready", "status": "Unknown"}]},
        "properties": {
            "observedGeneration": {"type": "integer"},
            "conditions": {"type": "array", "items": {"type": "object", "properties": condition}},
        },
    }
    spec = {"type": "object", "properties": {"readyAfterMilliseconds": {"type": "integer"}}}
    return _definition(GROUP, "Work", {"spec": spec, "status": status}, subresources={"status": {}})


def application(space: str, name: str, chance: random.Random) -> Iterator[Body]:
    """What a small service declares, ten objects."""
    yield _object("v1", "ServiceAccount", space, name)
    yield _object("v1", "ConfigMap", space, name, data={word: _prose(chance, 10) for word in _WORDS[:8]})
    secret = {word: base64.b64encode(_prose(chance, 4).encode()).decode() for word in _WORDS[:4]}
    yield _object("v1", "Secret", space, name, type="Opaque", data=secret)
    labels = {"app.kubernetes.io/name": name}
    container = {
        "name": "main",
        "image": f"registry.example.com/{name}:1.{chance.randint(0, 9)}.0",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "envFrom": [{"configMapRef": {"name": name}}, {"secretRef": {"name": name}}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
    }
    yield _object(
        "apps/v1",
        "Deployment",
        space,
        name,
        spec={
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"serviceAccountName": name, "containers": [container]},
            },
        },
    )
    port = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}
    yield _object("v1", "Service", space, name, spec={"selector": labels, "ports": [port]})
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps", "secrets"], "verbs": ["get", "list", "watch"]}
    yield _object(f"{rbac}/v1", "Role", space, name, rules=[rule])
    yield _object(
        f"{rbac}/v1",
        "RoleBinding",
        space,
        name,
        roleRef={"apiGroup": rbac, "kind": "Role", "name": name},
        subjects=[{"kind": "ServiceAccount", "name": name, "namespace": space}],
    )
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    route = {"host": f"{name}.example.com", "http": {"paths": [path]}}
    yield _object("networking.k8s.io/v1", "Ingress", space, name, spec={"rules": [route]})
    utilization = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    yield _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        space,
        name,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": utilization}],
        },
    )
    yield _object(
        "policy/v1", "PodDisruptionBudget", space, name, spec={"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    )


def gadget_definition(number: int) -> Body:
    """A CustomResourceDefinition of an operator."""
    parameters = {"type": "object", "additionalProperties": {"type": "string"}}
    properties = {"size": {"type": "string"}, "replicas": {"type": "integer"}, "parameters": parameters}
    return _definition(GADGETS, f"Gadget{number}", {"spec": {"type": "object", "properties": properties}})


def gadget(definition: int, space: str, number: int, chance: random.Random) -> Body:
    """A custom resource, which the webhooks have to see."""
    parameters = {word: _prose(chance, 4) for word in _WORDS[:6]}
    spec = {"size": chance.choice(("small", "large")), "replicas": chance.randint(1, 3), "parameters": parameters}
    body = _object(f"{GADGETS}/v1", f"Gadget{definition}", space, f"gadget-{number:05}", spec=spec)
    hooks = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    return waiting(body, [f"admissionregistration.k8s.io/{kind}/bench-gadgets" for kind in hooks])


def webhooks(url: str, authority: str) -> Iterator[Body]:
    """A mutating and a validating webhook for all gadgets, at a URL; `authority` is PEM in base64."""
    for kind, path in (("MutatingWebhookConfiguration", "mutate"), ("ValidatingWebhookConfiguration", "validate")):
        rule = {
            "apiGroups": [GADGETS],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["*"],
            "scope": "*",
        }
        webhook = {
            "name": f"{path}.{GADGETS}",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": f"{url}/{path}", "caBundle": authority},
            "failurePolicy": "Fail",
            "rules": [rule],
            "sideEffects": "None",
            "timeoutSeconds": 5,
        }
        yield {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "bench-gadgets"},
            "webhooks": [webhook],
        }


ADMITTED = (f"{GROUP}/admitted", "yes")
"""The label that the mutating webhook adds."""


def _definition(group: str, kind: str, properties: Body, **rest: Any) -> Body:
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "properties": properties}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, **rest}
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [version]},
    }


def _object(version: str, kind: str, space: str, name: str, **rest: Any) -> Body:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "bench"}
    metadata = {"name": name, "namespace": space, "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words))
