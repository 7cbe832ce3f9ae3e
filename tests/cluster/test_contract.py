"""The contract on the real server, and what only the real server can show: its audit log, pages, threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from rebuild.cluster import client
from rebuild.cluster.client import ApiServer
from rebuild.cluster.rights import EVERYTHING, Access
from rebuild.cluster.transport import USER_AGENT
from rebuild.model.objects import dig
from rebuild.providers.kwok.lab import Lab
from tests.cluster.conftest import Login, builtin, config_map, manifest
from tests.cluster.contract import ClusterContract
from tests.support.waiting import within

pytestmark = pytest.mark.live


@contextmanager
def requests_of(lab: Lab) -> Iterator[list[tuple[str, str]]]:
    """Fills the list with the verb and URI of each request that we make meanwhile."""
    seen: list[tuple[str, str]] = []
    before = lab.audit_log.stat().st_size
    yield seen
    with lab.audit_log.open("rb") as log:
        log.seek(before)
        events = [orjson.loads(line) for line in log]
    ours = [each for each in events if each.get("userAgent") == USER_AGENT and each["stage"] == "ResponseComplete"]
    seen += [(each["verb"], each["requestURI"]) for each in ours]


class TestApiServer(ClusterContract):
    """The real thing keeps the contract."""


def test_discovery_takes_two_requests(cluster: ApiServer, lab: Lab) -> None:
    with requests_of(lab) as seen:
        cluster.served()
    assert sorted(seen) == [("get", "/api"), ("get", "/apis")]


def test_a_write_is_one_request_that_names_us_and_forces_nothing(cluster: ApiServer, lab: Lab, namespace: str) -> None:
    with requests_of(lab) as seen:
        applied = cluster.apply(config_map(namespace, "one"), builtin("", "ConfigMap"))
    [(verb, uri)] = seen
    assert verb == "patch"
    assert urlsplit(uri).path == f"/api/v1/namespaces/{namespace}/configmaps/one"
    assert parse_qs(urlsplit(uri).query) == {"fieldManager": ["rebuild"], "fieldValidation": ["Strict"]}
    owners = [(owner["manager"], owner["operation"]) for owner in applied.body["metadata"]["managedFields"]]
    assert owners == [("rebuild", "Apply")]


def test_a_long_list_comes_in_pages_of_one_moment(
    cluster: ApiServer, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = builtin("rbac.authorization.k8s.io", "ClusterRole")
    whole = cluster.list(kind, "v1")
    monkeypatch.setattr(client, "PAGE", 20)
    with requests_of(lab) as seen:
        paged = cluster.list(kind, "v1")
    assert {dig(item, "metadata", "uid") for item in paged.items} == {
        dig(item, "metadata", "uid") for item in whole.items
    }
    queries = [parse_qs(urlsplit(uri).query) for _, uri in seen]
    assert len(queries) == -(-len(whole.items) // 20) > 1
    assert all(query["limit"] == ["20"] for query in queries)
    assert ["continue" in query for query in queries] == [False] + [True] * (len(queries) - 1)


def test_objects_with_the_same_fields_share_what_says_so(cluster: ApiServer, namespace: str) -> None:
    for name, data in (("one", {"a": "1"}), ("two", {"a": "2"}), ("other", {"b": "1"})):
        cluster.apply(config_map(namespace, name, **data), builtin("", "ConfigMap"))
    listed = {item["metadata"]["name"]: item for item in cluster.list(builtin("", "ConfigMap"), "v1", namespace).items}
    one, two, other = (listed[name]["metadata"]["managedFields"] for name in ("one", "two", "other"))
    assert one[0]["fieldsV1"] is two[0]["fieldsV1"]
    assert (one[0]["fieldsV1"], other[0]["fieldsV1"]) == ({"f:data": {"f:a": {}}}, {"f:data": {"f:b": {}}})


def test_a_review_is_one_request(cluster: ApiServer, lab: Lab) -> None:
    with requests_of(lab) as seen:
        cluster.rights("")
        cluster.may(EVERYTHING)
    reviews = "/apis/authorization.k8s.io/v1/selfsubject"
    assert seen == [("create", f"{reviews}rulesreviews"), ("create", f"{reviews}accessreviews")]


def test_a_right_in_one_namespace_is_no_right_for_the_whole_cluster(
    cluster: ApiServer, login: Login, namespace: str
) -> None:
    user, patch = login("low"), Access("patch", "", "configmaps", namespace, "mine")
    assert not user.rights(namespace).cover(patch)
    rbac = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["patch"], "resourceNames": ["mine"]}
    role = {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "low"}, "rules": [rule]}
    binding = {
        "apiVersion": f"{rbac}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "low"},
        "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "low"},
        "subjects": [{"kind": "ServiceAccount", "name": "low", "namespace": namespace}],
    }
    for body in (role, binding):
        cluster.apply(manifest(body, namespace), builtin(rbac, str(body["kind"])))
    until(lambda: user.may(patch))
    assert user.rights(namespace).cover(patch)
    assert not user.rights(namespace).cover(Access("patch", "", "configmaps", namespace, "another"))
    assert not user.rights("").cover(patch)
    assert not user.rights("default").cover(patch)


def until(holds: Callable[[], bool]) -> None:
    """The server learns of roles through a watch."""
    assert any(holds() for _ in within(60))
