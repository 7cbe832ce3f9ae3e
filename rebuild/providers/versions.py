"""Whether a target runs the Kubernetes that a blueprint needs."""

from __future__ import annotations

from rebuild.model.errors import Refused


class WrongKubernetes(Refused):
    """The target would run another minor version of Kubernetes than the blueprint needs."""

    code = "wrong-kubernetes"


def assert_minor(version: str, needed: str, *, of: str) -> None:
    """Make sure that a version such as `v1.37.2` is of the minor version that is needed.

    Args:
        version: what would run.
        needed: such as `1.37`; nothing where any will do.
        of: what runs it.

    Raises:
        WrongKubernetes: when it does not.
    """
    if needed and not f"{version}.".startswith(f"v{needed}."):
        raise WrongKubernetes(
            f"{of} runs Kubernetes {version}, and {needed} is needed",
            hint="nothing was made; `--provider kind --image IMAGE` takes a node image of any version",
        )
