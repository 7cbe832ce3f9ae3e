"""Watches that break, stall or are refused: nothing that happened meanwhile is missed, and nothing is told twice."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault, Watch
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.providers.kwok.lab import Lab
from rebuild.runner.clock import RunClock
from rebuild.runner.following import Follower
from tests.support.fault_proxy import Answer, Exchange, Proxy, Rule, by_rules, refusing

pytestmark = pytest.mark.live

SILENCE = 2.0
"""Seconds without a word after which a watch of these tests counts as dead."""
PATIENCE = 60.0
OK = Answer(200, (("Content-Type", "application/json"),), b"")
JSON = {"Content-Type": "application/json"}


@dataclass
class Ears:
    """A listener that hears of the ConfigMaps of one namespace."""

    namespace: str
    heard: SimpleQueue[tuple[str, str]] = field(default_factory=SimpleQueue)
    stopping: threading.Event = field(default_factory=threading.Event)
    clock: RunClock = field(default_factory=RunClock)
    open: list[Watch] = field(default_factory=list)

    def now(self) -> float:
        return self.clock()

    def paused(self, seconds: float) -> bool:
        return self.stopping.wait(seconds)

    def opened(self, follower: Follower, watch: Watch) -> None:
        self.open.append(watch)

    def saw(self, ref: Ref, body: Body) -> bool:
        if ref.namespace != self.namespace or ref.name == "kube-root-ca.crt":
            return False
        self.heard.put(("saw", ref.name))
        return True

    def gone(self, ref: Ref, version: int) -> None:
        self.heard.put(("gone", ref.name))

    def namespaces(self, kind: Kind) -> Collection[str]:
        return [self.namespace]

    def blind(self, follower: Follower, error: ClusterFault) -> None:
        self.heard.put(("blind", follower.namespace))

    def start(self, follower: Follower) -> None:
        threading.Thread(target=follower.follow).start()

    def next(self) -> tuple[str, str]:
        """What is heard next."""
        return self.heard.get(timeout=PATIENCE)


@pytest.fixture
def place(outside: Transport, namespace: str) -> str:
    """A namespace, and where its ConfigMaps are made."""
    post(outside, "/api/v1/namespaces", namespace)
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
def ears(lab: Lab, proxy: Proxy, namespace: str) -> Iterator[Callable[[], Ears]]:
    """Begins to follow ConfigMaps through the proxy."""
    transport = open_transport(context=lab.context, kubeconfig=proxy.kubeconfig)
    kind = kinds.builtin().get("", "ConfigMap")
    assert kind
    made = Ears(namespace)
    follower = Follower(ApiServer(transport, silence=SILENCE), kind, "v1", made)
    thread = threading.Thread(target=follower.follow)

    def begin() -> Ears:
        thread.start()
        return made

    yield begin
    made.stopping.set()
    for watch in made.open:
        watch.close()
    if thread.ident:
        thread.join()
    transport.close()


def post(outside: Transport, collection: str, name: str) -> str:
    """Make an object; its resourceVersion."""
    _, made = outside.request("POST", collection, body=orjson.dumps({"metadata": {"name": name}}), headers=JSON)
    return str(made["metadata"]["resourceVersion"])


def watches(proxy: Proxy) -> list[str]:
    """The queries of the watches that were asked for, in order."""
    return [path.partition("?")[2] for _, path in proxy.seen if "watch=true" in path]


def starts(proxy: Proxy) -> list[str]:
    """From where each watch began: a resourceVersion, or nothing where all was to be told."""
    return [re.findall(r"resourceVersion=(\d*)", query)[-1] for query in watches(proxy)]


def told(*events: tuple[str, Body]) -> bytes:
    return b"".join(orjson.dumps({"type": kind, "object": body}) + b"\n" for kind, body in events)


def bookmark(version: str, *, ends: bool = False) -> tuple[str, Body]:
    annotations = {"k8s.io/initial-events-end": "true"} if ends else {}
    return "BOOKMARK", {"metadata": {"resourceVersion": version, "annotations": annotations}}


def broken_after_the_beginning(exchange: Exchange) -> None:
    """All that there is, as the server tells it, and then the connection ends."""
    listing = orjson.loads(exchange_list(exchange))
    version = listing["metadata"]["resourceVersion"]
    items = [("ADDED", {"apiVersion": "v1", "kind": "ConfigMap"} | item) for item in listing["items"]]
    exchange.begin(OK, length=1 << 30)
    exchange.send(told(*items, bookmark(version, ends=True)))
    exchange.hang_up()


def exchange_list(exchange: Exchange) -> bytes:
    """The list of what the watch is about."""
    handler = exchange._handler
    handler.upstream.request("GET", handler.path.partition("?")[0], None, {"Accept": "application/json"})
    return handler.upstream.getresponse().read()


@pytest.mark.fault("R9", "a watch breaks, and goes on")
def test_a_broken_watch_is_taken_up_where_it_ended(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    """From the last resourceVersion, without a second telling of what there is."""
    post(outside, place, "first")
    proxy.script = by_rules(Rule(broken_after_the_beginning, path="watch=true", times=1))
    hearing = ears()
    assert hearing.next() == ("saw", "first")
    post(outside, place, "second")
    assert hearing.next() == ("saw", "second")
    first, second = starts(proxy)
    assert first == ""
    assert int(second) > 0


@pytest.mark.fault("R9", "the point to go on from is compacted away (410), and objects go and come meanwhile")
def test_after_a_compaction_everything_is_told_anew(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    """All that there is, and of what was there before and is not any more, that it is gone."""
    post(outside, place, "stays")
    post(outside, place, "goes")
    expired = refusing(410, "Expired", "too old resource version")

    def meanwhile(exchange: Exchange) -> None:
        outside.request("DELETE", f"{place}/goes")
        post(outside, place, "comes")
        expired(exchange)

    proxy.script = by_rules(
        Rule(broken_after_the_beginning, path="watch=true", times=1),
        Rule(meanwhile, path=r"resourceVersion=\d+", times=1),
    )
    hearing = ears()
    assert {hearing.next(), hearing.next()} == {("saw", "stays"), ("saw", "goes")}
    assert {hearing.next(), hearing.next()} == {("saw", "stays"), ("saw", "comes")}
    assert hearing.next() == ("gone", "goes")
    first, second, third = starts(proxy)
    assert (first, third) == ("", "")
    assert int(second) > 0


@pytest.mark.fault("R9", "watches are refused with 429")
def test_a_refused_watch_is_asked_for_again(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    """After growing waits with jitter, and not before the time that the server names."""
    post(outside, place, "first")
    busy = refusing(429, "TooManyRequests", "too many requests, please try again later")
    proxy.script = by_rules(Rule(busy, path="watch=true", times=3))
    assert ears().next() == ("saw", "first")
    assert len(watches(proxy)) == 4


@pytest.mark.fault("R9", "a watch stalls silently")
def test_a_watch_that_says_nothing_is_dead(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    """The server sends bookmarks, so silence means a dead connection: another one is opened."""

    def stalled(exchange: Exchange) -> None:
        exchange.begin(OK, length=1 << 30)
        exchange.wait(3600)

    post(outside, place, "first")
    proxy.script = by_rules(Rule(stalled, path="watch=true", times=1))
    assert ears().next() == ("saw", "first")
    assert len(watches(proxy)) >= 2


@pytest.mark.fault("R9", "a watch tells nothing but bookmarks")
def test_bookmarks_keep_a_watch_alive_and_say_where_to_go_on(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    """They are no silence; when the watch ends, the next one begins at the last of them."""
    version, later = post(outside, place, "before"), post(outside, place, "between")

    def marks(exchange: Exchange) -> None:
        exchange.begin(OK, length=1 << 30)
        exchange.send(told(bookmark(version, ends=True)))
        for _ in range(3):
            exchange.wait(SILENCE * 0.6)
            exchange.send(told(bookmark(version)))
        exchange.send(told(bookmark(later)))
        exchange.hang_up()

    proxy.script = by_rules(Rule(marks, path="watch=true", times=1))
    hearing = ears()
    post(outside, place, "second")
    assert hearing.next() == ("saw", "second")
    assert starts(proxy)[:2] == ["", later]


def test_a_server_that_cannot_tell_by_a_watch_what_there_is_is_asked_for_a_list(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    message = "sendInitialEvents: Forbidden: is forbidden for watch unless the WatchList feature gate is enabled"
    proxy.script = by_rules(Rule(refusing(422, "Invalid", message), path="sendInitialEvents", times=1))
    post(outside, place, "first")
    hearing = ears()
    assert hearing.next() == ("saw", "first")
    post(outside, place, "second")
    assert hearing.next() == ("saw", "second")
    assert int(starts(proxy)[-1]) > 0


def test_where_the_cluster_may_not_be_watched_its_namespaces_are(
    proxy: Proxy, outside: Transport, place: str, ears: Callable[[], Ears]
) -> None:
    message = 'configmaps is forbidden: User "low" cannot watch resource "configmaps" in API group "" at cluster scope'
    denied = refusing(403, "Forbidden", message)
    proxy.script = by_rules(Rule(denied, path=r"/api/v1/configmaps\?"))
    post(outside, place, "first")
    hearing = ears()
    assert hearing.next() == ("saw", "first")
    post(outside, place, "second")
    assert hearing.next() == ("saw", "second")
    assert [path for _, path in proxy.hit if "/namespaces/" not in path] == [proxy.hit[0][1]]
