"""Writes `answers.json` anew when a table has changed: `python -m tests.manifests.parity.record KUBECTL KUBECONFIG`."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.manifests.parity import kubectl, tables


def main(program: Path, kubeconfig: Path) -> None:
    """Ask for every row and keep what was said."""
    rows = tables.rows()
    with tempfile.TemporaryDirectory() as folder:
        answers = kubectl.ask(rows, Path(folder), program, kubeconfig)
    lines = [f"{json.dumps(tables.key(row))}: {json.dumps(asdict(answers[row.name]))}" for row in rows]
    (tables.HERE / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
