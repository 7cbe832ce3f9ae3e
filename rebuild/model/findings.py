"""A finding is a judged fact: a stable code, where it stands, what it means, and one next step."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from rebuild.model.objects import Origin
from rebuild.model.refs import Ref


class Severity(StrEnum):
    """How a finding bears on the verdict: an error stops the plan, a warning does not, info is for the record."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(Struct, frozen=True):
    """`code` is kebab-case and stable; `next_step` is one thing that the reader can do."""

    code: str
    severity: Severity
    message: str
    ref: Ref | None = None
    origin: Origin | None = None
    next_step: str = ""

    @property
    def place(self) -> tuple[str, int, str, str, str]:
        """The sort key that puts findings in order of where they stand, those that stand nowhere first."""
        path, line = (self.origin.path, self.origin.line) if self.origin else ("", 0)
        return path, line, self.code, str(self.ref or ""), self.message

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin else ""
        about = f"{self.ref}: " if self.ref and str(self.ref) not in self.message else ""
        step = f" ({self.next_step})" if self.next_step else ""
        return f"{where}{self.severity}: {about}{self.message} [{self.code}]{step}"


class Limit(Struct, frozen=True):
    """Something that this target cannot prove about an object: neither a failure nor a pass."""

    code: str
    ref: Ref
    message: str


ADMISSION = "admission changed it when it was written"
"""What stands in the place of a controller's reason where a webhook or a policy did not let a declared value stand."""


class Difference(Struct, frozen=True):
    """A declared field whose live value does not mean the same.

    `path` is written as in a JSON path (`spec.template.spec.containers[name=web].image`). Values are shown
    as JSON; those of Secrets are keyed digests. `controller` names the rule when a known controller owns the
    field: such a difference is reported, and it is no drift.
    """

    ref: Ref
    path: str
    declared: str
    live: str
    manager: str = ""
    controller: str = ""
