"""What the lab's parts are told: kwokctl's configuration, audit policy, baseline objects. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebuild.model.objects import Body
from rebuild.providers.kwok import binaries, seal
from rebuild.providers.kwok.binaries import Binaries, Source
from rebuild.providers.kwok.lab import CONTROL_PLANE
from rebuild.providers.kwok.paths import Layout
from rebuild.providers.port import Baseline

DEFAULT_CLASS = "standard"
PROVISIONER = "rebuild.dev/lab"

BASELINE = Baseline(
    namespaces=frozenset({"default", "kube-node-lease", "kube-public", "kube-system"}),
    storage_classes=frozenset({DEFAULT_CLASS}),
    default_storage_class=DEFAULT_CLASS,
)

STORAGE_CLASS: Body = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": DEFAULT_CLASS,
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
}
"""Immediate: a claim binds without a Pod, so what a repository declares can be verified object by object."""

AUDIT_POLICY: Body = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
"""Who did what and when. Any higher level would write the bodies of Secrets to disk."""

_CONTROLLERS = {"kube-api-qps": "1000", "kube-api-burst": "2000", "leader-elect": "false"}
"""The default limits (20 and 30 a second) make about 5 Deployments ready per second: they, not the API server,
would be measured. kwokctl's own `--disable-qps-limits` would also switch API Priority and Fairness off. There is
one of each controller, and an election that meets an API server still starting costs up to 2 s."""

_AUDIT_LOG_MEGABYTES = "100000"
"""Never rotated: the log is a witness, and its reader expects one file."""

_ADVERTISED = "198.51.100.1"
"""What Pods would find behind the Service `kubernetes`; nothing connects to it. Left alone, the API server takes
the machine's own address, and does not start where there is no default route: on a laptop without a network. A
loopback address is refused by the validation of Endpoints, so it is one from a range set aside for documentation
(RFC 5737)."""


def kwokctl(layout: Layout, programs: Binaries, ports: Mapping[str, int]) -> dict[str, Any]:
    """The configuration that makes kwokctl start a control plane that listens on the loopback interface only and
    reaches nothing beyond it.

    `bindAddress` reaches every listener, etcd's peer address included; the command line has no flag for it. A
    file also avoids `--extra-args`, which makes kwokctl 0.8.0 panic when one component is given two of them
    before another is named.
    """
    options = {
        "runtime": "binary",
        "bindAddress": "127.0.0.1",
        "kubeVersion": binaries.KUBERNETES_VERSION,
        "kubeAuthorization": True,
        "kubeAdmission": True,
        "kubeAuditPolicy": str(layout.audit_policy),
        "cacheDir": str(programs.directory.parent / "downloads"),
        "kwokControllerBinary": str(programs.path("kwok")),
        "etcdPort": ports["etcd"],
        "etcdPeerPort": ports["etcd-peer"],
        "kubeApiserverPort": ports["kube-apiserver"],
        "kubeControllerManagerPort": ports["kube-controller-manager"],
        "kubeSchedulerPort": ports["kube-scheduler"],
        "kwokControllerPort": ports["kwok-controller"],
    }
    if programs.source is Source.BUILD:
        options |= {
            "etcdBinary": str(programs.path("etcd")),
            "kubectlBinary": str(programs.path("kubectl")),
            "kubeApiserverBinary": str(programs.path("kube-apiserver")),
            "kubeControllerManagerBinary": str(programs.path("kube-controller-manager")),
            "kubeSchedulerBinary": str(programs.path("kube-scheduler")),
        }
    flags = {
        "kube-apiserver": {
            "advertise-address": _ADVERTISED,
            "audit-log-maxsize": _AUDIT_LOG_MEGABYTES,
            "egress-selector-config-file": str(layout.egress),
        },
        "kube-controller-manager": _CONTROLLERS,
        "kube-scheduler": _CONTROLLERS,
    }
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": options,
        "componentsPatches": [_patch(component, flags.get(component, {})) for component in CONTROL_PLANE],
    }


def _patch(component: str, flags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": component,
        "extraArgs": [{"key": key, "value": value} for key, value in flags.items()],
        "extraEnvs": [{"name": name, "value": value} for name, value in seal.ENVIRONMENT.items()],
    }
