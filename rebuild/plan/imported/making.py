"""What the importers of all tools share: how an imported rule says where it comes from, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rebuild.model.findings import Finding, Severity
from rebuild.model.ignored import IgnoreRule
from rebuild.model.objects import Manifest
from rebuild.verify import patterns
from rebuild.verify.ignoring import Scope
from rebuild.verify.patterns import Pattern

Read: TypeAlias = tuple[IgnoreRule, Scope] | Finding
"""A rule, or why there is none."""


def rule(item: Manifest, what: str, *, tool: str, owner: str) -> IgnoreRule:
    """A rule out of a declared object: its origin is its reason."""
    return IgnoreRule(f"{item.origin}: {what}", f"{tool} is told so by {item.ref}", owner, imported=True)


def left_out(item: Manifest, what: str, why: str) -> Finding:
    """A rule that cannot be taken over."""
    return Finding(
        "ignore-rule-not-imported",
        Severity.WARNING,
        f"{what} cannot be taken over and ignores nothing: {why}",
        item.ref,
        item.origin,
        "write the same as a rule in the file of --rules",
    )


def pointers(item: Manifest, texts: Iterable[str]) -> Iterator[Pattern | Finding]:
    """JSON pointers as patterns; one that names no field is left out."""
    for text in texts:
        if text.startswith("/") and len(text) > 1:
            yield patterns.parse(text)
        else:
            yield left_out(item, f"the JSON pointer {text!r}", "it names no field")
