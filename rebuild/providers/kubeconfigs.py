"""The copy of a lab's kubeconfig that its user asked for: a new file, gone with the lab unless somebody changed it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from rebuild.model.errors import Unreachable
from rebuild.providers.claims import LabExists
from rebuild.system import files


class KubeconfigUnwritten(Unreachable):
    """The copy of a lab's kubeconfig cannot be written; the lab has been removed."""

    code = "kubeconfig-unwritten"


def check(wanted: Path | None) -> None:
    """Make sure that nothing stands where the copy shall be.

    Raises:
        LabExists: when something does.
    """
    if wanted is not None and os.path.lexists(wanted):
        raise LabExists(
            f"{wanted} exists already",
            hint="name a new file: a lab never adds to a kubeconfig, nor replaces one",
        )


def copy(own: Path, wanted: Path) -> None:
    """Write the copy, unless it is the lab's own file that is wanted.

    Raises:
        KubeconfigUnwritten: when that is not possible.
    """
    if wanted == own:
        return
    try:
        files.private_directory(wanted.parent)
        files.write_new(wanted, own.read_bytes())
    except OSError as error:
        raise KubeconfigUnwritten(
            f"cannot write {wanted}: {error}", hint="name another file for --kubeconfig"
        ) from error


def withdraw(own: Path, given: Path) -> None:
    """Delete the copy if it is still what the lab's own file says."""
    if given == own:
        return
    with suppress(OSError):
        if given.read_bytes() == own.read_bytes():
            given.unlink()
