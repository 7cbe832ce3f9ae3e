"""The Cluster port on a real API server: which request each call is, and nothing about how requests travel."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import orjson
from msgspec.structs import asdict

from rebuild.cluster import discovery, rights
from rebuild.cluster.port import Applied, ClusterFault, Identity, Listing
from rebuild.cluster.rights import Access, Rights
from rebuild.cluster.transport import Transport
from rebuild.cluster.watch import FROM_THE_BEGINNING, SILENCE_SECONDS, HttpWatch
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind, Kinds
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

FIELD_MANAGER = "rebuild"
"""Who we are in managedFields: never shared, so that what others own stays visible."""
PAGE = 500
"""Objects per answer of a list: what kubectl asks for."""
_NO_NAMESPACE = "-"
"""No namespace can have this name and so no RoleBinding: a review of it tells the rights for the whole cluster."""
_WITH_PODS = (
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("", "ReplicationController"),
)
"""What is deleted after its Pods: they would bear the names, or the labels, of those that come after it."""
_NO_LONGER_THERE = (404, 409)
"""Nothing has the name, or something else has it already: as when an answer was lost."""
_JSON = {"Content-Type": "application/json"}
_APPLY = {"Content-Type": "application/apply-patch+yaml"}
_AS_US = f"fieldManager={FIELD_MANAGER}&fieldValidation=Strict"
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class ApiServer:
    """Speaks to one API server; see `port.Cluster` for what each call means."""

    def __init__(self, transport: Transport, *, silence: float = SILENCE_SECONDS) -> None:
        """Take a transport; after so many seconds of `silence` a watch counts as dead."""
        self._transport, self._silence = transport, silence
        self.server = transport.server

    def identity(self) -> Identity:
        """Who answers."""
        version = self._get("/version")
        path = "/api/v1/namespaces/kube-system"
        uid = dig(self._get(path), "metadata", "uid")
        if not isinstance(uid, str) or not uid:
            raise self._transport.nonsense(f"GET {path}", "without a UID")
        return Identity(uid, version=str(dig(version, "gitVersion") or ""), server=self.server)

    def served(self) -> Kinds:
        """Every kind that the server offers now."""
        return discovery.kinds(*(self._get(path, accept=discovery.ACCEPT) for path in discovery.PATHS))

    def apply(self, manifest: Manifest, kind: Kind) -> Applied:
        """Server-side apply. Unknown and duplicate fields are refused, as `fieldValidation=Strict` asks."""
        status, body = self._apply(manifest, kind, _AS_US)
        return Applied(body, created=status == 201)

    def replace(self, manifest: Manifest, kind: Kind, uid: str) -> Applied:
        """Delete exactly that object and apply."""
        body = orjson.dumps(
            {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "preconditions": {"uid": uid},
                "propagationPolicy": "Foreground" if manifest.ref.group_kind in _WITH_PODS else "Background",
            }
        )
        try:
            self._transport.request("DELETE", _path(manifest.ref, kind), body=body, headers=_JSON)
        except ClusterFault as error:
            if error.fault.status not in _NO_LONGER_THERE:
                raise
        return self.apply(manifest, kind)

    def preview(self, manifest: Manifest, kind: Kind) -> Body:
        """A server-side apply with `dryRun=All`. It is forced, as a conflict would hide what the declaration means."""
        return self._apply(manifest, kind, f"{_AS_US}&force=true&dryRun=All")[1]

    def list(self, kind: Kind, version: str, namespace: str = "", *, metadata_only: bool = False) -> Listing:
        """All objects of a kind, page by page; the items carry apiVersion and kind, which lists leave out."""
        accept = _METADATA_ONLY if metadata_only else "application/json"
        path = f"{kind.collection(version, namespace)}?limit={PAGE}"
        group_version = f"{kind.group}/{version}" if kind.group else version
        items: list[Body] = []
        known: dict[bytes, Any] = {}
        token = ""
        while True:
            page = self._get(path + (f"&continue={quote(token, safe='')}" if token else ""), accept=accept)
            found = page.get("items", page) or []
            if not isinstance(found, list) or not all(isinstance(dig(one, "metadata", "name"), str) for one in found):
                raise self._transport.nonsense(
                    f"GET {kind.collection(version, namespace)}", "without a list of objects"
                )
            for item in found:
                item["apiVersion"], item["kind"] = group_version, kind.kind
                _share_fields(item, known)
            items += found
            before, token = token, str(dig(page, "metadata", "continue") or "")
            if token and token == before:
                raise self._transport.nonsense(f"GET {kind.collection(version, namespace)}", "with the same page again")
            if not token:
                return Listing(tuple(items), str(dig(page, "metadata", "resourceVersion") or ""))

    def watch(self, kind: Kind, version: str, resource_version: str, namespace: str = "") -> HttpWatch:
        """Changes of a kind, over all namespaces where none is named."""
        start = f"resourceVersion={quote(resource_version, safe='')}" if resource_version else FROM_THE_BEGINNING
        return HttpWatch(self._transport, kind.collection(version, namespace), start, silence=self._silence)

    def rights(self, namespace: str) -> Rights:
        """What we may do there, by a SelfSubjectRulesReview, which the server answers and does not store."""
        return rights.of(self._review("SelfSubjectRulesReview", {"namespace": namespace or _NO_NAMESPACE}))

    def may(self, access: Access) -> bool:
        """Whether we may do this, by a SelfSubjectAccessReview."""
        return (
            dig(self._review("SelfSubjectAccessReview", {"resourceAttributes": asdict(access)}), "status", "allowed")
            is True
        )

    def close(self) -> None:
        """Let go of all connections."""
        self._transport.close()

    def _apply(self, manifest: Manifest, kind: Kind, query: str) -> tuple[int, Body]:
        path = f"{_path(manifest.ref, kind)}?{query}"
        status, body = self._transport.request("PATCH", path, body=manifest.payload, headers=_APPLY)
        if dig(body, "metadata", "name") != manifest.ref.name:
            raise self._transport.nonsense(f"PATCH {manifest.ref}", "with another object", status)
        return status, body

    def _review(self, kind: str, spec: Body) -> Any:
        body = orjson.dumps({"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec})
        path = f"/apis/authorization.k8s.io/v1/{kind.lower()}s"
        return self._transport.request("POST", path, body=body, headers=_JSON)[1]

    def _get(self, path: str, *, accept: str = "application/json") -> Any:
        return self._transport.request("GET", path, headers={"Accept": accept})[1]


def _share_fields(item: Body, known: dict[bytes, Any]) -> None:
    """Let objects that have the same fields share what says so: it takes as much memory as the fields."""
    # TypeError: nested too deeply for orjson to write, though not to read.
    with suppress(TypeError):
        for entry in dig_maps(item, "metadata", "managedFields"):
            if fields := entry.get("fieldsV1"):
                entry["fieldsV1"] = known.setdefault(orjson.dumps(fields), fields)


def _path(ref: Ref, kind: Kind) -> str:
    """The path of an object, escaped.

    Raises:
        ClusterFault: for a name that would lead to another path. The server accepts none of these for any kind
            (IsValidPathSegmentName in k8s.io/apimachinery), but it would read the path of `a/b` as the
            subresource b of a, and `..` is resolved before the request is sent.
    """
    for name in (ref.namespace, ref.name):
        if name in (".", "..") or "/" in name or "%" in name:
            fault = Fault(Cause.INVALID, 0, f"{name!r} cannot be a name: it must not be '.' or '..' or contain / or %")
            raise ClusterFault(fault, what=f"PATCH {ref}")
    return quote(kind.item(ref), safe="/:")
