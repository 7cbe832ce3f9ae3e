"""The corpus of kinds on a lab: applied, let settle, and compared, in this process and with lists alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rebuild.cluster.client import ApiServer
from rebuild.model.drift import Drift
from rebuild.ops import drift as drifts
from rebuild.ops import sources, target
from rebuild.ops.blueprint import Declared, declared
from rebuild.ops.sources import SourceOptions
from rebuild.report.drift import DriftReport

KEY = b"the key of the tests of drift"
TEXT = (Path(__file__).parent / "kinds.yaml").read_text()


def written(folder: Path, name: str, *kinds: str) -> SourceOptions:
    """The corpus under a name, as a plain folder; of some kinds only, where they are named."""
    folder.mkdir()
    parts = [part for part in TEXT.split("---\n") if not kinds or any(f"kind: {kind}" in part for kind in kinds)]
    # No two of a cluster may overlap.
    octet = 16 + int(name[-2:], 16) % 200
    (folder / "all.yaml").write_text("---\n".join(parts).replace("§", name).replace("¤", str(octet)))
    return SourceOptions(str(folder))


def read(cluster: ApiServer, asked: SourceOptions) -> Declared:
    """What it declares."""
    return declared(sources.read_all(asked), kinds=cluster.served(), namespace=asked.namespace)


def look(cluster: ApiServer, asked: SourceOptions) -> DriftReport:
    """The answer about it."""
    bound = target.bind(cluster, provider="existing")
    read_again = sources.read_all(asked)
    found = declared(read_again, kinds=bound.served, namespace=asked.namespace)
    return drifts.look(found, bound, asked, sources.event_of(read_again), key=KEY)


def told(drift: Iterable[Drift]) -> set[tuple[str, str, str]]:
    """Kind, object and path of each line."""
    return {(one.kind.value, str(one.ref), one.path) for one in drift}
