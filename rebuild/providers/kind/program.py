"""Drives the `kind` program: what it is told, what it says, and what that means.

Nothing of the user's reaches kind: neither KUBECONFIG, which it would write to, nor its own variables. Each cluster has
a Docker network of its own, so that it can be taken away with it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from rebuild.model.errors import Incomplete, Refused, Unreachable, UsageError
from rebuild.providers.kind import stages
from rebuild.providers.kind.kindfile import KindFile
from rebuild.providers.kind.lab import Lab
from rebuild.providers.kind.preload import Load
from rebuild.providers.port import Told
from rebuild.system import clock, files, shell

CREATE_SECONDS = 600.0
_READY_SECONDS = 120
_LOAD_SECONDS = 600.0
_EXPORT_SECONDS = 60.0
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
"""kind shows the commands that fail, and hands nodes the proxies of our environment, which may have a password."""


class ForeignCluster(Refused):
    """Docker holds something of the cluster's name that is not ours."""

    code = "kind-foreign"


class KindRefused(UsageError):
    """kind does not accept what it was told, before it makes anything."""

    code = "kind-refused"


class KindFailed(Unreachable):
    """kind could not make the cluster; what there was of it has been removed."""

    code = "kind-failed"


class PreloadFailed(Incomplete):
    """An image could not be loaded into the nodes."""

    code = "preload-failed"


class Wishes(Struct, frozen=True):
    """What a cluster shall be made of."""

    kind: Path
    """The kind program."""
    file: KindFile
    image: str = ""
    """The node image; nothing for what the kind file or kind itself names."""
    version: str = ""
    """Of Kubernetes in that image."""
    loads: tuple[Load, ...] = ()
    """Images to put into the nodes."""
    logs: Path | None = None
    """Where the logs of a creation that failed are kept; nowhere by default."""
    timeout: float = CREATE_SECONDS
    """Seconds that kind may take."""


def create(known: Lab, wishes: Wishes, told: Told) -> None:
    """Make the cluster; each stage that ends is told. What there is of it stays when that fails.

    Raises:
        ForeignCluster: when Docker holds a cluster of this name.
        KindRefused: when kind does not accept the kind file; nothing was made then.
        KindFailed: with kind's own reason.
    """
    progress = stages.Progress(told)
    command = [
        *(str(wishes.kind), "create", "cluster", "--name", known.cluster),
        *("--config", str(wishes.file.path.absolute()), "--kubeconfig", str(known.own_kubeconfig)),
        *("--wait", f"{_READY_SECONDS}s", "--retain"),
        *(("--image", wishes.image) if wishes.image else ()),
    ]
    try:
        done = shell.follow(
            command,
            lambda line: progress.line(line, clock.monotonic()),
            env=_environment(known),
            cwd=known.home,
            timeout=wishes.timeout,
        )
    except shell.ProgramTimeout as error:
        raise KindFailed(f"kind could not make the cluster: {error}", hint=error.hint) from error
    reason = _USERINFO.sub("", stages.reason(progress.complaint, shell.TAIL) or done.complaint)
    if done.code != 0 and "already exist for a cluster with the name" in reason:
        raise foreign(known.cluster)
    if done.code != 0 and not progress.began:
        raise KindRefused(f"kind refuses {wishes.file.path}:\n{reason}", hint="mend the kind file")
    if done.code != 0:
        raise KindFailed(f"kind could not make the cluster:\n{reason}", hint="`rebuild doctor` checks what it needs")
    if progress.never_ready:
        raise KindFailed(
            f"the nodes did not become ready within {_READY_SECONDS} s", hint="try again with an idle machine"
        )


def load(known: Lab, kind: Path, what: Load) -> None:
    """Put an image, or all those of an archive, into every node.

    Raises:
        PreloadFailed: with the end of what kind and Docker said.
    """
    try:
        command = [str(kind), "load", what.command, what.what, "--name", known.cluster]
        done = shell.follow(command, lambda _: None, env=_environment(known), cwd=known.home, timeout=_LOAD_SECONDS)
    except shell.ProgramTimeout as error:
        raise PreloadFailed(f"{what.what} could not be loaded: {error}", hint=error.hint) from error
    if done.code != 0:
        full = "no space left on device" in done.complaint
        raise PreloadFailed(
            f"{what.what} could not be loaded into the nodes:\n{done.complaint}",
            hint="make room where Docker and TMPDIR keep their files: `docker system df`, `df`"
            if full
            else "is the image made for this machine, and is it whole? `docker load --input FILE` tells",
        )


def export(known: Lab, kind: Path, logs: Path) -> None:
    """Keep what the nodes logged in a directory, as far as kind gets it in a minute."""
    command = [str(kind), "export", "logs", str(logs.absolute()), "--name", known.cluster]
    files.private_directory(logs)
    with suppress(shell.ProgramTimeout):
        shell.run(command, env=_environment(known), cwd=known.home, timeout=_EXPORT_SECONDS, own_session=True)


def foreign(cluster: str) -> ForeignCluster:
    """The error for what bears the name of a cluster and is not ours."""
    return ForeignCluster(
        f"Docker holds a kind cluster or a network {cluster} that this state directory knows nothing of",
        hint=f"nothing of it was touched; if it may go: `kind delete cluster --name {cluster}` and "
        f"`docker network rm {cluster}`",
    )


def _environment(known: Lab) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("KIND_", "KUBECONFIG"))}
    return outside | {"KIND_EXPERIMENTAL_PROVIDER": "docker", "KIND_EXPERIMENTAL_DOCKER_NETWORK": known.cluster}
