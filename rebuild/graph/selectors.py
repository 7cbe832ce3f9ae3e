"""Label selectors, as k8s.io/apimachinery evaluates them, because several rules ask whom a selector means.

Must not know any kind: it sees labels and selectors only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rebuild.graph.fields import pairs, text, texts
from rebuild.model.objects import dig_maps


def includes(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether the labels hold every wanted pair; no wanted pair at all is met by everything."""
    return all(labels.get(key) == value for key, value in wanted.items())


def matches(labels: Mapping[str, str], selector: Any) -> bool:
    """Whether a `metav1.LabelSelector` selects the labels.

    An empty selector selects everything, a missing one nothing. A requirement with an unknown operator is
    invalid and meets nothing.
    """
    if not isinstance(selector, dict):
        return False
    return includes(labels, pairs(selector, "matchLabels")) and all(
        _meets(labels, text(need, "key"), text(need, "operator"), texts(need, "values"))
        for need in dig_maps(selector, "matchExpressions")
    )


def _meets(labels: Mapping[str, str], key: str, operator: str, values: list[str]) -> bool:
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            # A missing key meets NotIn, as it does in apimachinery's labels.Requirement.
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False
