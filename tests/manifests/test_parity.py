"""What we read is what kubectl reads and an API server accepts, row by row of the tables in `parity/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.findings import Severity
from rebuild.model.sources import SourceFile
from rebuild.providers.kwok.lab import Lab
from tests.manifests.parity import kubectl, tables
from tests.manifests.parity.tables import Answer, Row

ROWS = tables.rows()
RECORDED = tables.recorded()


LIBYAML_REFUSES = ("bom-at-a-line", "directive-behind-a-document", "json-twice-behind-a-separator")
"""Rows that go-yaml takes and libyaml does not: an error with its line, which is safe where a guess would not be."""


def is_stricter(row: Row) -> bool:
    """Whether we are known to refuse what kubectl takes."""
    return bool(row.stricter) or row.name in LIBYAML_REFUSES or row.data.endswith((b"value: [a:]\n", b"value: {a:}\n"))


def ours(row: Row) -> Answer:
    """What our reader makes of a row. It reads on behind what kubectl stops at."""
    found = read([SourceFile("row.yaml", row.data)], kinds=kinds.builtin())
    told = [each for each in found.findings if each.severity is Severity.ERROR or each.code == "not-kubernetes"]
    objects = tuple(tables.plain(kubectl.bare(manifest.body)) for manifest in found)
    return Answer(objects, "; ".join(each.message for each in told))


def test_the_tables_are_large_enough_to_mean_something() -> None:
    assert len(ROWS) >= 200
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_read_as_kubectl_reads_it(row: Row) -> None:
    answer, mine = RECORDED[tables.key(row)], ours(row)
    if is_stricter(row):
        assert mine.refused
        assert not answer.refused
    elif answer.refused:
        assert mine.refused
    else:
        assert not mine.refused
        assert mine.objects == answer.objects


@pytest.mark.live
def test_kubectl_and_the_server_still_answer_as_recorded(lab: Lab, tmp_path: Path) -> None:
    answers = kubectl.ask(ROWS, tmp_path, lab.binaries / "kubectl", lab.kubeconfig)
    for row in ROWS:
        recorded, now = RECORDED[tables.key(row)], answers[row.name]
        assert bool(now.refused) == bool(recorded.refused), row.name
        assert tuple(map(tables.plain, now.objects)) == recorded.objects, row.name
