"""The API server and etcd go away in mid-run and come back, or refuse to write: killed by process id, on a real lab."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from rebuild.providers.kwok.lab import Lab
from tests.faults.conftest import Home, direct, objects
from tests.support import components, fault_proxy
from tests.support.fault_proxy import Proxy, Rule, by_rules

pytestmark = [pytest.mark.live, pytest.mark.timeout(240, func_only=True)]

MANY = 600
"""More writes than are under way before a server is gone."""


def restart_in_mid_run(home: Home, lab: Lab, name: str) -> None:
    """Kill a component when the writes have begun, start it again, and expect that the run only took longer."""
    home.many(MANY)
    server = components.of(lab, name)
    running = home.start(*direct(lab), "--request-timeout", "5s")
    running.until(f"created    v1/ConfigMap/{home.name}/")
    killed = time.monotonic()
    server.kill()
    server.start()
    components.until_listening(lab, name)
    outage = time.monotonic() - killed
    ran = running.end(within=120)
    assert ran.code == 0, ran.stderr
    report = ran.json()
    assert report["counts"]["verified"] == report["counts"]["declared"] == MANY + 1
    assert {one["outcome"] for one in report["objects"]} == {"created"}
    slowest = max(write["at"] - write["sent_at"] for write in home.events("write-accepted"))
    assert home.events("write-failed") or slowest > outage / 2, "it was gone, and nobody noticed"
    assert report["recovery"]["seconds"] > 0


@pytest.mark.fault("R3", "the API server is killed in mid-run and started again")
def test_an_api_server_that_restarts_only_costs_time(fragile: Lab, home: Home) -> None:
    """What got no answer is sent again, also where the server denies everything at first; nothing counts as failed, and
    the recovery time includes the outage."""
    restart_in_mid_run(home, fragile, "kube-apiserver")


@pytest.mark.fault("R4", "etcd is killed in mid-run and started again")
def test_an_etcd_that_restarts_only_costs_time(fragile: Lab, home: Home) -> None:
    """Timeouts and errors of the API server's own storage are waited out like those of the API server."""
    restart_in_mid_run(home, fragile, "etcd")


@pytest.mark.fault(
    "R3", "the API server has just restarted when the result is verified, and denies every list at first"
)
def test_a_server_that_does_not_know_its_bindings_yet_is_asked_again(proxy: Proxy, shared: Home) -> None:
    """A denied list is asked for again as long as the server also denies what it has told us before; nothing is called
    unverified for it."""
    shared.many(3)
    assert shared.apply(*proxy.flags).code == 0

    def denied(resource: str) -> fault_proxy.Fault:
        return fault_proxy.refusing(403, "Forbidden", f'User "admin" cannot list resource "{resource}" in API group ""')

    proxy.script = by_rules(
        Rule(denied("configmaps"), path=r"^/api/v1/configmaps\?", times=3),
        # Two reads of it come first, when the target is bound.
        Rule(denied("namespaces"), path="^/api/v1/namespaces/kube-system$", after=2, times=2),
    )
    ran = shared.verify(*proxy.flags)
    assert ran.code == 0, ran.stderr
    assert len(proxy.hit) == 5
    assert ran.json()["counts"]["verified"] == 4


@contextmanager
def without_space(lab: Lab) -> Iterator[None]:
    """etcd's alarm NOSPACE, as it raises it itself when its quota is used up."""
    port = lab.ports["etcd"]

    def alarm(action: str) -> list[dict[str, str]]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            body = json.dumps({"action": action, "alarm": "NOSPACE", "memberID": member})
            connection.request("POST", "/v3/maintenance/alarm", body)
            answer = connection.getresponse()
            found: dict[str, list[dict[str, str]]] = json.loads(answer.read())
            assert answer.status == 200, found
            return found.get("alarms", [])

    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/v3/maintenance/status", "{}")
        member = json.loads(connection.getresponse().read())["header"]["member_id"]
    assert alarm("ACTIVATE")
    try:
        yield
    finally:
        alarm("DEACTIVATE")
    assert not alarm("GET")


@pytest.mark.fault("R4", "etcd raises its alarm NOSPACE: the cluster is read-only")
def test_a_cluster_that_is_read_only_is_called_that(fragile: Lab, home: Home) -> None:
    """Writes are tried until their deadline, since the alarm may be disarmed; then each says that the cluster is
    read-only, and why."""
    home.many(2)
    with without_space(fragile):
        ran = home.apply(*direct(fragile), "--object-timeout", "2s")
    assert ran.code == 1, ran.stderr
    namespace = objects(ran)[f"Namespace/{home.name}"]
    assert "the cluster is read-only" in namespace["reason"]
    assert "database space exceeded" in namespace["reason"]
    assert home.apply(*direct(fragile)).code == 0, "the alarm is disarmed"
