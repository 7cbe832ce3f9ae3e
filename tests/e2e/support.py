"""Runs the real command in a process of its own, and reads the lab's audit log as an independent witness."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
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


def rebuild(*arguments: object, **environment: str) -> Ran:
    """Run `rebuild` as a user would, without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "rebuild", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=900,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def our_writes(audit_log: Path, since: int = 0) -> Counter[str]:
    """The write requests that rebuild made, by the path they went to, from a byte offset of the log on."""
    with audit_log.open("rb") as log:
        log.seek(since)
        events = [json.loads(line) for line in log]
    return Counter(
        event["requestURI"].partition("?")[0]
        for event in events
        if event["userAgent"].startswith("rebuild/") and event["verb"] in WRITES
    )
