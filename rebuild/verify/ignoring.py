"""Which differences somebody has asked not to hear of, and why. Pure: a rule is a value, and so is today's date.

A rule is about fields of objects that live. It can hide neither that an object is missing nor that it is not healthy,
and what it hides is listed with its reason and its owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from msgspec import Struct

from rebuild.model.ignored import IgnoreRule, RuleUse
from rebuild.model.refs import Ref
from rebuild.verify import paths, patterns
from rebuild.verify.patterns import Pattern


class Scope(Struct, frozen=True):
    """What a rule is about: objects by globs in which `*` stands for any text.

    `only` are the objects that it was written for, where that is known; `fields` and `managers` are None where any will
    do.
    """

    group: str = "*"
    kind: str = "*"
    namespace: str = "*"
    name: str = "*"
    only: frozenset[Ref] | None = None
    fields: tuple[Pattern, ...] | None = None
    managers: tuple[str, ...] | None = None

    def has(self, ref: Ref) -> bool:
        """Whether an object is meant."""
        if self.only is not None and ref not in self.only:
            return False
        wanted = (
            (self.group, ref.group),
            (self.kind, ref.kind),
            (self.namespace, ref.namespace),
            (self.name, ref.name),
        )
        return all(patterns.globbed(glob, text) for glob, text in wanted)

    def covers(self, path: paths.Path, managers: Collection[str], bodies: Iterable[Any]) -> bool:
        """Whether a field of such an object is meant."""
        around = tuple(bodies)
        if self.managers is not None and not any(
            patterns.globbed(glob, name) for glob in self.managers for name in managers
        ):
            return False
        return self.fields is None or any(patterns.covers(pattern, path, around) for pattern in self.fields)


class Ignoring(Struct, frozen=True):
    """The rules of a run with their scopes, the first that fits counts; those that have expired by `today` do not."""

    rules: tuple[tuple[IgnoreRule, Scope], ...] = ()
    today: date = date.min

    def rule_for(
        self, ref: Ref, path: paths.Path, managers: Collection[str], bodies: Iterable[Any] = ()
    ) -> IgnoreRule | None:
        """The rule by which a difference is to be ignored, or None.

        Args:
            ref: the object, which lives.
            path: where it differs.
            managers: the names of the live owners of the field.
            bodies: the object, declared and live; see `patterns.covers`.
        """
        around = tuple(bodies)
        for rule, scope in self.rules:
            if not rule.is_expired(self.today) and scope.has(ref) and scope.covers(path, managers, around):
                return rule
        return None

    def uses(self, hidden: Iterable[IgnoreRule]) -> tuple[RuleUse, ...]:
        """What each rule came to; `hidden` has the rule of every difference that one hid."""
        counts = Counter(hidden)
        rules = dict.fromkeys(rule for rule, _ in self.rules)
        return tuple(RuleUse(rule, rule.is_expired(self.today), counts[rule]) for rule in rules)


NOTHING = Ignoring()
"""No rule at all."""
