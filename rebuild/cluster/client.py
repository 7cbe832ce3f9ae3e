"""The Cluster port on a real API server."""

from __future__ import annotations

from typing import Any

import orjson

from rebuild.cluster import discovery
from rebuild.cluster.port import Applied, Identity, Listing
from rebuild.cluster.transport import Transport
from rebuild.cluster.watch import HttpWatch
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body, Manifest, dig

FIELD_MANAGER = "rebuild"
"""Who we are in managedFields: never shared, so that what others own stays visible."""
_APPLY_HEADERS = {"Content-Type": "application/apply-patch+yaml"}
_PAGE = 500


class ApiServer:
    """Speaks to one API server; see `port.Cluster` for what each call means."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def identity(self) -> Identity:
        """Who answers."""
        version = self._get("/version")
        home = self._get("/api/v1/namespaces/kube-system")
        return Identity(
            uid=str(dig(home, "metadata", "uid") or ""),
            version=str(version.get("gitVersion", "")),
            server=self._transport.server,
        )

    def served(self) -> Kinds:
        """Every kind that the server offers now."""
        return discovery.kinds(*(self._get(path, accept=discovery.ACCEPT) for path in discovery.PATHS))

    def apply(self, manifest: Manifest, kind: Kind) -> Applied:
        """Server-side apply. Unknown and duplicate fields are refused, as `fieldValidation=Strict` asks."""
        path = f"{kind.item(manifest.ref)}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict"
        status, data = self._transport.request("PATCH", path, body=manifest.payload, headers=_APPLY_HEADERS)
        return Applied(orjson.loads(data), created=status == 201)

    def list(self, kind: Kind, version: str) -> Listing:
        """All objects of a kind, page by page; the items carry apiVersion and kind, which lists leave out."""
        path = kind.collection(version)
        group_version = f"{kind.group}/{version}" if kind.group else version
        items: list[Body] = []
        token = ""
        while True:
            page = self._get(f"{path}?limit={_PAGE}" + (f"&continue={token}" if token else ""))
            for item in page.get("items") or ():
                item["apiVersion"], item["kind"] = group_version, kind.kind
                items.append(item)
            token = dig(page, "metadata", "continue") or ""
            if not token:
                return Listing(tuple(items), str(dig(page, "metadata", "resourceVersion") or ""))

    def watch(self, kind: Kind, version: str, resource_version: str) -> HttpWatch:
        """Changes of a kind over all namespaces."""
        return HttpWatch(self._transport, kind.collection(version), resource_version)

    def close(self) -> None:
        """Let go of all connections."""
        self._transport.close()

    def _get(self, path: str, *, accept: str = "application/json") -> Any:
        _, data = self._transport.request("GET", path, headers={"Accept": accept})
        return orjson.loads(data)
