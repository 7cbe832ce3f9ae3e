"""The values that the API server fills in where nothing is said. A field that holds one says nothing.

Server-side apply gives defaults no owner. A plain create or update does: who made the object owns them all, so without
this table each object that Helm or `kubectl apply` made would seem full of additions. The rows are the constant ones of
`pkg/apis/*/*/defaults.go` in k8s.io/kubernetes; custom resources' are in their own schemas.
"""

from __future__ import annotations

from typing import Any

from rebuild.verify.shapes import Shape

_ROWS: dict[str, tuple[tuple[str, Any], ...]] = {
    "allocateLoadBalancerNodePorts": (("spec", True),),
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
    "defaultMode": (("", 420),),
    "dnsPolicy": (("", "ClusterFirst"),),
    "enableServiceLinks": (("", True),),
    "externalTrafficPolicy": (("", "Cluster"),),
    "failedJobsHistoryLimit": (("", 1),),
    "failurePolicy": (("", "Fail"),),
    "failureThreshold": (("", 3),),
    "fsGroupPolicy": (("", "ReadWriteOnceWithFSType"),),
    "imagePullPolicy": (("", "Always"), ("", "IfNotPresent")),
    "internalTrafficPolicy": (("", "Cluster"),),
    "ipFamilyPolicy": (("", "SingleStack"),),
    "kind": (("volumeClaimTemplates", "PersistentVolumeClaim"),),
    "lendablePercent": (("", 0),),
    "matchPolicy": (("", "Equivalent"),),
    "matchingPrecedence": (("", 1000),),
    "maxSurge": (("", "25%"), ("updateStrategy", 0), ("updateStrategy", "0")),
    "maxUnavailable": (("strategy", "25%"), ("updateStrategy", 1)),
    "minReplicas": (("", 1),),
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
    "port": (("service", 443),),
    "preemptionPolicy": (("", "PreemptLowerPriority"),),
    "priority": (("", 0),),
    "progressDeadlineSeconds": (("", 600),),
    "protocol": (("", "TCP"),),
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
    "seLinuxMount": (("", False),),
    "securityContext": (("", {}),),
    "service": (("grpc", ""),),
    "sessionAffinity": (("", "None"),),
    "storageCapacity": (("", False),),
    "strategy": (("conversion", "None"),),
    "successThreshold": (("", 1),),
    "successfulJobsHistoryLimit": (("", 3),),
    "suspend": (("", False),),
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
    "volumeBindingMode": (("", "Immediate"),),
    "volumeLifecycleModes": (("", ["Persistent"]),),
    "volumeMode": (("", "Filesystem"),),
    "whenDeleted": (("", "Retain"),),
    "whenScaled": (("", "Retain"),),
}
"""By the field's name: below which field it stands (empty: anywhere), and its default."""


def holds(names: tuple[str, ...], value: Any, struct: Shape, parent: Any, *, is_builtin: bool) -> bool:
    """Whether a field says no more than an object without it would.

    Args:
        names: The field's path, list steps as text.
        value: Its live value.
        struct: The shape of what the field is in, whose defaults a custom resource's definition gives.
        parent: The live value of what the field is in.
        is_builtin: Whether Kubernetes itself defines the kind.
    """
    name = names[-1]
    if name in struct.defaults and struct.defaults[name] == value:
        return True
    if not is_builtin:
        return False
    rows = _ROWS.get(name, ())
    if any(_same(default, value) and (not below or below in names[:-1]) for below, default in rows):
        return True
    return _is_derived(name, value, parent)


def _is_derived(name: str, value: Any, parent: Any) -> bool:
    """What is filled in out of another field of the same struct."""
    if not isinstance(parent, dict):
        return False
    match name:
        case "targetPort":
            return bool(value == parent.get("port"))
        case "hostPort":
            return bool(value == parent.get("containerPort"))
        case "listKind":
            return bool(value == f"{parent.get('kind')}List")
        case "singular":
            return bool(value == str(parent.get("kind")).lower())
    return False


def _same(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)
