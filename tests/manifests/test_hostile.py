"""Files made to hurt: each is refused with a finding, in little time and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = "[" * 1_000_000
PROGRAM = """
import sys
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.sources import SourceFile
found = read([SourceFile("hostile.yaml", open(sys.argv[1], "rb").read())], kinds=kinds.builtin())
print(len(found), sorted({finding.code for finding in found.findings}))
"""
MEMORY = 400 * 2**20
"""Bytes of address space, most of which the interpreter and its libraries take."""


def read_in_a_process(path: Path) -> str:
    """What a process with little time and memory says of a file."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "0 ['unreadable-yaml']"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: " + DEEP, "0 ['unreadable-yaml']"),
        ("{" * 100_000, "0 ['unreadable-yaml']"),
        ("a: &a [*a]", "0 ['unreadable-yaml']"),
        ("---\n" * 100_000, "0 []"),
        ("a: " + "9" * 1_000_000, "0 ['not-kubernetes']"),
    ],
    ids=["bomb", "deep", "deep-json", "loop", "documents", "number"],
)
def test_a_hostile_file_costs_little(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    assert read_in_a_process(path) == said


def test_a_hundred_thousand_documents_are_read(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(
        "".join(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{n}}}\n" for n in range(100_000))
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.strip() == "100000 []"
