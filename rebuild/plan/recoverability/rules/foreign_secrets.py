"""A Secret that is declared without its values needs a key or a store that is not in Git.

Sealed Secrets are opened with the private keys of their controller, which that controller makes anew in a new cluster.
External Secrets are read from a store, with credentials of its own. (Files of sops are told of by `lint.rules.sops`.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig
from rebuild.model.refs import Ref
from rebuild.model.wording import counted
from rebuild.plan.recoverability import wording

_GROUP = "external-secrets.io"


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for all SealedSecrets, and one for each store that ExternalSecrets read from."""
    sealed = list(index.of_kind("bitnami.com", "SealedSecret"))
    if sealed:
        yield Finding(
            "sealed-secrets-key",
            Severity.WARNING,
            f"{counted(len(sealed), 'SealedSecret')} ({wording.listed(sealed)}) can be opened with the private"
            " keys of the lost cluster's controller only",
            sealed[0].ref,
            sealed[0].origin,
            "keep the Secrets labelled sealedsecrets.bitnami.com/sealed-secrets-key, and add them with --with",
        )
    users: dict[tuple[str, str, str], list[Manifest]] = defaultdict(list)
    for item in index.of_kind(_GROUP, "ExternalSecret"):
        users[_store_of(item)].append(item)
    for item in index.of_kind(_GROUP, "ClusterExternalSecret"):
        users["ClusterSecretStore", "", text(item.body, "spec", "externalSecretSpec", "secretStoreRef", "name")].append(
            item
        )
    for (kind, namespace, name), readers in sorted(users.items()):
        if name:
            yield _of_store(index, Ref(_GROUP, kind, namespace, name), readers)


def _store_of(item: Manifest) -> tuple[str, str, str]:
    kind = text(item.body, "spec", "secretStoreRef", "kind") or "SecretStore"
    namespace = "" if kind == "ClusterSecretStore" else item.ref.namespace
    return kind, namespace, text(item.body, "spec", "secretStoreRef", "name")


def _of_store(index: Index, store: Ref, readers: list[Manifest]) -> Finding:
    declared = index.get(store)
    provider = dig(declared.body, "spec", "provider") if declared else None
    what = f" ({', '.join(sorted(map(str, provider)))})" if isinstance(provider, dict) and provider else ""
    return Finding(
        "secret-store",
        Severity.WARNING,
        f"{counted(len(readers), 'Secret')} ({wording.listed(readers)}) come out of the {store.kind}"
        f" {store.name}{what}, which is outside of this repository",
        readers[0].ref,
        readers[0].origin,
        "make sure that the store and the credentials for it outlive the cluster",
    )
