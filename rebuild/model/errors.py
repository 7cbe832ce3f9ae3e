"""Everything that rebuild raises on purpose. Imports nothing from rebuild but findings, so everything may import it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar

from rebuild.model.findings import Finding


class Exit(IntEnum):
    """The exit codes that every command documents in its help."""

    DONE = 0
    ANSWER_IS_NO = 1
    USAGE = 2
    REFUSED = 3
    INCOMPLETE = 4
    UNREACHABLE = 5
    INTERNAL = 6
    HUNG_UP = 129
    INTERRUPTED = 130
    UNREAD = 141
    TERMINATED = 143


class RebuildError(Exception):
    """Root of everything raised on purpose: what failed, with the offending value, and one next step."""

    code: ClassVar[str] = "rebuild-error"
    exit: ClassVar[Exit] = Exit.INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(RebuildError):
    """The call or its input cannot be read or makes no sense."""

    code = "usage"
    exit = Exit.USAGE


class InvalidBlueprint(UsageError):
    """The declared objects cannot be rebuilt as they are; carries every problem of every file."""

    code = "invalid-blueprint"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(f"{len(self.findings)} problem(s) stand in the way of a plan")


class Refused(RebuildError):
    """A guard said no: nothing was written."""

    code = "refused"
    exit = Exit.REFUSED


class Unreachable(RebuildError):
    """The source or the target does not answer; nothing was written."""

    code = "unreachable"
    exit = Exit.UNREACHABLE


class Incomplete(RebuildError):
    """The run did not reach its end."""

    code = "incomplete"
    exit = Exit.INCOMPLETE


class DiskTrouble(Incomplete):
    """The operating system refuses to read or write something: a full disk, a place that is read-only."""

    code = "disk"


class Defect(RebuildError):
    """Something that should not have happened: a mistake of rebuild's own."""

    code = "internal"
