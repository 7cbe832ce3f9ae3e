"""What is said where Docker cannot be used, with a stand-in for it on PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.model.errors import Exit, RebuildError
from rebuild.providers.kind import docker
from tests.kind.programs import program


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}")
    return tmp_path


def test_no_docker_at_all_names_how_to_get_it() -> None:
    with pytest.raises(docker.DockerMissing) as caught:
        docker.check()
    assert "docker.io" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "error", "step"),
    [
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", docker.DockerNotRunning, "start"),
        (
            "Got permission denied while trying to connect to the Docker daemon",
            docker.DockerForbidden,
            "group `docker`",
        ),
        ("permission denied while trying to connect to the docker API", docker.DockerForbidden, "group `docker`"),
    ],
)
def test_a_daemon_that_does_not_answer_names_the_next_step(
    path: Path, said: str, error: type[RebuildError], step: str
) -> None:
    program(path / "docker", f"echo '{said}' >&2; exit 1")
    with pytest.raises(error, match=said[:30]) as caught:
        docker.check()
    assert step in caught.value.hint
    assert caught.value.exit is Exit.UNREACHABLE


def test_a_daemon_that_hangs_does_not_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "_ANSWER_SECONDS", 0.1)
    program(path / "docker", "exec /bin/sleep 600")
    with pytest.raises(docker.DockerNotRunning, match=r"did not end within 0\.1 s"):
        docker.check()
    with pytest.raises(docker.DockerNotRunning):
        docker.run("ps", timeout=0.1)


def test_a_command_that_hangs_is_told_from_a_daemon_that_does(path: Path) -> None:
    program(path / "docker", 'if [ "$1" = version ]; then echo 99.0.0; else exec /bin/sleep 600; fi')
    with pytest.raises(docker.DockerFailed, match=r"`docker rm` failed: docker did not end within 0\.1 s"):
        docker.run("rm", "web", timeout=0.1)


def test_a_full_disk_is_told_from_other_failures(path: Path) -> None:
    program(path / "docker", "echo 'write /x: no space left on device'; exit 1")
    with pytest.raises(docker.DockerFailed, match="no space left") as caught:
        docker.build_image(path, "a:1", {}, lambda _: None)
    assert "make room" in caught.value.hint
    program(path / "docker", "echo 'unknown instruction'; exit 1")
    with pytest.raises(docker.DockerFailed, match="unknown instruction") as caught:
        docker.build_image(path, "a:1", {}, lambda _: None)
    assert "make room" not in caught.value.hint


def test_images_and_labels_are_asked_for_by_name(path: Path) -> None:
    program(path / "docker", 'case "$*" in *"missing"*) exit 1 ;; *Labels*) echo value ;; *) echo id ;; esac')
    assert docker.has_image("there:1")
    assert not docker.has_image("missing:1")
    assert docker.label("there:1", "key") == "value"
    assert docker.label("missing:1", "key") == ""
