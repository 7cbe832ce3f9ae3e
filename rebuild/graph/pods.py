"""What a pod spec names: the one place that knows where in it references stand.

Must not know what is declared and must not decide on edges; several rules ask for different reasons.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from rebuild.graph.fields import text
from rebuild.model.objects import Body, dig, dig_maps

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
"""Where a pod spec keeps its containers, in the order of their start."""
SECRETS_STORE = "secrets-store.csi.k8s.io"

_SECRET_REF_VOLUMES = ("cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos")
"""In-tree volume plugins that keep the name of a Secret in `secretRef.name`."""


class Use(Struct, frozen=True):
    """One reference: the kind and name of what is used, and a phrase that says how."""

    kind: str
    name: str
    why: str
    group: str = ""


def uses_of(pod: Body) -> Iterator[Use]:
    """Everything that a pod spec names and its pods need; with `optional: true` they start without it."""
    return (use for use in _named(pod) if use.name)


def containers_of(pod: Body) -> Iterator[Body]:
    """The containers of a pod, those of all three sorts."""
    return (item for sort in _CONTAINERS for item in dig_maps(pod, sort))


def mounted_provider_classes(pod: Body) -> Iterator[str]:
    """The SecretProviderClasses whose secrets the pods mount."""
    for volume in dig_maps(pod, "volumes"):
        if text(volume, "csi", "driver") == SECRETS_STORE:
            yield text(volume, "csi", "volumeAttributes", "secretProviderClass")


def _named(pod: Body) -> Iterator[Use]:
    account = text(pod, "serviceAccountName") or text(pod, "serviceAccount")
    yield Use("ServiceAccount", account, "runs as this service account")
    yield Use("PriorityClass", text(pod, "priorityClassName"), "runs with this priority", "scheduling.k8s.io")
    yield Use("RuntimeClass", text(pod, "runtimeClassName"), "runs in this runtime", "node.k8s.io")
    for secret in dig_maps(pod, "imagePullSecrets"):
        yield Use("Secret", text(secret, "name"), "pulls images with it")
    for container in containers_of(pod):
        yield from _in_environment(container)
    for volume in dig_maps(pod, "volumes"):
        yield from _in_volume(volume)
    for claim in dig_maps(pod, "resourceClaims"):
        yield from _of_devices(claim)


def _in_environment(container: Body) -> Iterator[Use]:
    for variable in dig_maps(container, "env"):
        if source := variable.get("valueFrom"):
            yield from _unless_optional("ConfigMap", dig(source, "configMapKeyRef"), "env")
            yield from _unless_optional("Secret", dig(source, "secretKeyRef"), "env")
    for source in dig_maps(container, "envFrom"):
        yield from _unless_optional("ConfigMap", source.get("configMapRef"), "envFrom")
        yield from _unless_optional("Secret", source.get("secretRef"), "envFrom")


def _in_volume(volume: Body) -> Iterator[Use]:
    """A volume has one source; whoever writes several is read for each, and the API server refuses it."""
    for field, source in volume.items():
        match field:
            case "configMap":
                yield from _unless_optional("ConfigMap", source, "a volume")
            case "secret":
                yield from _unless_optional("Secret", source, "a volume", name="secretName")
            case "projected":
                for part in dig_maps(source, "sources"):
                    yield from _unless_optional("ConfigMap", part.get("configMap"), "a projected volume")
                    yield from _unless_optional("Secret", part.get("secret"), "a projected volume")
            case "persistentVolumeClaim":
                yield Use("PersistentVolumeClaim", text(source, "claimName"), "mounts this claim")
            case "csi":
                yield Use("Secret", text(source, "nodePublishSecretRef", "name"), "mounts a CSI volume with it")
            case "azureFile":
                yield Use("Secret", text(source, "secretName"), "mounts a volume with it")
            case _ if field in _SECRET_REF_VOLUMES:
                yield Use("Secret", text(source, "secretRef", "name"), "mounts a volume with it")


def _of_devices(claim: Body) -> Iterator[Use]:
    group = "resource.k8s.io"
    yield Use("ResourceClaim", text(claim, "resourceClaimName"), "uses the devices of this claim", group)
    template = text(claim, "resourceClaimTemplateName")
    yield Use("ResourceClaimTemplate", template, "its device claims are made of this template", group)


def _unless_optional(kind: str, source: object, place: str, *, name: str = "name") -> Iterator[Use]:
    if isinstance(source, dict) and source.get("optional") is not True:
        yield Use(kind, text(source, name), f"uses it in {place}")
