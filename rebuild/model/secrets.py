"""The values of declared Secrets, kept out of what others say: a program that crashes may repeat its password.

Only what is declared can be known here, as it is written and line by line. What a program makes of it (a digest, a URL
that escapes it) is not recognised.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from rebuild.model.discreet import Discreet
from rebuild.model.objects import Body, Manifest, dig

HIDDEN = "(secret)"
"""What stands in the place of a value."""
_SHORTEST = 6
"""Characters of a value that is looked for: `true`, a port or a short name is a word of any text."""


class Secrets(Discreet, frozen=True):
    """The values, the longest first, so that none is left in pieces by one that it holds."""

    unshown = frozenset({"values"})

    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, manifests: Iterable[Manifest]) -> Secrets:
        """Those of all Secrets among these."""
        bodies = (item.body for item in manifests if item.ref.group_kind == ("", "Secret"))
        lines = {line.strip() for body in bodies for text in _texts(body) for line in (text, *text.splitlines())}
        found = (line for line in lines if len(line) >= _SHORTEST)
        return cls(tuple(sorted(found, key=lambda line: (-len(line), line))))

    def hidden(self, body: Body) -> Body:
        """The object without them in its messages: there Kubernetes keeps what containers and probes said."""
        cleaned: Body = self._cleaned(body) if self.values else body
        return cleaned

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._cleaned(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {
            key: self._without(item) if key == "message" and isinstance(item, str) else self._cleaned(item)
            for key, item in value.items()
        }

    def _without(self, text: str) -> str:
        for value in self.values:
            text = text.replace(value, HIDDEN)
        return text


def _texts(body: Body) -> Iterator[str]:
    """Each value as it is declared, and decoded."""
    for name in ("data", "stringData"):
        values = dig(body, name)
        for value in values.values() if isinstance(values, dict) else ():
            if isinstance(value, str):
                yield value
                if name == "data":
                    yield _decoded(value)


def _decoded(text: str) -> str:
    """The text behind base64; nothing where it is none, or no text."""
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, ValueError):
        return ""
