"""What a plan tells programs holds to its page: every field described, every described field there."""

from __future__ import annotations

import re
from pathlib import Path

from rebuild.plan import document
from tests.plan import support
from tests.plan.test_pictures import SHOP
from tests.report.test_to_json import paths

PAGE = Path(__file__).parents[2] / "docs" / "plan.md"


def test_each_field_is_described_and_each_described_field_is_there() -> None:
    described = re.findall(r"^\| `(\w+(?:\[\])?(?:\.\w+)?)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(described) == sorted(set(paths(document.expected(support.plan(SHOP)))))


def test_the_first_hop_waits_for_nothing_and_the_others_say_why() -> None:
    first, second, third = document.expected(support.plan(SHOP))["criticalPath"]
    assert (first["ref"], first["why"]) == ("v1/Namespace/-/shop", None)
    assert (second["ref"], second["gate"], second["strength"], second["rule"]) == (
        "v1/ConfigMap/shop/settings",
        "exists",
        "hard",
        "namespaces",
    )
    assert (third["begins"], third["seconds"], third["why"]) == (0.01, 15.01, "uses it in envFrom")
