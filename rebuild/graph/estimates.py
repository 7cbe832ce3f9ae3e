"""How long objects are expected to take until they are READY: as earlier runs measured, else by built-in numbers.

Of an object the median of its own runs counts, else that of its kind, else the prior. Must not read runs: they come in
as what they measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from rebuild.graph import rank
from rebuild.model.discreet import Discreet
from rebuild.model.refs import Ref


class Basis(StrEnum):
    """What an estimate is made of."""

    OBJECT = "object"
    """What this object took in earlier runs."""
    KIND = "kind"
    """What objects of its kind took in them."""
    PRIOR = "prior"
    """A built-in number."""


class Estimate(Struct, frozen=True):
    """Seconds from the write until READY, and in how many runs that was measured."""

    seconds: float
    basis: Basis
    runs: int = 0

    def __str__(self) -> str:
        runs = f"{self.runs} run{'' if self.runs == 1 else 's'}"
        return {Basis.OBJECT: runs, Basis.KIND: f"its kind in {runs}", Basis.PRIOR: "prior"}[self.basis]


class Estimates(Discreet, frozen=True):
    """What earlier runs say about objects and about kinds; without any, everything is a prior."""

    unshown = frozenset({"objects", "kinds"})

    objects: Mapping[Ref, Estimate] = field(default_factory=dict)
    kinds: Mapping[tuple[str, str], Estimate] = field(default_factory=dict)
    runs: int = 0
    """How many runs were learned from."""

    def of(self, ref: Ref) -> Estimate:
        """How long one object is expected to take."""
        found = self.objects.get(ref) or self.kinds.get(ref.group_kind)
        return found or Estimate(rank.prior(ref), Basis.PRIOR)

    def seconds(self, ref: Ref) -> float:
        """The number alone."""
        return self.of(ref).seconds


PRIORS = Estimates()
"""What is expected before anything was measured."""


def learned(runs: Sequence[Mapping[Ref, float]]) -> Estimates:
    """What runs teach, each of which measured seconds from the write until READY; their order does not matter."""
    # Imported late, so that the first run does not pay for it.
    from statistics import median

    of_objects: dict[Ref, list[float]] = defaultdict(list)
    of_kinds: dict[tuple[str, str], list[float]] = defaultdict(list)
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, measured in enumerate(runs):
        for ref, seconds in measured.items():
            of_objects[ref].append(seconds)
            of_kinds[ref.group_kind].append(seconds)
            seen[ref.group_kind].add(number)
    return Estimates(
        {ref: Estimate(median(found), Basis.OBJECT, len(found)) for ref, found in of_objects.items()},
        {kind: Estimate(median(found), Basis.KIND, len(seen[kind])) for kind, found in of_kinds.items()},
        len(runs),
    )
