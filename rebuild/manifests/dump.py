"""Values to YAML text, for people who asked for `-o yaml`."""

from __future__ import annotations

from typing import Any

import orjson
import yaml


def yaml_text(document: Any) -> str:
    """A document as block-style YAML in its own key order; what JSON writes as text is text here too."""
    plain = orjson.loads(orjson.dumps(document))
    return str(yaml.dump(plain, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120)).rstrip()
