"""Stand-ins for programs that are not ours: small scripts, put first in PATH."""

from __future__ import annotations

from pathlib import Path


def program(path: Path, script: str) -> None:
    """Write a program of one shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
