"""The values that the API server fills in where nothing is said. A field that holds one says nothing.

Server-side apply gives defaults no owner. A plain create or update does: who made the object owns them all, so without
this table each object that Helm or `kubectl apply` made would seem full of additions. The rows are the constant ones of
`pkg/apis/*/*/defaults.go` in k8s.io/kubernetes; custom resources' are in their own schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from rebuild.model import kinds
from rebuild.model.objects import Body, dig, dig_maps
from rebuild.model.refs import Ref
from rebuild.verify import paths

_CPU_AT_80 = [
    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
]
_FOUR_PODS = {"type": "Pods", "value": 4, "periodSeconds": 15}
_ALL_AT_ONCE = {"type": "Percent", "value": 100, "periodSeconds": 15}
_ROWS: dict[str, tuple[tuple[str, Any], ...]] = {
    "allocateLoadBalancerNodePorts": (("spec", True),),
    "allocationMode": (("", "ExactCount"),),
    "apiGroup": (
        ("roleRef", "rbac.authorization.k8s.io"),
        ("subjects", "rbac.authorization.k8s.io"),
        ("subjects", ""),
    ),
    "apiVersion": (("fieldRef", "v1"), ("volumeClaimTemplates", "v1")),
    "attachRequired": (("spec", True),),
    "backoffLimit": (("", 6),),
    "completionMode": (("", "NonIndexed"),),
    "completions": (("", 1),),
    "concurrencyPolicy": (("", "Allow"),),
    "conditions": (("endpoints", {}),),
    "count": (("exactly", 1),),
    "defaultMode": (("", 420),),
    "divisor": (("resourceFieldRef", "0"),),
    "dnsPolicy": (("", "ClusterFirst"),),
    "enableServiceLinks": (("", True),),
    "expirationSeconds": (("serviceAccountToken", 3600),),
    "externalTrafficPolicy": (("", "Cluster"),),
    "failedJobsHistoryLimit": (("", 1),),
    "failurePolicy": (("", "Fail"),),
    "failureThreshold": (("", 3),),
    "fsGroupPolicy": (("", "ReadWriteOnceWithFSType"),),
    "handSize": (("", 8),),
    "imagePullPolicy": (("", "Always"), ("", "IfNotPresent")),
    "internalTrafficPolicy": (("", "Cluster"),),
    "ipFamilyPolicy": (("", "SingleStack"),),
    "kind": (("volumeClaimTemplates", "PersistentVolumeClaim"),),
    "lendablePercent": (("", 0),),
    "manualSelector": (("", False),),
    "matchPolicy": (("", "Equivalent"),),
    "matchingPrecedence": (("", 1000),),
    "maxSurge": (("", "25%"), ("updateStrategy", 0), ("updateStrategy", "0")),
    "maxUnavailable": (("strategy", "25%"), ("updateStrategy", 1)),
    "metadata": (("volumeClaimTemplate", {}),),
    "metrics": (("spec", _CPU_AT_80),),
    "minReplicas": (("", 1),),
    "name": (("ports", ""),),
    "namespaceSelector": (("", {}),),
    "nominalConcurrencyShares": (("", 30),),
    "objectSelector": (("", {}),),
    "operator": (("tolerations", "Equal"),),
    "parallelism": (("", 1),),
    "partition": (("", 0),),
    "path": (("httpGet", "/"),),
    "periodSeconds": (("", 10),),
    "persistentVolumeReclaimPolicy": (("", "Retain"),),
    "phase": (("volumeClaimTemplates", "Pending"),),
    "podInfoOnMount": (("", False),),
    "podManagementPolicy": (("", "OrderedReady"),),
    "podReplacementPolicy": (("", "TerminatingOrFailed"), ("", "Failed")),
    "policies": (("scaleUp", [_FOUR_PODS, _ALL_AT_ONCE]), ("scaleDown", [_ALL_AT_ONCE])),
    "port": (("service", 443),),
    "preemptionPolicy": (("", "PreemptLowerPriority"),),
    "preventPodSchedulingIfMissing": (("", False),),
    "priority": (("", 0),),
    "progressDeadlineSeconds": (("", 600),),
    "protocol": (("", "TCP"),),
    "queueLengthLimit": (("", 50),),
    "queues": (("", 64),),
    "readOnly": (("", False),),
    "reclaimPolicy": (("", "Delete"),),
    "reinvocationPolicy": (("", "Never"),),
    "replicas": (("", 1),),
    "requiresRepublish": (("", False),),
    "resources": (("", {}),),
    "restartPolicy": (("", "Always"),),
    "revisionHistoryLimit": (("", 10),),
    "schedulerName": (("", "default-scheduler"),),
    "scheme": (("httpGet", "HTTP"),),
    "scope": (("rules", "*"), ("resourceRules", "*"), ("excludeResourceRules", "*")),
    "selectPolicy": (("", "Max"),),
    "seLinuxMount": (("", False),),
    "securityContext": (("", {}),),
    "service": (("grpc", ""),),
    "sessionAffinity": (("", "None"),),
    "stabilizationWindowSeconds": (("scaleUp", 0),),
    "storageCapacity": (("", False),),
    "strategy": (("conversion", "None"),),
    "successThreshold": (("", 1),),
    "successfulJobsHistoryLimit": (("", 3),),
    "suspend": (("", False),),
    "targetCPUUtilizationPercentage": (("", 80),),
    "terminationGracePeriodSeconds": (("", 30),),
    "terminationMessagePath": (("", "/dev/termination-log"),),
    "terminationMessagePolicy": (("", "File"),),
    "timeoutSeconds": (("", 1), ("webhooks", 10), ("clientIP", 10800)),
    "type": (
        ("strategy", "RollingUpdate"),
        ("updateStrategy", "RollingUpdate"),
        ("hostPath", ""),
        ("limitResponse", "Reject"),
        ("spec", "ClusterIP"),
        ("", "Opaque"),
    ),
    "value": (("", 0),),
    "volumeBindingMode": (("", "Immediate"),),
    "volumeLifecycleModes": (("", ["Persistent"]),),
    "volumeMode": (("", "Filesystem"),),
    "whenDeleted": (("", "Retain"),),
    "whenScaled": (("", "Retain"),),
}
"""By the field's name: below which field it stands (empty: anywhere), and its default."""


_NOTHING = object()


class Custom(Struct, frozen=True):
    """The defaults of custom resources, by their definitions: group, version and kind to schema."""

    schemas: Mapping[tuple[str, str, str], Body]

    @classmethod
    def of(cls, definitions: Iterable[Body]) -> Custom:
        """Those that some CustomResourceDefinitions say."""
        return cls(
            {
                (
                    str(dig(body, "spec", "group")),
                    str(version.get("name")),
                    str(dig(body, "spec", "names", "kind")),
                ): schema
                for body in definitions
                for version in dig_maps(body, "spec", "versions")
                if isinstance(schema := dig(version, "schema", "openAPIV3Schema"), dict)
            }
        )

    def hold(self, ref: Ref, path: paths.Path, value: Any) -> bool:
        """Whether a field has the default that its definition gives it, or to something around it."""
        schema: Any = self.schemas.get((ref.group, ref.version, ref.kind))
        given: Any = _NOTHING
        for step in path:
            if isinstance(step, str):
                properties = dig(schema, "properties")
                named = properties.get(step) if isinstance(properties, dict) else None
                schema = dig(schema, "additionalProperties") if named is None else named
            else:
                schema = dig(schema, "items")
            given = given.get(step, _NOTHING) if isinstance(given, dict) else _NOTHING
            if given is _NOTHING and isinstance(schema, dict):
                given = schema.get("default", _NOTHING)
        return given is not _NOTHING and _same(given, value)


NOTHING_CUSTOM = Custom({})


def hold(ref: Ref, path: paths.Path, value: Any, live: Body, custom: Custom = NOTHING_CUSTOM) -> bool:
    """Whether a field says no more than the object without it would.

    Args:
        ref: The object.
        path: Where the field stands in it.
        value: Its live value.
        live: The whole live object, since some fields are filled in out of others.
        custom: The defaults of custom resources.
    """
    if custom.hold(ref, path, value):
        return True
    if kinds.builtin().of(ref) is None:
        return False
    names = paths.names(path)
    is_constant = any(
        _same(default, value) and (not below or below in names[:-1]) for below, default in _ROWS.get(names[-1], ())
    )
    return is_constant or _is_derived(ref, path, value, live)


def is_copied(ref: Ref, path: paths.Path, value: Any, live: Body) -> bool:
    """Whether a free key, such as a resource or a label, is filled in out of another one."""
    *above, name = path
    match ref.kind, above:
        case "LimitRange", [*head, "default"]:
            sources: tuple[paths.Path, ...] = ((*head, "max", name),)
        case "LimitRange", [*head, "defaultRequest"]:
            sources = ((*head, "default", name), (*head, "min", name))
        case "Pod", [*head, "requests"]:
            sources = ((*head, "limits", name),)
        case "ReplicationController", ["metadata", "labels"] | ["spec", "selector"]:
            sources = (("spec", "template", "metadata", "labels", name),)
        case _:
            return False
    return any(_same(paths.lookup(live, source), value) for source in sources)


def _is_derived(ref: Ref, path: paths.Path, value: Any, live: Body) -> bool:
    """What is filled in out of another field of the same struct."""
    parent = paths.lookup(live, path[:-1])
    if not isinstance(parent, dict):
        return False
    match path[-1]:
        case "targetPort":
            return bool(value == parent.get("port"))
        case "hostPort":
            return bool(value == parent.get("containerPort"))
        case "listKind":
            return bool(value == f"{parent.get('kind')}List")
        case "singular":
            return bool(value == str(parent.get("kind")).lower())
        case "serviceAccount":
            return bool(value == parent.get("serviceAccountName"))
        case "policyTypes" if ref.kind == "NetworkPolicy":
            return bool(value == ["Ingress", *(["Egress"] if parent.get("egress") else [])])
    return False


def _same(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)
