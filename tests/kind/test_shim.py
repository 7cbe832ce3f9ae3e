"""The stand-in for Docker where CAP_SYS_RESOURCE is missing, in front of a docker that says what it was told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.kind.conftest import SHIM, may_have
from tests.kind.programs import program

NEEDED = not may_have(24)
"""Whether this machine takes the capability from its processes."""


def told(*arguments: str, directory: Path) -> list[str]:
    """What the real docker is asked for."""
    program(directory / "docker", 'printf "%s\\n" "$@"')
    path = f"{SHIM}:{directory}:/usr/bin:/bin"
    done = subprocess.run([SHIM / "docker", *arguments], env={"PATH": path}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(not NEEDED, reason="this machine leaves its processes CAP_SYS_RESOURCE")
def test_a_privileged_container_gets_all_but_the_missing_capability(tmp_path: Path) -> None:
    asked = told("run", "--name=a b", "--privileged", "image", directory=tmp_path)
    assert asked[:2] == ["run", "--name=a b"]
    assert {"--cap-add=ALL", "--cap-drop=SYS_RESOURCE"} <= set(asked)
    assert "--privileged" not in asked
    assert asked[-1] == "image"


@pytest.mark.skipif(not NEEDED, reason="this machine leaves its processes CAP_SYS_RESOURCE")
def test_a_command_in_a_container_asks_for_no_more_rights_than_that_has(tmp_path: Path) -> None:
    assert told("exec", "--privileged", "node", "id", directory=tmp_path) == ["exec", "node", "id"]


@pytest.mark.skipif(NEEDED, reason="this machine takes CAP_SYS_RESOURCE from its processes")
def test_nothing_is_changed_where_the_capability_is_there(tmp_path: Path) -> None:
    given = ["run", "--privileged", "image"]
    assert told(*given, directory=tmp_path) == given


def test_everything_else_is_handed_on_as_it_is(tmp_path: Path) -> None:
    given = ["build", "--label=a b", "--privileged", "."]
    assert told(*given, directory=tmp_path) == given


def test_without_a_docker_behind_it_the_shim_says_so(tmp_path: Path) -> None:
    bare = {"PATH": f"{SHIM}:{tmp_path}"}
    done = subprocess.run(["/bin/bash", SHIM / "docker", "ps"], env=bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (127, "docker: there is only this shim on PATH\n")
