"""The API server did what it was asked for, and nobody heard of it."""

from __future__ import annotations

import pytest

from rebuild.cluster.transport import Transport
from tests.faults.conftest import Home, objects
from tests.support import fault_proxy
from tests.support.fault_proxy import Proxy, Rule, by_rules

pytestmark = pytest.mark.live


@pytest.mark.fault("R6", "replies are lost after the API server has committed the write")
def test_a_write_whose_reply_was_lost_is_sent_again_and_counts_once(
    proxy: Proxy, shared: Home, outside: Transport
) -> None:
    """It is sent again: a server-side apply of the same bytes changes nothing. The object is reported as created, which
    it was, so that the recovery time stands."""
    shared.many(40)
    proxy.script = by_rules(Rule(fault_proxy.lost, method="PATCH", path=r"/configmaps/c\d*[05]\?", times=8))
    ran = shared.apply(*proxy.flags)
    assert ran.code == 0, ran.stderr
    assert len(proxy.hit) == 8
    assert {one["outcome"] for one in ran.json()["objects"]} == {"created"}
    assert ran.json()["recovery"]["seconds"] > 0
    _, live = outside.request("GET", f"/api/v1/namespaces/{shared.name}/configmaps")
    twice = {path.rpartition("/")[2].partition("?")[0] for _, path in proxy.hit}
    again = {one["metadata"]["name"]: one["metadata"] for one in live["items"] if one["metadata"]["name"] in twice}
    assert len(again) == 8
    assert {field["manager"] for one in again.values() for field in one["managedFields"]} == {"rebuild"}


@pytest.mark.fault("R6", "the reply to every write is lost, for as long as the run lasts")
def test_a_write_that_is_never_answered_fails_by_name(proxy: Proxy, shared: Home) -> None:
    """Its object ends at its deadline with the cause, and everything else is back."""
    shared.many(3)
    proxy.script = by_rules(Rule(fault_proxy.lost, method="PATCH", path=r"/configmaps/c1\?"))
    ran = shared.apply(*proxy.flags, "--object-timeout", "2s")
    assert ran.code == 1, ran.stderr
    found = objects(ran)
    lost = found["ConfigMap/c1"]
    assert lost["outcome"] == "failed"
    assert "not accepted within 2 s" in lost["reason"]
    assert lost["fault"]["cause"] == "transport"
    assert {found[f"ConfigMap/c{number}"]["outcome"] for number in (0, 2)} == {"created"}
