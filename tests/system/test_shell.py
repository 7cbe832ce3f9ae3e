from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rebuild.system import clock, processes, shell


def test_a_run_program_answers_with_its_code_and_both_streams(tmp_path: Path) -> None:
    done = shell.run(["sh", "-c", "cat; pwd; echo oops >&2; exit 3"], stdin=b"in\n", cwd=tmp_path)
    assert (done.code, done.stdout, done.stderr) == (3, f"in\n{tmp_path}\n".encode(), b"oops\n")
    assert done.complaint == "oops"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(shell.ProgramMissing, match="no-such-program"):
        shell.run(["no-such-program"])
    with pytest.raises(shell.ProgramMissing, match="no-such-program"):
        shell.follow(["no-such-program"], print)


def test_a_program_that_takes_too_long_is_killed() -> None:
    with pytest.raises(shell.ProgramTimeout, match=r"within 0\.1 s"):
        shell.run(["sleep", "30"], timeout=0.1)


def test_what_is_watched_meanwhile_may_end_a_program_and_all_that_it_started() -> None:
    asked: list[int] = []

    def meanwhile() -> None:
        asked.append(len(asked))
        if len(asked) == 2:
            raise LookupError("seen enough")

    with pytest.raises(LookupError, match="seen enough"):
        shell.run(["sh", "-c", "cat; sleep 3057 & sleep 30"], stdin=b"in", own_session=True, meanwhile=meanwhile)
    assert_ends("sleep 3057")


def test_a_watched_program_ends_by_itself_or_when_its_time_is_over() -> None:
    command = ["sh", "-c", "cat; sleep 0.6"]
    assert shell.run(command, stdin=b"in", meanwhile=lambda: None).stdout == b"in"
    with pytest.raises(shell.ProgramTimeout):
        shell.run(["sleep", "30"], timeout=0.6, meanwhile=lambda: None)


def test_lines_are_handed_over_as_they_come_and_the_last_ones_are_kept() -> None:
    seen: list[str] = []
    done = shell.follow(["sh", "-c", "seq 100; echo bad >&2; exit 1"], seen.append)
    assert seen == [*map(str, range(1, 101)), "bad"]
    assert (done.code, len(done.complaint.splitlines())) == (1, shell.TAIL)


def assert_ends(marker: str) -> None:
    """The signal has been sent; a grandchild needs a moment to die of it."""
    deadline = clock.monotonic() + 10
    while processes.matching(lambda command: marker in command):
        assert clock.monotonic() < deadline


def test_a_followed_program_ends_with_its_children_when_its_time_is_over(tmp_path: Path) -> None:
    marker, seen = f"marker-{tmp_path.name}", list[str]()
    script = f"echo first; sh -c 'sleep 60; : {marker}'; : {marker}"
    with pytest.raises(shell.ProgramTimeout, match=r"sh did not end within 0\.2 s"):
        shell.follow(["sh", "-c", script], seen.append, timeout=0.2)
    assert seen == ["first"]
    assert_ends(marker)


def test_a_last_line_without_an_end_is_handed_over() -> None:
    seen: list[str] = []
    assert shell.follow(["printf", "a\\n\\nb"], seen.append, timeout=60).code == 0
    assert seen == ["a", "", "b"]


def test_a_followed_program_ends_with_its_children_when_the_caller_is_interrupted(tmp_path: Path) -> None:
    marker = str(tmp_path / "marker")

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shell.follow(["sh", "-c", f"sh -c 'echo up; sleep 60; : {marker}'; : {marker}"], interrupt)
    assert_ends(marker)


def test_a_launched_program_is_not_our_child_and_can_be_ended_by_its_command_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = "import sys; print('up', flush=True); sys.stdin.read() or __import__('signal').pause()"
    pid = shell.launch([sys.executable, "-c", code, str(tmp_path)], log=log, cwd=tmp_path)
    ours = {p: c for p, c in processes.commands().items() if str(tmp_path) in c}
    assert pid in ours
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    assert pid in processes.kill(lambda command: str(tmp_path) in command)
    assert pid not in processes.commands()
