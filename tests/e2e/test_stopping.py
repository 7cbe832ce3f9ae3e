"""Signals, sent to the real process: what they let finish, what they leave behind, and what the next start clears."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from rebuild.providers import claims
from rebuild.providers.claims import State
from rebuild.providers.kwok import cluster
from rebuild.providers.kwok import lab as labs
from rebuild.providers.kwok.lab import Lab
from rebuild.system import processes
from tests.conftest import LabMaker
from tests.e2e.support import BASH, Running, journal, many, our_writes, rebuild

pytestmark = [pytest.mark.live, pytest.mark.timeout(300, func_only=True)]
MANY = 1500
"""More than a second's worth of writes."""


def on(lab: Lab) -> tuple[object, ...]:
    return ("--context", lab.context, "--kubeconfig", lab.kubeconfig)


@pytest.fixture(autouse=True)
def hangups_are_heard() -> Iterator[None]:
    """Who runs the tests with nohup means the tests, and not what they start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.fault("R2", "SIGINT, SIGTERM or SIGHUP in mid-run")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
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


@pytest.mark.fault("R2", "a second signal while the API server hangs")
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


@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [
        ("  provision", signal.SIGTERM, 143),
        (" created ", signal.SIGTERM, 143),
        ("  provision", signal.SIGHUP, 129),
    ],
)
def test_a_drill_that_is_stopped_takes_its_cluster_away(
    lab_binaries: object,
    tmp_path: Path,
    state: Path,
    temporary: Path,
    canary: str,
    moment: str,
    number: signal.Signals,
    code: int,
) -> None:
    source = many(tmp_path / "source", MANY, canary)
    running = Running("drill", "--source", source, "--nodes", "1", "--report", tmp_path / "report.json")
    running.until(moment)
    running.send(number)
    ran = running.end()

    assert ran.code == code, ran.stderr
    assert cluster.list_labs() == ()
    assert '"verdict": "INCOMPLETE"' in (tmp_path / "report.json").read_text()
    assert journal(state)[-1]["type"] == "run-ended"
    assert list(temporary.iterdir()) == []


@pytest.mark.fault("R2", "a drill is stopped, and its cluster cannot be taken away")
def test_a_drill_that_is_stopped_and_cannot_take_its_cluster_away_names_it(
    lab_binaries: object, tmp_path: Path, state: Path, canary: str
) -> None:
    report = tmp_path / "report.json"
    source = many(tmp_path / "source", MANY, canary)
    running = Running("drill", "--source", source, "--nodes", "1", "--report", report)
    running.until(" created ")
    (during,) = cluster.list_labs()
    with FileLock(during.home / claims.LOCK):
        running.send(signal.SIGTERM)
        ran = running.end()

    assert ran.code == 143, ran.stderr
    assert "[lab-busy]" in ran.stderr
    assert f"`rebuild lab down {during.name}` removes it" in ran.stderr
    assert f"cluster {during.name} is still there" in json.loads(report.read_bytes())["exit"]["reason"]
    assert rebuild("lab", "down", during.name).code == 0


@pytest.mark.fault("R2", "a second signal while the cluster is taken away")
def test_the_second_signal_of_a_teardown_names_the_cluster_that_stays(
    lab_binaries: object, tmp_path: Path, state: Path, canary: str
) -> None:
    running = Running("drill", "--source", many(tmp_path / "source", MANY, canary), "--nodes", "1")
    running.until(" created ")
    (during,) = cluster.list_labs()
    with claims.registry():
        # Teardown waits for the registry, and so for us.
        running.send(signal.SIGINT)
        running.until("  teardown")
        running.insist(signal.SIGINT)
        ran = running.end()

    assert ran.code == 130, ran.stderr
    assert "Traceback" not in ran.stderr
    assert f"`rebuild lab down {during.name}` removes it" in ran.stderr
    assert rebuild("lab", "down", during.name).code == 0


@pytest.mark.fault("R2", "a second signal while the cluster is made")
def test_the_second_signal_of_a_creation_names_the_cluster_that_stays(lab_binaries: object, state: Path) -> None:
    home = claims.root() / "half"
    running = Running("lab", "up", "half", "--nodes", "1")
    while not (home / "work").exists():
        assert running.lives
    # A part of the lab that is there again as often as it is killed keeps the first signal's clean-up busy.
    part = home / "work" / "clusters" / "half" / "bin" / "part"
    stubborn = subprocess.Popen([BASH, "-c", 'while :; do (exec -a "$0" sleep 60); done', part])
    try:
        running.insist(signal.SIGINT)
        ran = running.end()
    finally:
        stubborn.kill()
        stubborn.wait()
    assert ran.code == 130, ran.stderr
    assert "`rebuild lab down half` removes it" in ran.stderr
    assert rebuild("lab", "down", "half").code == 0
    assert claims.homes() == ()


@pytest.mark.fault("R2", "the terminal closes in mid-drill")
def test_a_drill_whose_terminal_closes_takes_its_cluster_away(
    lab_binaries: object, tmp_path: Path, state: Path, temporary: Path, canary: str
) -> None:
    arguments = ("drill", "--source", many(tmp_path / "source", MANY, canary), "--nodes", "1", "--progress", "plain")
    report = tmp_path / "report.json"
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rebuild", *map(str, arguments), "--report", report],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown = b""
    while b" created " not in shown:
        shown += os.read(ours, 4096)

    os.close(ours)

    assert process.wait(timeout=60) == 129, shown
    assert cluster.list_labs() == ()
    assert '"reason": "interrupted by SIGHUP"' in report.read_text()
    assert journal(state)[-1]["data"]["reason"] == "interrupted by SIGHUP"
    assert list(temporary.iterdir()) == []


def test_a_run_that_was_started_with_nohup_outlives_its_terminal(
    make_lab: LabMaker, tmp_path: Path, canary: str
) -> None:
    lab = make_lab(nodes=1)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = Running("apply", many(tmp_path / "source", 200, canary), *on(lab))
    finally:
        signal.signal(signal.SIGHUP, before)
    running.until(" created ")
    running.send(signal.SIGHUP)
    assert running.end().code == 0


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
    (run,) = rebuild("runs", "-o", "json").json_list()
    assert (run["verb"], run["verdict"], run["state"]) == ("drill", "INCOMPLETE", "interrupted")
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
