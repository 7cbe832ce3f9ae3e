"""The edges that each rule finds in published repositories, counted: `corpus/<repository>.txt`.

    REBUILD_CORPUS=... uv run python -m tests.graph.summary

writes these files anew. A count that changes is a rule that changed its mind about somebody's real manifests: read
the edges before committing it, with `--edges`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rebuild.graph.build import RULES
from rebuild.graph.index import Index
from rebuild.manifests.read import SUFFIXES, read
from rebuild.model import kinds
from rebuild.model.edges import Edge
from rebuild.model.sources import SourceFile

FOLDER = Path(__file__).parent / "corpus"
REPOSITORIES = ("flux2-kustomize-helm-example", "kube-prometheus", "kubeflow-manifests", "microservices-demo")


def edges_in(root: Path) -> Iterator[Edge]:
    """What the rules say about all manifests below a folder, as they stand: nothing is rendered."""
    paths = sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES)
    files = [SourceFile(str(path.relative_to(root)), path.read_bytes()) for path in paths]
    index = Index(read(files, kinds=kinds.builtin()))
    for rule in RULES:
        yield from rule.edges_from(index)


def summary_of(root: Path) -> str:
    """A line for each rule, gate and strength, with the number of edges."""
    counts = Counter((edge.rule, edge.gate, edge.strength) for edge in edges_in(root))
    return "".join(f"{' '.join(key)} {counts[key]}\n" for key in sorted(counts))


def main() -> None:
    """Write all summaries, or print all edges."""
    corpus = Path(os.environ["REBUILD_CORPUS"])
    for name in REPOSITORIES:
        if "--edges" in sys.argv:
            sys.stdout.writelines(f"{edge}\n" for edge in edges_in(corpus / name))
        else:
            (FOLDER / f"{name}.txt").write_text(summary_of(corpus / name))


if __name__ == "__main__":
    main()
