"""The edges found in published repositories are the committed ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.graph import summary


@pytest.mark.corpus
@pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus")
@pytest.mark.parametrize("repository", summary.REPOSITORIES)
def test_a_published_repository_has_the_edges_that_were_read_by_eye(repository: str) -> None:
    committed = (summary.FOLDER / f"{repository}.txt").read_text()
    assert summary.summary_of(Path(os.environ["REBUILD_CORPUS"]) / repository) == committed
