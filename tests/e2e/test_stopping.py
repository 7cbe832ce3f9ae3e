"""Signals, sent to the real process: what they let finish, what they leave behind, and what the next start clears."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from rebuild.providers.claims import State
from rebuild.providers.kwok import cluster
from rebuild.providers.kwok import lab as labs
from rebuild.providers.kwok.lab import Lab
from rebuild.system import processes
from tests.conftest import LabMaker
from tests.e2e.support import Running, journal, many, our_writes, rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]
MANY = 1500
"""More than a second's worth of writes."""


def on(lab: Lab) -> tuple[object, ...]:
    return ("--context", lab.context, "--kubeconfig", lab.kubeconfig)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_lets_finish_what_was_sent(
    make_lab: LabMaker, tmp_path: Path, state: Path, canary: str, number: signal.Signals, code: int
) -> None:
    lab = make_lab(nodes=1)
    source = many(tmp_path / "source", MANY, canary)
    running = Running("apply", source, *on(lab), "--report", tmp_path / "report.json")
    running.until(" created ")
    running.send(number)
    ran = running.end()

    assert ran.code == code, ran.stderr
    assert ran.last_line.startswith(f"INCOMPLETE  interrupted by {number.name}")
    records = journal(state)
    of = {kind: [r["data"] for r in records if r["type"] == kind] for kind in {r["type"] for r in records}}
    intended = {one["ref"] for one in of["write-intended"]}
    accepted = {one["ref"] for one in of["write-accepted"]}
    withdrawn = {one["ref"] for one in of["write-failed"]}
    assert intended == accepted | withdrawn
    assert not accepted & withdrawn
    assert {one["fault"]["message"] for one in of["write-failed"]} == {"was not sent: the run was stopped"}
    assert 0 < len(accepted) < MANY
    assert our_writes(lab.audit_log).total() == len(accepted)
    assert records[-1]["type"] == "run-ended"
    assert records[-1]["data"]["complete"] is False
    assert '"verdict": "INCOMPLETE"' in (tmp_path / "report.json").read_text()


def test_the_second_signal_does_not_wait_for_a_server_that_hangs(
    make_lab: LabMaker, tmp_path: Path, state: Path, canary: str
) -> None:
    lab = make_lab(nodes=1)
    (server,) = api_servers(lab)
    running = Running("apply", many(tmp_path / "source", MANY, canary), *on(lab), "--report", tmp_path / "report.json")
    running.until(" created ")
    os.kill(server, signal.SIGSTOP)
    try:
        running.send(signal.SIGINT)
        running.until("stopping")
        running.send(signal.SIGINT)
        ran = running.end(within=20)
    finally:
        os.kill(server, signal.SIGCONT)

    assert ran.code == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    assert journal(state)[-1]["type"] == "run-ended"
    assert '"verdict": "INCOMPLETE"' in (tmp_path / "report.json").read_text()


def api_servers(one: Lab) -> list[int]:
    """The API server's process, whatever the state directory of the test is."""
    return list(processes.matching(lambda command: labs.component(one.layout, command) == "kube-apiserver"))


@pytest.mark.parametrize("moment", ["  provision", " created "])
def test_a_drill_that_is_stopped_takes_its_cluster_away(
    lab_binaries: object, tmp_path: Path, state: Path, temporary: Path, canary: str, moment: str
) -> None:
    source = many(tmp_path / "source", MANY, canary)
    running = Running("drill", "--source", source, "--nodes", "1", "--report", tmp_path / "report.json")
    running.until(moment)
    running.send(signal.SIGTERM)
    ran = running.end()

    assert ran.code == 143, ran.stderr
    assert cluster.list_labs() == ()
    assert '"verdict": "INCOMPLETE"' in (tmp_path / "report.json").read_text()
    assert journal(state)[-1]["type"] == "run-ended"
    assert list(temporary.iterdir()) == []


def test_what_a_killed_drill_leaves_is_shown_and_can_be_removed(
    lab: Lab, lab_binaries: object, tmp_path: Path, temporary: Path, state: Path, canary: str
) -> None:
    running = Running("drill", "--source", many(tmp_path / "source", MANY, canary), "--nodes", "1")
    running.until(" created ")
    (during,) = cluster.list_labs()
    assert during.state is State.RUNNING
    running.send(signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL
    (left,) = temporary.iterdir()
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in left.rglob("*")} == {0o600}
    stranger = temporary / f"{left.name}x"
    stranger.mkdir()

    shown = rebuild("lab", "list", "-o", "json")

    assert not left.exists()
    assert stranger.exists(), "what holds no lock of ours is not ours"
    assert [(one["name"], one["state"]) for one in shown.json_list()] == [(during.name, "orphan")]
    (run,) = rebuild("report", "-o", "json").json_list()
    assert (run["verb"], run["verdict"], run["damage"]) == ("drill", "INCOMPLETE", None)
    removed = rebuild("lab", "down", "--all")
    assert (removed.code, removed.stdout) == (0, f"lab/{during.name} removed\n")
    assert rebuild("lab", "list", "-o", "json").json_list() == []
    assert not during.home.exists()
    assert api_servers(lab), "a lab of another state directory lives on"


def test_lab_down_takes_a_name_or_all(state: Path) -> None:
    for arguments in ((), ("some", "--all")):
        ran = rebuild("lab", "down", *arguments)
        assert ran.code == 2
        assert "--all" in ran.stderr
    assert rebuild("lab", "down", "--all").code == 0
