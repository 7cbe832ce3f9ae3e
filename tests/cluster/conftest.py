"""Connections to the shared lab, and namespaces that come and go in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import yaml

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.providers.kwok.lab import Lab
from tests.support.waiting import within

Login = Callable[[str], ApiServer]


def builtin(group: str, kind: str) -> Kind:
    """A built-in kind that has to be there."""
    known = kinds.builtin().get(group, kind)
    assert known
    return known


def manifest(body: Body, namespace: str) -> Manifest:
    """An object as if it stood in a repository."""
    metadata = body["metadata"] | ({"namespace": namespace} if namespace else {})
    ref = Ref.of(body["apiVersion"], body["kind"], namespace, metadata["name"])
    return Manifest(ref, body | {"metadata": metadata}, Origin("test.yaml", 1))


def config_map(namespace: str, name: str, **data: str) -> Manifest:
    """The simplest object that there is."""
    return manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}, namespace)


def until_passed(call: Callable[[], object]) -> None:
    """Call until the server no longer refuses, as when an API is only just being set up."""
    for _ in within(60):
        try:
            call()
        except ClusterFault:
            continue
        return
    raise AssertionError("the server kept refusing")


@pytest.fixture(scope="session")
def transport(lab: Lab) -> Iterator[Transport]:
    """The administrator's connection, for what the port cannot do."""
    opened = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def cluster(transport: Transport) -> ApiServer:
    """The port on the real server, as administrator."""
    return ApiServer(transport)


@pytest.fixture
def namespace(cluster: ApiServer, transport: Transport) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"cluster-{uuid4().hex[:8]}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    cluster.apply(manifest(body, ""), builtin("", "Namespace"))
    yield name
    transport.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def custom_kind(cluster: ApiServer, transport: Transport, namespace: str) -> Iterator[Kind]:
    """A kind that the server has only just begun to serve."""
    group = f"{namespace}.example.com"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    schema["properties"]["free"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}  # type: ignore[index]
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    definition = builtin("apiextensions.k8s.io", "CustomResourceDefinition")
    cluster.apply(manifest(body, ""), definition)
    kind = kinds.from_crd(body)
    assert kind
    until_passed(lambda: cluster.watch(kind, "v1", cluster.list(kind, "v1").resource_version).close())
    yield kind
    transport.request("DELETE", f"{definition.collection('v1')}/widgets.{group}")


@pytest.fixture
def login(lab: Lab, transport: Transport, namespace: str, tmp_path: Path) -> Iterator[Login]:
    """Connects as a ServiceAccount of the test's namespace, which may do nothing unless a test allows it."""
    opened: list[ApiServer] = []

    def connected(name: str) -> ApiServer:
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        json = {"Content-Type": "application/json"}
        transport.request("POST", accounts, body=orjson.dumps({"metadata": {"name": name}}), headers=json)
        _, answer = transport.request("POST", f"{accounts}/{name}/token", body=b"{}", headers=json)
        config = yaml.safe_load(lab.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": answer["status"]["token"]}
        file = tmp_path / f"{name}.kubeconfig"
        file.write_text(yaml.safe_dump(config))
        opened.append(ApiServer(open_transport(context=lab.context, kubeconfig=file)))
        return opened[-1]

    yield connected
    for each in opened:
        each.close()
