"""Runs the real command in a process of its own, and reads the lab's audit log as an independent witness."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"
"""A test may take away the PATH."""
WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True, slots=True)
class Ran:
    """How the command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def last_line(self) -> str:
        return self.stdout.strip().splitlines()[-1]

    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    def json_list(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.stdout)
        return rows


OUTPUTS: list[Ran] = []
"""What the commands of the test that runs now have said; `conftest` looks through it for Secret values."""


def rebuild(*arguments: object, **environment: str) -> Ran:
    """Run `rebuild` as a user would, without a terminal."""
    return rebuild_through('exec "$@"', *arguments, **environment)


def rebuild_through(shell: str, *arguments: object, **environment: str) -> Ran:
    """The same, started by a line of bash in which `"$@"` is the command."""
    done = subprocess.run(
        [BASH, "-c", shell, "bash", sys.executable, "-m", "rebuild", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        stdin=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    OUTPUTS.append(Ran(done.returncode, done.stdout, done.stderr))
    return OUTPUTS[-1]


class Running:
    """The real command while it runs: its progress can be waited for, and signals can be sent to it."""

    def __init__(self, *arguments: object, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rebuild", *map(str, arguments), "--progress", "plain"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def until(self, word: str) -> None:
        """Read its progress up to a line that has the word in it."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line)
            if word in line:
                return
        raise AssertionError(f"it ended without {word!r}: {''.join(self._said)}")

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def insist(self, number: signal.Signals) -> None:
        """Send it a signal again and again, until it has ended."""
        while self.lives:
            self.send(number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.1)

    def end(self, *, within: float = 60.0) -> Ran:
        """Wait for its end."""
        try:
            stdout, stderr = self._process.communicate(timeout=within)
        finally:
            self._process.kill()
            self._process.wait()
        OUTPUTS.append(Ran(self._process.returncode, stdout, "".join(self._said) + stderr))
        return OUTPUTS[-1]


def journal(state: Path) -> list[dict[str, Any]]:
    """The records of the only run in a state directory."""
    (path,) = state.glob("runs/*/journal.jsonl")
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def many(folder: Path, count: int, canary: str) -> Path:
    """A folder that declares so many ConfigMaps, and a Secret with the canary."""
    folder.mkdir()
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {key: value}\n"
    secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {canary}}}\n"
    (folder / "all.yaml").write_text("---\n".join([secret, *(text % number for number in range(count))]))
    return folder


def our_writes(audit_log: Path, since: int = 0) -> Counter[str]:
    """The write requests that rebuild made, by the path they went to, from a byte offset of the log on."""
    return Counter(
        event["requestURI"].partition("?")[0]
        for event in our_requests(audit_log, since)
        if event["verb"] in WRITES and not _is_review(event)
    )


def our_requests(audit_log: Path, since: int = 0) -> list[dict[str, Any]]:
    """The requests that rebuild made, as the audit log has them, from a byte offset of it on."""
    with audit_log.open("rb") as log:
        log.seek(since)
        events = [json.loads(line) for line in log]
    return [event for event in events if event["userAgent"].startswith("rebuild/")]


def _is_review(event: dict[str, Any]) -> bool:
    """Whether the request only asks what its user may do: such an object is answered and never stored."""
    return str(event["requestURI"]).startswith("/apis/authorization.k8s.io/v1/selfsubject")
