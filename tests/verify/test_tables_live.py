"""The data files that ship are what the lab's control plane serves."""

from __future__ import annotations

from importlib import resources

import pytest

from rebuild.providers.kwok.lab import Lab
from tools import generate_tables


@pytest.mark.live
def test_the_tables_are_what_the_lab_serves(lab: Lab) -> None:
    get = generate_tables.connect(str(lab.kubeconfig))
    kinds = resources.files("rebuild.model").joinpath("kinds.json").read_bytes()
    schemas = resources.files("rebuild.verify").joinpath("schemas.json").read_bytes()
    assert generate_tables.kinds_text(get) == kinds
    assert generate_tables.schemas_text(get) == schemas
