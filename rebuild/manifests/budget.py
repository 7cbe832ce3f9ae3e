"""How much of a file may come out of aliases: a few lines of YAML can stand for billions of values.

go.yaml.in/yaml/v2 (decode.go, allowedAliasRatio) watches the share of a document's values that aliases repeat;
what it refuses is refused here at the same value. It counts one document at a time and not its letters, so two
limits of our own stand beside it, on a whole file. Knows nothing of nodes.
"""

from __future__ import annotations

from msgspec import Struct

MOST_VALUES = 400_000
"""Repeated values in a file: what go-yaml lets a single document have, and calls 100 MB at the worst."""
MOST_TEXT = 16 * 2**20
"""Repeated letters in a file: ten times what etcd stores for one object."""
_SMALL, _LARGE = 400_000, 4_000_000


class Excess(Exception):
    """Aliases stand for more than anybody would write."""


class Budget(Struct):
    """What one file has repeated so far."""

    values: int = 0
    text: int = 0
    decoded: int = 0
    aliased: int = 0

    def next_document(self) -> None:
        """Begin to count a document; what the file has repeated stays on the bill."""
        self.decoded = self.aliased = 0

    def repeat(self, text: str) -> None:
        """Count a value that an alias repeats, and its text. `decoded` counts every value, and is kept by the caller.

        Raises:
            Excess: the value is one too many.
        """
        self.aliased += 1
        self.values += 1
        self.text += len(text)
        share = self.aliased / self.decoded
        if self.aliased > 100 and self.decoded > 1000 and share > _allowed(self.decoded):
            raise Excess
        if self.values > MOST_VALUES or self.text > MOST_TEXT:
            raise Excess


def _allowed(decoded: int) -> float:
    """The share of aliases: 99% of a document of up to 400,000 values, down to 10% of one of 4,000,000."""
    beyond = min(max(decoded - _SMALL, 0), _LARGE - _SMALL)
    return 0.99 - 0.89 * beyond / (_LARGE - _SMALL)
