"""What the verdict leaves out because somebody asked for that: the rule, and each difference that it hid."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from rebuild.model.findings import Difference


class IgnoreRule(Struct, frozen=True):
    """Why something is ignored and who answers for that.

    `place` names the rule: the file and line, or the object, where it stands. `expires` is the last day on which it
    applies, as ISO 8601, empty where there is none. `imported` rules were written for another tool.
    """

    place: str
    reason: str
    owner: str
    expires: str = ""
    imported: bool = False

    def is_expired(self, today: date) -> bool:
        """Whether it does not apply any more."""
        return bool(self.expires) and date.fromisoformat(self.expires) < today


class Ignored(Struct, frozen=True):
    """A difference that is no drift by a rule."""

    difference: Difference
    rule: IgnoreRule


class RuleUse(Struct, frozen=True):
    """A rule, whether its time is over, and how many differences it hid."""

    rule: IgnoreRule
    expired: bool
    matched: int
