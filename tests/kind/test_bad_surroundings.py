"""Without Docker, without the rights, with a bad kind file: exit code, cause, value and next step, and nothing made.

Nothing here needs a node, so it runs where Docker is not.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from rebuild.providers import claims
from rebuild.system import places
from tests.e2e.support import ROOT, Ran, rebuild

HEAD = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"
NOBODY = 54321
needs_docker = pytest.mark.skipif(not shutil.which("docker"), reason="there is no docker program to ask")


def assert_explained(ran: Ran, code: int, *words: str) -> None:
    """One cause with its code, the offending values, one next step, and no lab."""
    assert ran.code == code, ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("error: ") == ran.stderr.count("hint: ") == 1, ran.stderr
    assert "[internal]" not in ran.stderr
    for word in words:
        assert word in ran.stderr, ran.stderr
    assert claims.homes() == ()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.mark.parametrize("command", [("lab", "up", "real"), ("drill", "--source", "SOURCE")])
def test_without_a_docker_program_the_next_step_is_to_install_it(
    tmp_path: Path, source: Path, command: tuple[str, ...]
) -> None:
    git = shutil.which("git")
    assert git
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    arguments = (str(source) if each == "SOURCE" else each for each in command)
    ran = rebuild(*arguments, "--provider", "kind", PATH=str(tmp_path / "bin"))
    assert_explained(ran, 5, "docker", "[docker-missing]", "--provider kwok")


@needs_docker
def test_a_docker_that_does_not_run_is_named(source: Path) -> None:
    ran = rebuild("drill", "--source", source, "--provider", "kind", DOCKER_HOST="unix:///nonexistent")
    assert_explained(ran, 5, "unix:///nonexistent", "[docker-not-running]", "systemctl start docker")


@pytest.fixture
def closed_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A socket of root's, in a directory that everybody may enter."""
    folder = Path("/tmp") / f"rebuild-test-{os.getpid()}"
    folder.mkdir(mode=0o755)
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(folder / "docker.sock"))
        (folder / "docker.sock").chmod(0o600)
        yield folder / "docker.sock"
    shutil.rmtree(folder)


@needs_docker
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user who may not talk to Docker")
def test_a_user_who_may_not_talk_to_docker_learns_how_to(closed_socket: Path) -> None:
    # Imported first, since that user may not be allowed to read the interpreter's files.
    stranger = (
        "import os, encodings.utf_8_sig, rebuild.cli.cmd_lab, rebuild.console.tables, rebuild.console.plain;"
        "from rebuild.cli import main; from rebuild.system import temporary;"
        f"os.setgid({NOBODY}); os.setuid({NOBODY}); main.main(['lab', 'up', 'real', '--provider', 'kind'])"
    )
    own = {places.STATE_VARIABLE: str(closed_socket.parent / "none"), "DOCKER_HOST": f"unix://{closed_socket}"}
    environment = {**os.environ, **own, "HOME": "/dev/null/home", "TMPDIR": "/tmp"}
    done = subprocess.run(
        [sys.executable, "-c", stranger], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    ran = Ran(done.returncode, done.stdout, done.stderr)
    assert_explained(ran, 5, "permission denied", "[docker-forbidden]", "group `docker`")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (HEAD + "networking: {apiServerAddress: 0.0.0.0}\n", 3, ("0.0.0.0", "[kind-api-exposed]", "127.0.0.1")),
        ("kind: Pod\n", 2, ("kind: Cluster", "[kind-file]")),
        (HEAD + "nodes: [\n", 2, (":3:", "[kind-file]")),
        (None, 2, ("No such file", "[kind-file]")),
    ],
)
def test_a_kind_file_that_cannot_be_used_is_named(
    tmp_path: Path, source: Path, text: str | None, code: int, words: tuple[str, ...]
) -> None:
    path = tmp_path / "nodes.yaml"
    if text is not None:
        path.write_text(text)
    ran = rebuild("drill", "--source", source, "--provider", "kind", "--kind-config", path)
    assert_explained(ran, code, str(path), *words)


def test_a_kind_file_that_cannot_be_used_is_named_before_any_provider_has_its_drill(
    tmp_path: Path, source: Path, state: Path
) -> None:
    path = tmp_path / "nodes.yaml"
    ran = rebuild("drill", "--source", source, "--provider", "kwok,kind", "--kind-config", path)
    assert_explained(ran, 2, str(path), "[kind-file]")
    assert not list(state.glob("runs/*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--provider", "cloud"), ("'cloud' is no provider", "kwok and kind")),
        (("--provider", "kind", "--nodes", "3"), ("--nodes", "--kind-config")),
        (("--image", "node:v1"), ("--image", "--provider kind")),
        (("--preload", "web:v1", "--provider", "kwok"), ("--preload", "--provider kind")),
    ],
)
def test_a_flag_that_no_provider_heeds_is_an_error(source: Path, arguments: tuple[str, ...], words: tuple[str]) -> None:
    assert_explained(rebuild("drill", "--source", source, *arguments), 2, *words)


def test_the_lab_of_kwok_says_so_when_it_is_not_of_the_version_that_is_needed(tmp_path: Path, source: Path) -> None:
    (tmp_path / "old.yaml").write_text(
        "apiVersion: rebuild.dev/v1alpha1\nkind: Playbook\nmetadata: {name: old}\n"
        f"spec: {{source: {{url: {source}}}, target: {{kubernetes: '1.29'}}}}\n"
    )
    assert_explained(rebuild("drill", tmp_path / "old.yaml"), 3, "v1.37", "1.29 is needed", "[wrong-kubernetes]")


@needs_docker
def test_a_docker_that_does_not_run_is_named_before_any_provider_has_its_drill(source: Path, state: Path) -> None:
    ran = rebuild("drill", "--source", source, "--provider", "kwok,kind", DOCKER_HOST="unix:///nonexistent")
    assert_explained(ran, 5, "unix:///nonexistent", "[docker-not-running]", "systemctl start docker")
    assert not list(state.glob("runs/*"))


@pytest.mark.live
def test_what_ends_one_of_two_drills_leaves_the_other_its_turn(
    lab_binaries: object, tmp_path: Path, source: Path
) -> None:
    report = tmp_path / "both.json"
    # A Docker that says its version, so that the drills begin, and then nothing more.
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\ntest \"$1\" = version && echo 29.0.0 && exit\necho 'it went away' >&2; exit 1\n")
    docker.chmod(0o755)
    ran = rebuild(
        *("drill", "--source", source, "--provider", "kind,kwok", "--report", report, "-o", "json"),
        PATH=f"{docker.parent}:{os.environ['PATH']}",
    )
    assert_explained(ran, 5, "it went away", "[docker-failed]", "kwok: PASS  1 of 1 objects verified")
    document = ran.json()
    assert document == orjson.loads(report.read_bytes())
    assert [one["verdict"] for one in document["reports"]] == ["INCOMPLETE", "PASS"]
    assert document["recovery"]["seconds"][0] is None
    assert document["recovery"]["difference"] is None
