"""A webhook configuration takes effect with its creation: from then on, every write that it covers fails
until its backend answers (unless it fails open, and then the write escapes the policy). So it comes last.

Webhooks by URL live outside the cluster and wait for nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.admission import backends, deadlocks
from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.findings import Finding
from rebuild.model.objects import dig, dig_maps

_KINDS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


def edges_from(index: Index) -> Iterator[Edge]:
    """Webhook configuration -> each of its Services and the workloads behind them, READY, hard."""
    for kind in _KINDS:
        for item in index.of_kind("admissionregistration.k8s.io", kind):
            services = [dig(hook, "clientConfig", "service") for hook in dig_maps(item.body, "webhooks")]
            for namespace, name in dict.fromkeys((text(s, "namespace"), text(s, "name")) for s in services):
                for backend in index.behind_service(namespace, name):
                    why = "its webhook is answered there"
                    yield Edge(item.ref, backend, Gate.READY, Strength.HARD, why, "webhooks")


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: webhooks that cover their own backends, or that nobody answers, or that nobody can trust."""
    yield from deadlocks.findings(index)
    yield from backends.findings(index)
