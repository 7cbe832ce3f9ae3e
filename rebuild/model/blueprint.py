"""Everything that one commit declares, with the findings made while reading it."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.model.discreet import Discreet
from rebuild.model.findings import Finding
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref


class Blueprint(Discreet, frozen=True):
    """The declared objects by ref, in the order they were read; the kind table knows the declared CRDs too."""

    unshown = frozenset({"kinds"})

    manifests: dict[Ref, Manifest]
    kinds: Kinds
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.manifests)

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self.manifests.values())

    def __contains__(self, ref: object) -> bool:
        return ref in self.manifests

    def of_kind(self, group: str, kind: str) -> Iterator[Manifest]:
        """The declared objects of one kind."""
        return (m for m in self if m.ref.group == group and m.ref.kind == kind)
