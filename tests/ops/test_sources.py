"""What is rebuilt: a repository first, and then what the operator adds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from rebuild.model import kinds
from rebuild.model.errors import UsageError
from rebuild.model.events import SourceRead
from rebuild.model.objects import Provenance
from rebuild.ops import sources
from rebuild.ops.blueprint import declared
from rebuild.ops.sources import SourceOptions
from tests.source import repositories

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: break-glass}\nstringData: {pin: '1234'}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    repositories.write(root, {"deploy/a.yaml": repositories.CONFIG_MAP})
    return root


@pytest.fixture
def addition(tmp_path: Path) -> Path:
    root = tmp_path / "addition"
    root.mkdir()
    repositories.write(root, {"secret.yaml": SECRET})
    return root


def test_the_repository_comes_first_and_additions_have_the_operator_as_origin(repository: Path, addition: Path) -> None:
    read = sources.read_all(SourceOptions(str(repository), path="deploy", additions=(addition,)))
    assert [source.repository for source in read] == [str(repository), str(addition)]
    found = declared(read, kinds=kinds.builtin(), namespace="shop").blueprint
    origins = {manifest.ref.name: manifest.origin for manifest in found}
    assert origins["a"].provenance is Provenance.DIRECTORY
    assert origins["break-glass"].provenance is Provenance.OPERATOR
    assert origins["break-glass"].commit == ""
    assert {manifest.ref.namespace for manifest in found} == {"shop"}


def test_additions_may_not_declare_what_the_repository_declares(repository: Path) -> None:
    read = sources.read_all(SourceOptions(str(repository), additions=(repository / "deploy",)))
    with pytest.raises(UsageError):
        declared(read, kinds=kinds.builtin(), namespace="default")


def test_an_addition_that_is_not_there_is_named(repository: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(UsageError, match=str(missing)):
        sources.read_all(SourceOptions(str(repository), additions=(missing,)))


def test_the_repository_alone_is_what_is_told(repository: Path, addition: Path) -> None:
    read = sources.read_all(SourceOptions(str(repository), path="deploy", additions=(addition,)))
    assert sources.event_of(read) == SourceRead(str(repository), "", "deploy", "", "")


def test_what_was_fetched_is_gone_afterwards(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(work))
    read = sources.read_all(SourceOptions(str(repository)))
    assert read[0].files
    assert list(work.iterdir()) == []
