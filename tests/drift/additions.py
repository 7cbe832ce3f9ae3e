"""Additions by hand, for counting how many are found: what to send, and the line of drift that it has to become."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec.structs import replace

from rebuild.model.objects import Body, Manifest
from rebuild.model.refs import Ref
from rebuild.verify import paths
from rebuild.verify.paths import Keyed, Member, Path

MANAGERS = ("kubectl-edit", "kubectl-patch", "k9s", "Mozilla", "node-fetch", "headlamp", "by-hand", "jenkins")
_Row: TypeAlias = Callable[[str, random.Random], tuple[Body, Path]]
"""From a name and chance to a patch, and the path of what it adds."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A patch of one object under a manager's name, and the path where it has to be found."""

    ref: Ref
    patch: Body
    path: Path
    manager: str

    @property
    def line(self) -> tuple[str, str, str]:
        """As `corpus.told` has it."""
        return "foreign", str(self.ref), paths.render(self.path)


def of(manifest: Manifest, chance: random.Random, rounds: int) -> Iterator[Addition]:
    """Labels and annotations, which all kinds have, and what this kind can be given beside."""
    rows = (*_ANY_KIND, *_ROWS.get(manifest.ref.kind, ()))
    for number in range(rounds):
        for row in rows if number < 2 else _ANY_KIND:
            name = f"x{chance.randrange(16**6):06x}"
            patch, path = row(name, chance)
            if row not in _ONCE or number == 0:
                yield Addition(manifest.ref, patch, path, chance.choice(MANAGERS))


def stray(manifest: Manifest) -> Manifest | None:
    """The same object under another name, which nobody declares; None where a name cannot be chosen."""
    if manifest.ref.kind in ("Namespace", "CustomResourceDefinition", "ServiceCIDR", "Lease"):
        return None
    name = f"stray-{manifest.ref.name}"
    body = {**manifest.body, "metadata": {**manifest.body["metadata"], "name": name}}
    return Manifest(replace(manifest.ref, name=name), body, manifest.origin)


def _at(value: Any, *path: str) -> Body:
    for name in reversed(path):
        value = {name: value}
    found: Body = value
    return found


def _label(name: str, chance: random.Random) -> tuple[Body, Path]:
    key = f"hand.example.com/{name}"
    return _at({key: chance.choice(("", "a", "true", "1"))}, "metadata", "labels"), ("metadata", "labels", key)


def _annotation(name: str, chance: random.Random) -> tuple[Body, Path]:
    value = "".join(chance.choices('abc \n\t"\\é日', k=chance.randrange(12)))
    return _at({name: value}, "metadata", "annotations"), ("metadata", "annotations", name)


def _key_of(*where: str, encoded: bool = False) -> _Row:
    def row(name: str, chance: random.Random) -> tuple[Body, Path]:
        return _at({name: "Y2FuYXJ5" if encoded else chance.choice(("", "v"))}, *where), (*where, name)

    return row


def _field(value: Any, *path: str) -> _Row:
    """One field that nobody declares, with a value that is no default."""

    def row(name: str, chance: random.Random) -> tuple[Body, Path]:
        return _at(value, *path), path

    _ONCE.append(row)
    return row


def _element(make: Callable[[str], Body], *where: str, keys: tuple[str, ...] = ("name",), inside: Path = ()) -> _Row:
    """One more element of a keyed list, at the end of a path that may lead through an element by its name."""

    def row(name: str, chance: random.Random) -> tuple[Body, Path]:
        item = make(name)
        step = Keyed(tuple((key, item[key]) for key in keys))
        if not inside:
            return _at([item], *where), (*where, step)
        outer, inner = inside
        assert isinstance(outer, Keyed)
        element = {**dict(outer.keys), str(inner): [item]}
        return _at([element], *where), (*where, outer, inner, step)

    return row


_ONCE: list[_Row] = []
_ANY_KIND: tuple[_Row, ...] = (_label, _annotation)
_TEMPLATE = ("spec", "template", "spec")
_TOLERATIONS = [{"key": "a", "operator": "Exists"}]


def _pods(*where: str, container: str) -> tuple[_Row, ...]:
    """What can be added to a template of Pods."""
    web = Keyed((("name", container),))
    return (
        _element(lambda name: {"name": name, "image": "busybox"}, *where, "containers"),
        _element(lambda name: {"name": name, "emptyDir": {"medium": "Memory"}}, *where, "volumes"),
        _element(lambda name: {"name": name, "value": "v"}, *where, "containers", inside=(web, "env")),
        _element(lambda name: {"name": name}, *where, "imagePullSecrets"),
        _element(lambda name: {"ip": f"192.0.2.{int(name[1:3], 16)}"}, *where, "hostAliases", keys=("ip",)),
        _key_of(*where, "nodeSelector"),
        _key_of(*where[:-1], "metadata", "annotations"),
        _field(_TOLERATIONS, *where, "tolerations"),
        _field(7, *where, "terminationGracePeriodSeconds"),
        _field("hand", *where, "hostname"),
        _field(1000, *where, "securityContext", "fsGroup"),
        _field("Default", *where, "dnsPolicy"),
    )


_ROWS: dict[str, tuple[_Row, ...]] = {
    "ConfigMap": (_key_of("data"), _key_of("data"), _key_of("binaryData", encoded=True)),
    "Secret": (_key_of("data", encoded=True), _key_of("data", encoded=True)),
    "ServiceAccount": (_element(lambda name: {"name": name}, "secrets"),),
    "Service": (
        _element(
            lambda name: {"name": name, "port": 1024 + int(name[1:4], 16), "protocol": "TCP"},
            *("spec", "ports"),
            keys=("port", "protocol"),
        ),
        _field(["192.0.2.9"], "spec", "externalIPs"),
        _field(True, "spec", "publishNotReadyAddresses"),
    ),
    "Deployment": (
        *_pods(*_TEMPLATE, container="web"),
        _field(5, "spec", "minReadySeconds"),
        _field(601, "spec", "progressDeadlineSeconds"),
    ),
    "StatefulSet": (*_pods(*_TEMPLATE, container="db"), _field(5, "spec", "minReadySeconds")),
    "DaemonSet": _pods(*_TEMPLATE, container="c"),
    "ReplicaSet": _pods(*_TEMPLATE, container="c"),
    "ReplicationController": _pods(*_TEMPLATE, container="c"),
    "PodTemplate": _pods("template", "spec", container="c"),
    "CronJob": (
        *_pods("spec", "jobTemplate", "spec", "template", "spec", container="c"),
        _field(17, "spec", "startingDeadlineSeconds"),
        _field("Forbid", "spec", "concurrencyPolicy"),
    ),
    "Job": (_field(5, "spec", "activeDeadlineSeconds"),),
    "HorizontalPodAutoscaler": (
        _field(2, "spec", "minReplicas"),
        _field(5, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds"),
    ),
    "PodDisruptionBudget": (_field("AlwaysAllow", "spec", "unhealthyPodEvictionPolicy"),),
    "Ingress": (_field("hand", "spec", "defaultBackend", "service", "name"),),
    "NetworkPolicy": (_field([{"ports": [{"port": 53}]}], "spec", "egress"),),
    "PersistentVolume": (_field(["ro"], "spec", "mountOptions"),),
    "ResourceQuota": (_field("7", "spec", "hard", "count/secrets"),),
    "StorageClass": (_field(True, "allowVolumeExpansion"),),
    "PriorityClass": (_field("by hand", "description"),),
    "CSIDriver": (_field(True, "spec", "requiresRepublish"),),
    "RuntimeClass": (_field("x", "scheduling", "nodeSelector", "disk"),),
    "PriorityLevelConfiguration": (_field(5, "spec", "limited", "lendablePercent"),),
    "FlowSchema": (_field("ByUser", "spec", "distinguisherMethod", "type"),),
    "ValidatingWebhookConfiguration": (),
    "Widget": (_key_of("spec", "free"), _field(9, "spec", "size"), _field(True, "spec", "paused")),
}


def member(ref: Ref, declared: list[str], value: str) -> Addition:
    """One more member of a set of a custom resource, which has to be sent whole."""
    patch = {"spec": {"tags": [*declared, value]}}
    return Addition(ref, patch, ("spec", "tags", Member(value)), "kubectl-edit")
