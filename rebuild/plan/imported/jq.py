"""The jq expressions that name fields, as patterns: paths, and selections of list elements by a key.

    .spec.replicas    .spec.template.spec.containers[] | select(.name == "web") | .image    .webhooks[]?.clientConfig

jq can do far more; an expression beyond this is not guessed at.
"""

from __future__ import annotations

import json
import re

from rebuild.verify.patterns import Element, Field, Pattern, Step, Token

_TEXT = r'"(?:[^"\\]|\\.)*"'
_STEP = re.compile(
    rf"""\s*(?: \.(?P<name>[A-Za-z_][A-Za-z0-9_]*) | \.?\[?\s*(?P<text>{_TEXT})\s*\]? | \.?\[\s*(?P<position>\d+)\s*\]
        | \.?\[\s*\] (?: \s*\??\s*\|\s*select\(
            \s*\.(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*==\s*(?P<value>{_TEXT}|\d+)\s* \) )?
        )\s*\??(?:\s*\|\s*(?=\.))?""",
    re.VERBOSE,
)


def pattern(expression: str) -> Pattern | None:
    """The fields that an expression means, or None where it is more than a path."""
    text, position, steps = expression.strip(), 0, list[Step]()
    while position < len(text):
        found = _STEP.match(text, position)
        if not found or found.end() == position:
            return None
        try:
            steps.append(_step(found))
        except ValueError:
            # A text with an escape that JSON does not have.
            return None
        position = found.end()
    return tuple(steps) or None


def _step(found: re.Match[str]) -> Step:
    if name := found["name"]:
        return Field(name)
    if found["text"] is not None:
        return Field(json.loads(found["text"], strict=False))
    if found["position"] is not None:
        return Token(found["position"])
    if found["key"] is None:
        return Element()
    value = found["value"]
    return Element(((found["key"], json.loads(value, strict=False) if value.startswith('"') else value),))
