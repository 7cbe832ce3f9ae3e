"""kustomize as a contained program: no network, no environment, no plugins, and limits on time, memory and output.

The three ways it has to other machines are closed one by one, because not every machine can take the network away:
git is not on its PATH, its proxy is a port where nobody listens, and `closure` lets no address through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from rebuild.model.discreet import Discreet
from rebuild.model.errors import UsageError
from rebuild.source.store import LARGEST_SOURCE
from rebuild.system import shell

Renderer: TypeAlias = Callable[[], str]
"""The path of a kubectl to prefer, or nothing. Asked only where there is something to render."""
PATIENCE = 60.0
"""Seconds for one rendering; the largest published ones take two."""
_MEMORY = 4 << 30
# Port 9 is the discard service, which nobody runs.
_NOBODY = "http://127.0.0.1:9"
_LONGEST_REASON = 600
# klog's prefix and kubectl's wrapping around what kustomize says.
_WRAPPING = re.compile(r'^(?:E\d{4} .*?\] )?(?:"command failed" err=|error: |Error: )?')


class Rendered(Discreet, frozen=True):
    """What came of a rendering: the objects as YAML, or the reason why there are none."""

    unshown = frozenset({"output"})

    output: bytes = b""
    problem: str = ""


def isolated() -> bool:
    """Whether this machine can take the network away from a program."""
    return bool(shell.offline())


def any_kubectl() -> str:
    """No kubectl is preferred."""
    return ""


def program(renderer: Renderer) -> tuple[str, ...]:
    """The command that renders a folder: the preferred kubectl, else one on PATH, else kustomize itself.

    Raises:
        UsageError: there is none.
    """
    if kubectl := renderer() or shell.which("kubectl"):
        return (kubectl, "kustomize")
    if kustomize := shell.which("kustomize"):
        return (kustomize, "build")
    raise UsageError(
        "there is a kustomization to render, and neither kubectl nor kustomize is on PATH",
        hint="run `rebuild lab install`, which brings a kubectl",
    )


def run(command: tuple[str, ...], folder: Path, private: Path, *, patience: float = PATIENCE) -> Rendered:
    """Render a folder.

    Args:
        command: From `program`.
        private: A folder without links on its path, where the output and what the program may leave behind go.
        patience: Seconds after which it is killed.
    """
    output = private / "rendered.yaml"
    line = [*command, str(folder), "--load-restrictor=LoadRestrictionsRootOnly", "--output", str(output)]
    environment = {
        "PATH": str(private),
        "TMPDIR": str(private),
        "HTTP_PROXY": _NOBODY,
        "HTTPS_PROXY": _NOBODY,
        "GIT_ALLOW_PROTOCOL": "none",
    }
    capped = [*shell.offline(), *shell.capped(line, memory=_MEMORY, file=LARGEST_SOURCE)]
    try:
        done = shell.run(capped, env=environment, cwd=private, timeout=patience, own_session=True)
    except shell.ProgramTimeout:
        return Rendered(problem=f"it did not end within {patience:g} s and was stopped")
    if done.code != 0:
        return Rendered(problem=reason(done.complaint) or f"it ended with code {done.code} and no word")
    return Rendered(output.read_bytes() if output.exists() else b"")


def reason(complaint: str) -> str:
    """What kustomize says on its first line, without kubectl's wrapping.

    kustomize quotes whole patches in backticks, which may hold the value of a Secret: they are left out.
    """
    text = _WRAPPING.sub("", complaint, count=1).strip()
    if text.startswith('"'):
        text = text[1:-1].replace('\\"', '"').replace("\\n", "\n")
    text = re.sub(r"`[^`]*(?:`|$)", "`...`", text)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:_LONGEST_REASON]
