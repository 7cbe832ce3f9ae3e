"""What a kind cluster holds before anybody has written to it."""

from __future__ import annotations

from rebuild.providers.port import Baseline

BASELINE = Baseline(
    namespaces=frozenset({"default", "kube-node-lease", "kube-public", "kube-system", "local-path-storage"}),
    storage_classes=frozenset({"standard"}),
    default_storage_class="standard",
)
"""kind puts its storage provisioner into a namespace of its own."""
