"""The real command, killed as `kill -9` does when its journal has a given number of lines.

`python -m tests.support.crash` imports everything once and then forks a process for each line of its stdin, a JSON
object with `arguments` of the command and `lines`, so that many crashes cost no imports. Each answer is a line with
the process's exit code, negative for the signal that ended it, and what it printed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from rebuild.journal.file import Journal
from rebuild.journal.records import encode
from rebuild.model.events import Event
from tests.e2e.support import OUTPUTS, ROOT, Ran

NEVER = -1


class Crasher:
    """A server of crashes; to be used as a context."""

    def __enter__(self) -> Crasher:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crash"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def rebuild(self, *arguments: object, lines: int = NEVER, kind: str = "", **environment: str) -> Ran:
        """Run the command; it dies in place of writing the first line after so many, of this type if one is named."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        call = {
            "arguments": [*map(str, arguments)],
            "lines": lines,
            "kind": kind,
            "environment": {**os.environ, **environment},
        }
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        OUTPUTS.append(Ran(answer["code"], answer["stdout"], answer["stderr"]))
        return OUTPUTS[-1]


def _serve() -> None:
    """Answer calls until there are no more."""
    import rebuild.cli.applying
    import rebuild.cli.cmd_resume  # noqa: F401

    answers = os.dup(1)
    for line in sys.stdin:
        call = json.loads(line)
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            child = os.fork()
            if child == 0:
                os.close(answers)
                _become(call, stdout, stderr)
            _, status = os.waitpid(child, 0)
            answer = {"code": os.waitstatus_to_exitcode(status), "stdout": _text(stdout), "stderr": _text(stderr)}
        os.write(answers, json.dumps(answer).encode() + b"\n")


def _become(call: dict[str, Any], stdout: IO[str], stderr: IO[str]) -> None:
    from rebuild.cli.main import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    os.environ.clear()
    os.environ.update(call["environment"])
    _die_at(call["lines"], call["kind"])
    code = 6
    try:
        main(call["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 6
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _die_at(lines: int, kind: str) -> None:
    append = Journal.append

    def dying(journal: Journal, event: Event) -> None:
        line = encode(event, number=0, previous="")
        if _count(journal.path) >= lines and f'"type":"{kind}'.encode() in line:
            os.kill(os.getpid(), signal.SIGKILL)
        append(journal, event)

    if lines != NEVER:
        Journal.append = dying  # type: ignore[method-assign, assignment]


def _count(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _text(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()


if __name__ == "__main__":
    _serve()
