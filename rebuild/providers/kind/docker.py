"""Talks to Docker through its command line, and says what to do where that does not work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rebuild.model.errors import Unreachable
from rebuild.system import shell

_ANSWER_SECONDS = 30.0
"""A daemon that takes longer to say its version does not answer."""
_SECONDS = 120.0
_PULL_SECONDS = 900.0


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
        answer = shell.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], timeout=_ANSWER_SECONDS, own_session=True
        )
    except shell.ProgramMissing as error:
        raise DockerMissing(
            "real nodes run in Docker, and there is no `docker` on PATH",
            hint="install Docker (on Debian as root: `apt-get install docker.io`), or use `--provider kwok`",
        ) from error
    except shell.ProgramTimeout as error:
        raise _not_running(str(error)) from error
    if answer.code == 0:
        return answer.stdout.decode(errors="replace").strip()
    if "permission denied" in answer.complaint.lower():
        raise DockerForbidden(
            f"this user may not talk to Docker:\n{answer.complaint}",
            hint="run it as root, or as a member of the group `docker` (`usermod -aG docker USER`, then log in anew)",
        )
    raise _not_running(answer.complaint)


def run(*arguments: str, timeout: float = _SECONDS) -> str:
    """What a docker command prints; it is killed after so many seconds.

    Raises:
        DockerMissing, DockerNotRunning, DockerForbidden: when no daemon answers.
        DockerFailed: with the end of what Docker said.
    """
    try:
        done = shell.run(["docker", *arguments], timeout=timeout, own_session=True)
    except shell.ProgramMissing:
        check()
        raise
    except shell.ProgramTimeout as error:
        check()
        raise DockerFailed(f"`docker {arguments[0]}` failed: {error}", hint=error.hint) from error
    if done.code != 0:
        check()
        raise _failed(f"`docker {arguments[0]}` failed", done)
    return done.stdout.decode(errors="replace").strip("\n")


def has_image(name: str) -> bool:
    """Whether the daemon holds the image."""
    return bool(_inspected(name, "{{.Id}}"))


def label(name: str, key: str) -> str:
    """A label of a local image; nothing where the image or the label is not there."""
    return _inspected(name, f'{{{{index .Config.Labels "{key}"}}}}')


def pull(name: str) -> None:
    """Fetch the image from its registry.

    Raises:
        DockerFailed: when that is not possible.
    """
    run("pull", "--quiet", name, timeout=_PULL_SECONDS)


def build_image(context: Path, name: str, labels: dict[str, str], on_line: Callable[[str], None]) -> None:
    """Build the Dockerfile of a directory, without network.

    Raises:
        DockerFailed: with the end of what Docker said.
    """
    marks = [f"--label={key}={value}" for key, value in labels.items()]
    done = shell.follow(["docker", "build", "--network=none", f"--tag={name}", *marks, str(context)], on_line)
    if done.code != 0:
        raise _failed(f"docker could not build {name}", done)


def _not_running(said: str) -> DockerNotRunning:
    return DockerNotRunning(
        f"Docker does not answer:\n{said}",
        hint="start it (`systemctl start docker`), or set DOCKER_HOST to where it listens",
    )


def _failed(what: str, done: shell.Result) -> DockerFailed:
    """The error for a `docker` that ended badly."""
    full = "no space left on device" in done.complaint.lower()
    hint = "make room where Docker keeps its images (`docker system df` tells what takes it)"
    return DockerFailed(f"{what}:\n{done.complaint}", hint=hint if full else "run it again once the cause is gone")


def _inspected(name: str, form: str) -> str:
    """What Docker says of an image that it holds, else nothing."""
    with suppress(DockerFailed):
        return run("image", "inspect", "--format", form, name)
    return ""
