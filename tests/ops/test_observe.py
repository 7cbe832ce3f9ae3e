"""What can be read of a cluster is read, and what cannot is no reason to give up."""

from __future__ import annotations

import http.server
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import yaml

from rebuild.cluster import client
from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect, open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause
from rebuild.model.kinds import Kind
from rebuild.model.refs import Ref
from rebuild.ops import observe
from rebuild.plan.snapshot import Snapshot
from rebuild.providers.kwok.lab import Lab
from tests.plan import support

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.GROUP}
spec:
  group: GROUP
  scope: Cluster
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: &any {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
  - {name: v1beta1, served: true, storage: false, schema: *any}
  conversion:
    strategy: Webhook
    webhook:
      conversionReviewVersions: [v1]
      clientConfig: {service: {namespace: kube-system, name: nobody-is-there}}
"""
WIDGETS = """
---
apiVersion: GROUP/v1
kind: Widget
metadata: {name: stored}
---
apiVersion: GROUP/v1beta1
kind: Widget
metadata: {name: other}
"""


@pytest.fixture
def transport(lab: Lab) -> Iterator[Transport]:
    opened = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture
def group(transport: Transport) -> Iterator[str]:
    """An API group of the test's own."""
    name = f"g{uuid4().hex[:8]}.example.com"
    yield name
    transport.request("DELETE", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{name}")


def until_passed(call: Callable[[], object]) -> None:
    """Call until the server no longer refuses: an API is only just being set up."""
    for _ in range(2000):
        try:
            call()
        except ClusterFault:
            continue
        return
    raise AssertionError("the server kept refusing")


@pytest.mark.live
def test_a_version_that_nobody_converts_to_hides_nothing_else(transport: Transport, group: str) -> None:
    cluster = ApiServer(transport)
    found = support.blueprint((DEFINITION + WIDGETS).replace("GROUP", group))
    kind = Kind(group, "Widget", "widgets", False, ("v1", "v1beta1"))
    definition, stored, other = found
    cluster.apply(definition, found.kinds.of(definition.ref) or kind)
    until_passed(lambda: cluster.apply(stored, kind))
    with pytest.raises(ClusterFault) as caught:
        cluster.list(kind, "v1beta1")
    assert caught.value.fault.cause is Cause.WEBHOOK
    held = observe.snapshot(cluster, found, found.kinds)
    assert held.get(stored.ref)
    assert held.get(definition.ref)
    assert held.get(other.ref) is None
    unknown = held.why_unread(other.ref)
    assert unknown
    assert unknown.cause is Cause.WEBHOOK
    assert held.why_unread(stored.ref) is None


@pytest.mark.live
def test_a_kind_that_is_not_served_yet_holds_nothing(transport: Transport) -> None:
    found = support.blueprint((DEFINITION + WIDGETS).replace("GROUP", "nowhere.example.com"))
    held = observe.snapshot(ApiServer(transport), found, found.kinds)
    assert held.get(Ref("", "Namespace", "", "kube-system"))
    assert not list(held.of_kind("nowhere.example.com", "Widget"))
    assert not held.unread


class Hiccups:
    """A way to the lab on which the first requests for a path fail."""

    def __init__(self, transport: Transport, path: str, faults: Sequence[int]) -> None:
        self.asked = 0
        self._transport, self._path, self._faults = transport, path, list(faults)

    @contextmanager
    def kubeconfig(self, folder: Path) -> Iterator[Path]:
        """Names this way as the context `hiccups`."""
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            file = folder / "kubeconfig"
            cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
            context = {"name": "hiccups", "context": {"cluster": "c", "user": "u"}}
            users = [{"name": "u", "user": {"token": "t"}}]
            file.write_text(yaml.safe_dump({"clusters": [cluster], "contexts": [context], "users": users}))
            yield file
            server.shutdown()
            thread.join()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        hiccups = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = hiccups._answer(self.path)
                if not status:
                    # Reset: whoever asked gets no answer at all.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    return
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler

    def _answer(self, path: str) -> tuple[int, bytes]:
        if path.partition("?")[0] == self._path:
            self.asked += 1
            if self._faults and (fault := self._faults.pop(0)) != PASS:
                return fault, b"{}"
        try:
            status, body = self._transport.request("GET", path)
        except ClusterFault as error:
            return error.fault.status, b"{}"
        return status, orjson.dumps(body)


RESET = 0
PASS = -1
"""No fault: the page is handed out."""
CONFIG_MAPS = "/api/v1/configmaps"


@pytest.fixture
def snapshot(transport: Transport, tmp_path: Path) -> Callable[[Sequence[int]], tuple[Hiccups, Snapshot]]:
    """Looks at the lab when the lists of ConfigMaps that come first fail in these ways."""

    def look(faults: Sequence[int]) -> tuple[Hiccups, Snapshot]:
        way = Hiccups(transport, CONFIG_MAPS, faults)
        found = support.blueprint("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}")
        with way.kubeconfig(tmp_path) as file:
            cluster = connect(context="hiccups", kubeconfig=file)
            try:
                return way, observe.snapshot(cluster, found, found.kinds)
            finally:
                cluster.close()

    return look


@pytest.mark.live
@pytest.mark.parametrize("faults", [[RESET], [429], [503], [500], [RESET, 503, 504]], ids=str)
def test_a_list_that_hiccups_is_asked_for_again(
    snapshot: Callable[[Sequence[int]], tuple[Hiccups, Snapshot]], faults: list[int]
) -> None:
    way, held = snapshot(faults)
    assert way.asked == len(faults) + 1
    assert held.get(Ref("", "ConfigMap", "kube-system", "kube-root-ca.crt"))
    assert not held.unread


@pytest.mark.live
@pytest.mark.parametrize("fault", [RESET, 410, 500, 503], ids=str)
def test_a_list_that_breaks_off_in_the_middle_is_asked_for_anew(
    snapshot: Callable[[Sequence[int]], tuple[Hiccups, Snapshot]], monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    monkeypatch.setattr(client, "PAGE", 1)
    pages, whole = snapshot([])
    way, held = snapshot([PASS, PASS, fault])
    assert pages.asked > 3
    assert way.asked == pages.asked + 3
    assert list(held.of_kind("", "ConfigMap")) == list(whole.of_kind("", "ConfigMap"))
    assert not held.unread


@pytest.mark.live
def test_a_kind_that_the_server_cannot_read_hides_no_other(
    snapshot: Callable[[Sequence[int]], tuple[Hiccups, Snapshot]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "PATIENCE", 1.0)
    way, held = snapshot([500] * 1000)
    assert 1 < way.asked < 10
    assert held.get(Ref("", "Namespace", "", "kube-system"))
    assert {unread.cause for unread in held.unread.values()} == {Cause.INTERNAL}


@pytest.mark.live
def test_a_list_that_we_may_not_see_is_asked_for_once(
    snapshot: Callable[[Sequence[int]], tuple[Hiccups, Snapshot]],
) -> None:
    way, held = snapshot([403])
    assert way.asked == 1
    assert {unread.cause for unread in held.unread.values()} == {Cause.FORBIDDEN}


@pytest.mark.live
def test_a_cluster_that_goes_on_failing_is_unreachable(
    transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "PATIENCE", 1.0)
    way = Hiccups(transport, CONFIG_MAPS, [503] * 1000)
    found = support.blueprint("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}")
    with way.kubeconfig(tmp_path) as file, pytest.raises(Unreachable, match=r"cannot be read.*configmaps") as caught:
        observe.snapshot(connect(context="hiccups", kubeconfig=file), found, found.kinds)
    assert caught.value.hint
    assert 1 < way.asked < 10
