"""What every implementation of the `Cluster` port promises; subclass it and provide the fixture `cluster`.

The tests write into the fixture `namespace`, which exists in that cluster; `custom_kind` is a kind that it has
only just begun to serve.
"""

from __future__ import annotations

import threading
import time

import pytest

from rebuild.cluster.port import Change, Cluster, ClusterFault
from rebuild.cluster.rights import EVERYTHING, Access
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.objects import dig
from tests.cluster.conftest import builtin, config_map, manifest

CONFIG_MAP = builtin("", "ConfigMap")


class ClusterContract:
    """The suite."""

    def test_a_cluster_says_which_one_it_is(self, cluster: Cluster) -> None:
        identity = cluster.identity()
        namespaces = cluster.list(builtin("", "Namespace"), "v1").items
        system = next(each for each in namespaces if each["metadata"]["name"] == "kube-system")
        assert identity.uid == system["metadata"]["uid"]
        assert identity.version.startswith("v1.")
        assert identity.server.startswith("https://")

    def test_discovery_knows_the_built_in_kinds_with_plural_scope_and_versions(self, cluster: Cluster) -> None:
        served = cluster.served()
        assert served.get("", "Namespace") == builtin("", "Namespace")
        assert served.get("networking.k8s.io", "Ingress") == builtin("networking.k8s.io", "Ingress")
        assert served.get("autoscaling", "HorizontalPodAutoscaler") == builtin("autoscaling", "HorizontalPodAutoscaler")

    def test_the_first_write_creates_and_the_second_configures(self, cluster: Cluster, namespace: str) -> None:
        first = cluster.apply(config_map(namespace, "twice", a="1"), CONFIG_MAP)
        second = cluster.apply(config_map(namespace, "twice", a="2"), CONFIG_MAP)
        assert (first.created, second.created) == (True, False)
        assert (first.body["data"], second.body["data"]) == ({"a": "1"}, {"a": "2"})
        assert first.body["metadata"]["uid"] == second.body["metadata"]["uid"]

    def test_an_equal_write_changes_nothing(self, cluster: Cluster, namespace: str) -> None:
        first = cluster.apply(config_map(namespace, "equal", a="1"), CONFIG_MAP)
        second = cluster.apply(config_map(namespace, "equal", a="1"), CONFIG_MAP)
        assert first.body["metadata"]["resourceVersion"] == second.body["metadata"]["resourceVersion"]

    def test_a_field_that_is_no_longer_declared_goes(self, cluster: Cluster, namespace: str) -> None:
        cluster.apply(config_map(namespace, "shrinks", a="1", b="2"), CONFIG_MAP)
        assert cluster.apply(config_map(namespace, "shrinks", a="1"), CONFIG_MAP).body["data"] == {"a": "1"}

    def test_a_name_that_would_be_another_path_is_refused(self, cluster: Cluster, namespace: str) -> None:
        for name in ("a/b", "..", ".", "a%2Fb", "a?b", "a#b", "a b"):
            with pytest.raises(ClusterFault) as caught:
                cluster.apply(config_map(namespace, name), CONFIG_MAP)
            assert caught.value.fault.cause is Cause.INVALID
            assert name in str(caught.value)

    def test_a_name_with_a_colon_is_a_name(self, cluster: Cluster, namespace: str) -> None:
        body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a:b"}, "rules": []}
        applied = cluster.apply(manifest(body, namespace), builtin("rbac.authorization.k8s.io", "Role"))
        assert applied.body["metadata"]["name"] == "a:b"

    def test_a_list_names_what_its_items_are(self, cluster: Cluster, namespace: str) -> None:
        cluster.apply(config_map(namespace, "listed", a="1"), CONFIG_MAP)
        listing = cluster.list(CONFIG_MAP, "v1")
        assert {(item["apiVersion"], item["kind"]) for item in listing.items} == {("v1", "ConfigMap")}
        mine = [item for item in listing.items if item["metadata"]["namespace"] == namespace]
        assert "listed" in {item["metadata"]["name"] for item in mine}

    def test_a_list_of_metadata_has_nothing_else(self, cluster: Cluster, namespace: str) -> None:
        cluster.apply(config_map(namespace, "short", a="1"), CONFIG_MAP)
        [item] = cluster.list(CONFIG_MAP, "v1", namespace, metadata_only=True).items[-1:]
        assert item.keys() == {"apiVersion", "kind", "metadata"}
        assert (item["apiVersion"], item["kind"]) == ("v1", "ConfigMap")
        assert item["metadata"]["name"] == "short"
        assert item["metadata"]["managedFields"]

    def test_a_watch_from_a_list_misses_nothing(self, cluster: Cluster, namespace: str) -> None:
        cluster.apply(config_map(namespace, "before"), CONFIG_MAP)
        start = cluster.list(CONFIG_MAP, "v1").resource_version
        wanted = [(Change.ADDED, "0"), (Change.ADDED, "1"), (Change.MODIFIED, "0"), (Change.ADDED, "2")]
        cluster.apply(config_map(namespace, "0"), CONFIG_MAP)
        cluster.apply(config_map(namespace, "1"), CONFIG_MAP)
        watch = cluster.watch(CONFIG_MAP, "v1", start)
        cluster.apply(config_map(namespace, "0", changed="yes"), CONFIG_MAP)
        cluster.apply(config_map(namespace, "2"), CONFIG_MAP)
        seen = []
        for event in watch:
            if dig(event.body, "metadata", "namespace") == namespace and event.body["metadata"]["name"] in "012":
                assert (event.body["apiVersion"], event.body["kind"]) == ("v1", "ConfigMap")
                seen.append((event.change, event.body["metadata"]["name"]))
            if len(seen) == len(wanted):
                watch.close()
        assert seen == wanted

    def test_closing_a_watch_ends_a_blocked_iteration(self, cluster: Cluster, namespace: str) -> None:
        kind = builtin("scheduling.k8s.io", "PriorityClass")
        watch = cluster.watch(kind, "v1", cluster.list(kind, "v1").resource_version)
        ended = threading.Event()

        def read() -> None:
            for _ in watch:
                pass
            ended.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert not ended.wait(0.3)
        began = time.monotonic()
        watch.close()
        assert ended.wait(5)
        assert time.monotonic() - began < 1
        reader.join()
        watch.close()

    def test_a_watch_that_was_never_read_can_be_closed(self, cluster: Cluster) -> None:
        watch = cluster.watch(CONFIG_MAP, "v1", cluster.list(CONFIG_MAP, "v1").resource_version)
        watch.close()
        assert list(watch) == []

    def test_a_watch_from_a_version_that_is_gone_says_so(self, cluster: Cluster, custom_kind: Kind) -> None:
        # The server remembers nothing of a kind from before it served it.
        with pytest.raises(ClusterFault) as caught:
            list(cluster.watch(custom_kind, "v1", "1"))
        assert caught.value.fault.status == 410
        assert caught.value.fault.cause is Cause.TRANSPORT

    def test_an_administrator_may_do_everything_everywhere(self, cluster: Cluster, namespace: str) -> None:
        for place in ("", namespace):
            rights = cluster.rights(place)
            assert rights.complete
            assert rights.cover(EVERYTHING)
            assert rights.cover(Access("patch", "apps", "deployments", namespace, "web"))
        assert cluster.may(EVERYTHING)
