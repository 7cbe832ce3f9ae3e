"""A custom resource is stored in one version. One that is written in another is converted first, and where a webhook
does that, the write fails (500) until the webhook answers. What is written in the stored version needs nobody.

Must not make the definition itself wait: its backend is often the very operator that cannot start without it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph import fans
from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, dig, dig_maps


def edges_from(index: Index) -> Iterator[Edge]:
    """Custom resource in another version than the stored one -> what answers the conversion webhook: READY, hard."""
    for kind, ref in index.crds():
        crd = index.get(ref)
        conversion = dig(crd.body, "spec", "conversion") if crd else None
        service = dig(conversion, "webhook", "clientConfig", "service")
        if crd and text(conversion, "strategy") == "Webhook" and isinstance(service, dict):
            backend = index.behind_service(text(service, "namespace"), text(service, "name"))
            stored = _stored(crd)
            converted = [item.ref for item in index.of_kind(kind.group, kind.kind) if item.ref.version != stored]
            why = f"is converted there to {stored}, the version that is stored"
            yield from fans.edges(
                dict.fromkeys(converted, why),
                backend,
                gate=Gate.READY,
                strength=Strength.HARD,
                members=Strength.HARD,
                rule="conversions",
            )


def _stored(crd: Manifest) -> str:
    versions = dig_maps(crd.body, "spec", "versions")
    return next((text(version, "name") for version in versions if version.get("storage") is True), "")
