"""The rules that a run is given besides what is declared: how to judge health, and which differences to ignore.

Those that the declared objects of Argo CD and Flux hold are taken over (`imported/`), unless the user says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from msgspec import Struct, field

from rebuild.health.own import OwnRule
from rebuild.health.verdicts import GroupKind
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding, Severity
from rebuild.model.ignored import IgnoreRule
from rebuild.plan.imported import rules as imported
from rebuild.verify.ignoring import Ignoring, Scope


class Rules(Struct, frozen=True):
    """The user's rules. `takes_over` says whether rules of Argo CD and Flux count as well; `today` ends some."""

    health: Mapping[GroupKind, OwnRule] = field(default_factory=dict)
    ignore: tuple[tuple[IgnoreRule, Scope], ...] = ()
    takes_over: bool = True
    today: date = date.min

    def ignoring(self, blueprint: Blueprint) -> tuple[Ignoring, tuple[Finding, ...]]:
        """By which rules differences are ignored, and which rules of other tools could not be taken over."""
        found, findings = imported.read(blueprint) if self.takes_over else ((), ())
        return Ignoring((*self.ignore, *found), self.today), findings

    def unused(self, blueprint: Blueprint) -> Iterator[Finding]:
        """The rules for the health of kinds of which nothing is declared."""
        declared = {manifest.ref.group_kind for manifest in blueprint}
        for group_kind, rule in self.health.items():
            if group_kind not in declared:
                name = "/".join(filter(None, group_kind))
                message = f"the rule {rule.place} is for the health of {name}, and no such object is declared"
                step = "mend its group and kind, or take it out"
                yield Finding("health-rule-unused", Severity.WARNING, message, next_step=step)


NO_RULES: Final = Rules()
"""What is declared, and nothing besides."""
