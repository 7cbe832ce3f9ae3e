"""docs/health.md is what the source says, and every kind of a control plane stands on it."""

from __future__ import annotations

import pytest

from rebuild.health import compute
from rebuild.health.verdicts import GroupKind
from rebuild.model import kinds
from tools import generate_health


def test_the_page_is_up_to_date() -> None:
    assert generate_health.PAGE.read_text() == generate_health.page(), "run `python tools/generate_health.py`"


@pytest.mark.parametrize("kind", list(kinds.builtin()), ids=lambda kind: f"{kind.group}/{kind.kind}")
def test_each_kind_has_a_stated_rule_or_is_healthy_by_existence(kind: kinds.Kind) -> None:
    existing, _, table = generate_health.table().partition("| kind |")
    name = f"{kind.kind} ({kind.group})" if kind.group else kind.kind
    if (kind.group, kind.kind) in compute.RULES:
        (row,) = (line for line in table.splitlines() if line.startswith(f"| {name} |"))
        assert len(row) > len(f"| {name} | |")
    else:
        assert f" {name}," in existing or f" {name}." in existing


@pytest.mark.parametrize("group_kind", sorted(compute.RULES), ids="/".join)
def test_each_rule_says_when_an_object_is_healthy(group_kind: GroupKind) -> None:
    assert (compute.RULES[group_kind].__doc__ or "").startswith("Current ")
