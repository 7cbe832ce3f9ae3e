"""Values to YAML text, for people who asked for `-o yaml`."""

from __future__ import annotations

from typing import Any

import yaml


def yaml_text(document: Any) -> str:
    """A document as block-style YAML in its own key order."""
    return str(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)).rstrip()
