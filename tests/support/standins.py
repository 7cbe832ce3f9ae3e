"""Images that take the place of somebody else's, where only the manifests are at hand and no registry can be asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rebuild.providers.kind import zoo

USUAL_PORTS = (6080, 8080, 8081, 9402, 9403)
"""Where probes of other people's manifests ask in plain HTTP: cert-manager's ports, and those of most operators."""


def write(path: Path, references: Iterable[str], *, ports: Iterable[int] = USUAL_PORTS) -> Path:
    """Write an archive in which each of these image references is a stand-in; it answers probes at all these ports.

    cert-manager's webhook and cainjector play their parts for other objects as well: kind-config/zoo/standin.go.
    """
    program = zoo.build_program(lambda _: None)
    listens = f"--standin-ports={','.join(map(str, ports))}"
    zoo.pack(path, [zoo.image(program, one, "standin", f"--standin-image={one}", listens) for one in references])
    return path
