"""Pods wait, crash or are refused when what their template names is missing. The kubelet retries a missing
ConfigMap or Secret with a growing pause (3 s of absence cost 10 s, 40 s cost 30 s more); admission refuses a pod
without its ServiceAccount, PriorityClass or RuntimeClass, and its controller tries again with a pause that doubles;
the scheduler leaves a pod aside whose claim, of a volume or of devices, is missing.

What is declared is a hard dependency: started early, the pods of a Job would burn its deadline, and one
ConfigMap that fails would be reported as a workload that never gets ready. What is not declared is expected
and soft: a controller may produce it (an external secret, the root CA bundle of each namespace).
`optional: true` means that the pod starts without.

A custom resource that holds a pod template is read in the same way, but its operator decides when there are
pods: order alone, and towards declared objects only.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index, Workload
from rebuild.graph.pods import Use, mounted_provider_classes, uses_of
from rebuild.graph.producing import Production
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import dig, dig_maps
from rebuild.model.refs import Ref

_CLUSTER_SCOPED = frozenset({"PriorityClass", "RuntimeClass"})


def edges_from(index: Index) -> Iterator[Edge]:
    """Pod template -> what it names: EXISTS, hard where declared, else soft towards an expected object."""
    production = index.once(Production)
    for workload, uses in index.uses:
        for use in (*uses, *_by_account(workload, index)):
            declared = index.find(use.group, use.kind, _namespace_of(use, workload), use.name)
            if declared:
                yield _edge(workload, declared, Strength.HARD, use.why)
                continue
            wanted = Ref(use.group, use.kind, _namespace_of(use, workload), use.name)
            if not (_is_built_in(use) or _comes_with_the_pods(wanted, workload, production)):
                yield _edge(workload, wanted, Strength.SOFT, use.why)
    for workload in index.embedded:
        for use in (*uses_of(workload.pod), *_by_account(workload, index)):
            declared = index.find(use.group, use.kind, _namespace_of(use, workload), use.name)
            if declared:
                yield _edge(workload, declared, Strength.SOFT, use.why)


def _edge(workload: Workload, dependency: Ref, strength: Strength, why: str) -> Edge:
    return Edge(workload.ref, dependency, Gate.EXISTS, strength, why, "config_refs")


def _namespace_of(use: Use, workload: Workload) -> str:
    return "" if use.kind in _CLUSTER_SCOPED else workload.ref.namespace


def _by_account(workload: Workload, index: Index) -> Iterator[Use]:
    """The admission plugin copies the pull secrets of the account into pods that name none."""
    account = index.get(Ref("", "ServiceAccount", workload.ref.namespace, workload.service_account))
    if account and not dig(workload.pod, "imagePullSecrets"):
        for secret in dig_maps(account.body, "imagePullSecrets"):
            if name := text(secret, "name"):
                yield Use("Secret", name, "pulls images with it, by its service account")


def _is_built_in(use: Use) -> bool:
    # Names that start with "system-" are reserved for classes that the API server makes before it is ready.
    return use.kind == "PriorityClass" and use.name.startswith("system-")


def _comes_with_the_pods(wanted: Ref, workload: Workload, production: Production) -> bool:
    """Whether the Secret is synced once the first pod has mounted its provider class: waiting would be in vain."""
    mounted = set(mounted_provider_classes(workload.pod))
    producers = production.of(wanted)
    return any(each.kind == "SecretProviderClass" and each.name in mounted for each in producers)
