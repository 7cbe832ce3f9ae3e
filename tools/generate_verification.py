"""Fills the figures into docs/verification.md from what a test run left behind.

    REBUILD_FIGURES=/tmp/figures uv run pytest tests/accuracy tests/drift tests/e2e/test_corpus.py
    uv run python tools/generate_verification.py /tmp/figures

A test run writes one JSON file for each topic, from names to numbers. A table on the page belongs to the file that its
markers name, so a new topic is a file and a pair of markers. Files that are not there leave their table as it is.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson

from rebuild import __version__
from rebuild.providers.kwok.binaries import KUBERNETES_VERSION

PAGE = Path(__file__).parents[1] / "docs" / "verification.md"
_TABLE = re.compile(r"(<!-- figures: (?P<topic>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str, folder: Path, *, today: str) -> str:
    """The page with a new table for every topic that the folder has figures of."""

    def table(found: re.Match[str]) -> str:
        file = folder / f"{found['topic']}.json"
        if not file.exists():
            return found[0]
        figures = orjson.loads(file.read_bytes())
        rows = [f"| {name} | {number(value)} |" for name, value in figures.items()]
        origin = f"Measured on {today} with rebuild {__version__} on Kubernetes {KUBERNETES_VERSION} (the lab)."
        return "".join(
            [found[1], f"{origin}\n\n", "| figure | number |\n|---|---:|\n", *(f"{r}\n" for r in rows), found[3]]
        )

    return _TABLE.sub(table, page)


def number(value: float) -> str:
    """A number for people: thousands are set apart."""
    return f"{value:,}"


def tables(page: str) -> dict[str, dict[str, float]]:
    """The figures that the page shows, by topic and name."""
    found: dict[str, dict[str, float]] = {}
    for match in _TABLE.finditer(page):
        rows = re.findall(r"^\| (.+?) \| ([\d,.]+) \|$", match[0], re.MULTILINE)
        found[match["topic"]] = {name: float(value.replace(",", "")) for name, value in rows}
    return found


def main() -> int:
    """Write the page."""
    today = datetime.now(UTC).date().isoformat()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), Path(sys.argv[1]), today=today), encoding="utf-8")
    sys.stdout.write(f"{PAGE}: {PAGE.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
