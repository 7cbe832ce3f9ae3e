"""What linting says is what the lab's API server does: every case is sent to it, and every kind is asked for names."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.providers.kwok.lab import Lab
from tests.lint import cases
from tests.support.waiting import within
from tools import generate_tables

pytestmark = pytest.mark.live
CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
NAMES = ("a.b", "Ab", "a:b", "1a", "a" * 53, "a" * 64, ".".join(["a" * 50] * 5))
ASKS_MORE = frozenset({
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("networking.k8s.io", "IPAddress"),
})  # fmt: skip
"""Their names depend on what else they say."""


@pytest.fixture(scope="module")
def transport(lab: Lab) -> Iterator[Transport]:
    opened = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def cluster(transport: Transport) -> ApiServer:
    return ApiServer(transport)


@pytest.fixture
def namespace(cluster: ApiServer, transport: Transport) -> Iterator[str]:
    name = f"lint-{uuid4().hex[:8]}"
    kind = kinds.builtin().get("", "Namespace")
    assert kind
    body: Body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    cluster.apply(Manifest(Ref.of("v1", "Namespace", "", name), body, Origin("test.yaml", 1)), kind)
    yield name
    transport.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def definitions(transport: Transport) -> Iterator[list[str]]:
    """Paths of definitions that a test has brought in; they go when it ends."""
    paths: list[str] = []
    yield paths
    for path in paths:
        transport.request("DELETE", path)


def until_served(cluster: ApiServer, kind: Kind) -> None:
    for _ in within(60):
        try:
            cluster.list(kind, kind.versions[0])
        except ClusterFault:
            continue
        return
    raise AssertionError(f"{kind} is not served")


@pytest.mark.parametrize("folder", cases.FOLDERS, ids=cases.name)
def test_the_server_refuses_what_a_case_says_and_nothing_else(
    folder: Path, cluster: ApiServer, namespace: str, definitions: list[str]
) -> None:
    expected, found = cases.expected(folder), cases.blueprint((folder / "input.yaml").read_bytes(), namespace)
    refused = []
    for manifest in found:
        kind = found.kinds.of(manifest.ref)
        if kind is None:
            continue
        try:
            cluster.apply(manifest, kind)
        except ClusterFault:
            refused.append(manifest.ref.name)
            continue
        if manifest.ref.group_kind == CRD:
            definitions.append(kind.item(manifest.ref))
            custom = kinds.from_crd(manifest.body)
            assert custom
            until_served(cluster, custom)
    assert refused == expected.get("refused_by_server", expected["not_sent"])


@pytest.mark.parametrize(
    "kind",
    [k for k in kinds.builtin() if (k.group, k.kind) not in ASKS_MORE],
    ids=lambda kind: f"{kind.group}/{kind.kind}",
)
def test_a_name_is_refused_where_the_server_refuses_it(kind: Kind, transport: Transport) -> None:
    for name in NAMES:
        verdict = server_refuses_name(transport, kind, name)
        if verdict is not None:
            ref = Ref(kind.group, kind.kind, "default" if kind.namespaced else "", name, kind.versions[0])
            body = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": name}}
            found = cases.checked(cases.blueprint(orjson.dumps(body)))
            assert any(finding.code == "bad-name" for finding in found.findings) is verdict, name


def server_refuses_name(transport: Transport, kind: Kind, name: str) -> bool | None:
    """None where the server takes no writes of the kind."""
    ref = Ref(kind.group, kind.kind, "default" if kind.namespaced else "", name, kind.versions[0])
    path = f"{quote(kind.item(ref), safe='/:')}?fieldManager=rebuild&dryRun=All"
    body = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": name}}
    headers = {"Content-Type": "application/apply-patch+yaml"}
    try:
        transport.request("PATCH", path, body=orjson.dumps(body), headers=headers)
    except ClusterFault as error:
        return None if error.fault.status == 405 else "metadata.name: " in error.fault.message
    return False


def test_the_types_are_what_the_lab_serves(lab: Lab) -> None:
    get = generate_tables.connect(str(lab.kubeconfig))
    shipped = resources.files("rebuild.lint").joinpath("types.json").read_bytes()
    assert generate_tables.types_text(get) == shipped
