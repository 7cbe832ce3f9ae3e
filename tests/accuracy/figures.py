"""Leaves the figures of a test run where `tools/generate_verification.py` finds them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

DIRECTORY = "REBUILD_FIGURES"
"""The environment variable that names where figures go; without it none are kept."""


def keep(name: str, figures: Mapping[str, float | str]) -> None:
    """Write figures to `NAME.json` of the directory, if one is named."""
    if folder := os.environ.get(DIRECTORY):
        file = Path(folder) / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
