"""Talks to Docker through its command line, and says what to do where that does not work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rebuild.model.errors import Unreachable
from rebuild.system import shell


class DockerMissing(Unreachable):
    """There is no `docker` program."""

    code = "docker-missing"


class DockerNotRunning(Unreachable):
    """The Docker daemon does not answer."""

    code = "docker-not-running"


class DockerForbidden(Unreachable):
    """This user may not talk to the Docker daemon."""

    code = "docker-forbidden"


class DockerFailed(Unreachable):
    """The Docker daemon could not do what it was asked for."""

    code = "docker-failed"


def check() -> str:
    """The version of the daemon that answers.

    Raises:
        DockerMissing, DockerNotRunning, DockerForbidden: when none does.
    """
    try:
        answer = shell.run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=30)
    except shell.ProgramMissing as error:
        raise DockerMissing(
            "real nodes run in Docker, and there is no `docker` on PATH",
            hint="install Docker (on Debian as root: `apt-get install docker.io`), or use `--provider kwok`",
        ) from error
    if answer.code == 0:
        return answer.stdout.decode(errors="replace").strip()
    if "permission denied" in answer.complaint.lower():
        raise DockerForbidden(
            f"this user may not talk to Docker:\n{answer.complaint}",
            hint="run it as root, or as a member of the group `docker` (`usermod -aG docker USER`, then log in anew)",
        )
    raise DockerNotRunning(
        f"Docker does not answer:\n{answer.complaint}",
        hint="start it (`systemctl start docker`), or set DOCKER_HOST to where it listens",
    )


def has_image(name: str) -> bool:
    """Whether the daemon holds the image."""
    return _ask("image", "inspect", "--format", "{{.Id}}", name) is not None


def label(name: str, key: str) -> str:
    """A label of a local image; nothing where the image or the label is not there."""
    return _ask("image", "inspect", "--format", f'{{{{index .Config.Labels "{key}"}}}}', name) or ""


def pull(name: str) -> bool:
    """Whether the image could be fetched from its registry."""
    return _ask("pull", "--quiet", name) is not None


def build_image(context: Path, name: str, labels: dict[str, str], on_line: Callable[[str], None]) -> None:
    """Build the Dockerfile of a directory, without network.

    Raises:
        DockerFailed: with the end of what Docker said.
    """
    marks = [f"--label={key}={value}" for key, value in labels.items()]
    done = shell.follow(["docker", "build", "--network=none", f"--tag={name}", *marks, str(context)], on_line)
    if done.code != 0:
        raise failed(f"docker could not build {name}", done)


def failed(what: str, done: shell.Result) -> DockerFailed:
    """The error for a `docker` that ended badly."""
    full = "no space left on device" in done.complaint.lower()
    hint = "make room where Docker keeps its images (`docker system df` tells what takes it)"
    return DockerFailed(f"{what}:\n{done.complaint}", hint=hint if full else "run it again once the cause is gone")


def _ask(*arguments: str) -> str | None:
    """What Docker answers, or None when it says no."""
    answer = shell.run(["docker", *arguments])
    return answer.stdout.decode(errors="replace").strip() if answer.code == 0 else None
