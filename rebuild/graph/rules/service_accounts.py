"""Two objects are lost, not merely late, when their ServiceAccount is missing.

The ServiceAccount admission plugin refuses a bare Pod whose account does not exist, and no controller tries
again; in a new namespace the `default` account appears a moment after the namespace. A token Secret whose
account does not exist is deleted by the token controller at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref

_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - a Secret's type, not a secret
_ACCOUNT_OF_TOKEN = "kubernetes.io/service-account.name"  # noqa: S105


def edges_from(index: Index) -> Iterator[Edge]:
    """Bare Pod, token Secret -> its ServiceAccount, EXISTS, hard; expected where it is not declared."""
    for workload in index.workloads:
        if workload.ref.group_kind == ("", "Pod"):
            why = "admission refuses a pod without its service account"
            yield _edge(index, workload.ref, workload.service_account, why)
    for secret in index.of_kind("", "Secret"):
        account = text(secret.body, "metadata", "annotations", _ACCOUNT_OF_TOKEN)
        if text(secret.body, "type") == _TOKEN and account:
            why = "a token of no service account is deleted at once"
            yield _edge(index, secret.ref, account, why)


def _edge(index: Index, dependent: Ref, account: str, why: str) -> Edge:
    wanted = Ref("", "ServiceAccount", dependent.namespace, account)
    declared = index.get(wanted)
    dependency = declared.ref if declared else wanted
    return Edge(dependent, dependency, Gate.EXISTS, Strength.HARD, why, "service_accounts")
