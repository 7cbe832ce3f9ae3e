"""A network and proxies that delay, reset, forget and spoil: every wait has an end, and each end a cause."""

from __future__ import annotations

import os
import secrets
import time

import pytest

from tests.faults.conftest import Home
from tests.support import fault_proxy
from tests.support.fault_proxy import Door, Fault, Proxy, Rule, by_rules

pytestmark = pytest.mark.live

SEED = int(os.environ.get("REBUILD_FAULT_SEED") or secrets.randbits(32))
_NEVER = 55.0
"""Seconds: more than a request of one second needs on a busy machine, and less than one of the default time."""


@pytest.mark.fault("R7", "writes are reset, cut short, truncated, unanswered and late, at random")
def test_a_bad_network_costs_time_and_nothing_else(proxy: Proxy, shared: Home) -> None:
    """Each write without a usable answer within `--request-timeout` is sent again after a jittered wait."""
    shared.many(60)
    faults = (
        fault_proxy.reset,
        fault_proxy.lost,
        fault_proxy.silent,
        fault_proxy.truncated,
        fault_proxy.cut_short,
        fault_proxy.late(0.3),
        fault_proxy.trickling(0.4),
    )
    proxy.script = fault_proxy.at_random(SEED, 0.2, faults, method="PATCH")
    ran = shared.apply(*proxy.flags, "--request-timeout", "1s")
    assert ran.code == 0, f"REBUILD_FAULT_SEED={SEED}\n{ran.stderr}"
    assert proxy.hit, f"REBUILD_FAULT_SEED={SEED}"
    assert {one["outcome"] for one in ran.json()["objects"]} == {"created"}


@pytest.mark.fault("R7", "lists are truncated, drip byte by byte, or get no answer")
def test_lists_that_come_spoiled_are_asked_for_again(proxy: Proxy, shared: Home) -> None:
    """A list counts only when all of it has come, in time; until then it is asked for again, for 30 s."""
    shared.many(3)
    lists = r"/api/v1/configmaps\?limit"
    faults = (fault_proxy.truncated, fault_proxy.trickling(0.3), fault_proxy.silent, fault_proxy.cut_short)
    proxy.script = by_rules(*(Rule(fault, method="GET", path=lists, times=1) for fault in faults))
    ran = shared.apply(*proxy.flags, "--request-timeout", "1s")
    assert ran.code == 0, ran.stderr
    assert len(proxy.hit) == len(faults)


@pytest.mark.fault("R7", "new connections are taken and never answered (half-open), then all is well")
def test_half_open_connections_are_given_up_and_made_anew(proxy: Proxy, shared: Home) -> None:
    """A connection that is not made within 5 s is given up; the write is sent on a new one."""
    shared.many(3)

    def shut(exchange: fault_proxy.Exchange) -> None:
        proxy.door = Door.MUTE
        exchange.reset()

    proxy.script = by_rules(Rule(shut, method="PATCH", path="/configmaps/"))
    running = shared.start(*proxy.flags)
    running.until(" created ")
    deadline = time.monotonic() + _NEVER
    while proxy.door is not Door.MUTE:
        assert time.monotonic() < deadline
    before = proxy.connections
    while proxy.connections == before:
        assert time.monotonic() < deadline, "nobody tried a new connection"
    proxy.script, proxy.door = by_rules(), Door.OPEN
    ran = running.end()
    assert ran.code == 0, ran.stderr
    assert any(fault["fault"]["cause"] == "transport" for fault in shared.events("write-failed"))


@pytest.mark.fault("R7", "from the first request on nothing usable comes back")
@pytest.mark.parametrize(
    ("door", "fault", "cause"),
    [
        (Door.MUTE, None, "timed out"),
        (Door.SLAMMED, None, "reset by peer"),
        (Door.OPEN, fault_proxy.silent, "timed out"),
        (Door.OPEN, fault_proxy.reset, ""),
        (Door.OPEN, fault_proxy.trickling(0.3), "the answer did not end within 1 s"),
        (Door.OPEN, fault_proxy.truncated, "JSON that is cut short"),
        (Door.OPEN, fault_proxy.cut_short, "before its answer was whole"),
    ],
    ids=["half-open", "refused", "silent", "reset", "slow body", "truncated", "cut short"],
)
def test_a_server_that_gives_no_usable_answer_is_unreachable_soon(
    proxy: Proxy, door: Door, fault: Fault | None, cause: str
) -> None:
    """It is unreachable (exit code 5), with the address, one cause and one next step."""
    proxy.door = door
    if fault:
        proxy.script = by_rules(Rule(fault))
    began = time.monotonic()
    error = proxy.unreachable(timeout=1.0)
    assert time.monotonic() - began < _NEVER
    assert f"127.0.0.1:{proxy.port}" in str(error)
    assert cause in str(error)
    assert error.hint


def test_a_command_without_a_server_has_one_cause_and_writes_nothing(proxy: Proxy, shared: Home) -> None:
    proxy.script = by_rules(Rule(fault_proxy.silent))
    ran = shared.apply(*proxy.flags, "--request-timeout", "1s")
    assert ran.code == 5, ran.stderr
    assert ran.stderr.count("error: ") == ran.stderr.count("hint: ") == 1, ran.stderr
    assert not [method for method, _ in proxy.seen if method == "PATCH"]


@pytest.mark.fault("R7", "in mid-run every answer stops, and none ever comes again")
def test_a_run_whose_server_falls_silent_ends_in_time_and_tells_what_is_missing(proxy: Proxy, shared: Home) -> None:
    """`--timeout` ends the run: exit code 4, what was sent without an answer is told from what was not sent."""
    shared.many(30)
    proxy.script = by_rules(Rule(fault_proxy.silent, after=30))
    began = time.monotonic()
    ran = shared.apply(*proxy.flags, "--request-timeout", "1s", "--timeout", "5s")
    assert time.monotonic() - began < _NEVER + 5
    assert ran.code == 4, ran.stderr
    assert "the run's" in ran.stderr
    assert ran.json()["verdict"] == "INCOMPLETE"
    assert shared.events("run-ended")[-1]["complete"] is False
