"""Programs that leave a trace when they run, to show that something did not run."""

from __future__ import annotations

from pathlib import Path


class Canary:
    """A command that can be planted anywhere, and whether somebody ran it."""

    def __init__(self, folder: Path) -> None:
        self._sign = folder / "canary-sang"
        self.command = folder / "canary"
        self.command.write_text(f'#!/bin/sh\necho "$0 $*" >>"{self._sign}"\nexit 1\n')
        self.command.chmod(0o755)

    @property
    def sang(self) -> bool:
        """Whether it was run; asking makes it silent again."""
        heard = self._sign.exists()
        self._sign.unlink(missing_ok=True)
        return heard

    def as_program(self, name: str) -> Path:
        """A folder for PATH in which the canary has another program's name."""
        folder = self.command.parent / f"path-{name}"
        folder.mkdir(exist_ok=True)
        (folder / name).symlink_to(self.command)
        return folder
