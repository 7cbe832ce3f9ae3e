"""What is rebuilt: a repository first, and then what the operator adds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from rebuild.manifests import loader
from rebuild.model import kinds
from rebuild.model.errors import UsageError
from rebuild.model.events import SourceRead
from rebuild.model.objects import Provenance
from rebuild.ops import sources
from rebuild.ops.blueprint import declared
from rebuild.ops.sources import SourceOptions
from rebuild.system import apart
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


@pytest.mark.parametrize("apart_from_us", [True, False])
def test_what_is_read_ahead_says_the_same(
    repository: Path, addition: Path, monkeypatch: pytest.MonkeyPatch, apart_from_us: bool
) -> None:
    monkeypatch.setattr(apart, "_can_fork", lambda: apart_from_us)
    deep = "a: " + "[" * 199 + "]" * 199
    text = SECRET.replace("glass", "stone") + f"---\nname: values\n---\n{deep}\n"
    repositories.write(repository, {"deploy/b.yaml": text})
    options = SourceOptions(str(repository), path="deploy", additions=(addition,))
    with sources.ahead(options) as ahead:
        read, said = ahead()
    assert read == sources.read_all(options)
    assert said == {file.data: tuple(loader.documents(file.data)) for source in read for file in source.files}
    found, again = (declared(read, kinds=kinds.builtin(), namespace="shop", said=each) for each in (said, None))
    assert (found.blueprint.manifests, found.graph) == (again.blueprint.manifests, again.graph)


def test_what_cannot_be_read_ahead_is_an_error_where_it_is_waited_for(tmp_path: Path) -> None:
    with (
        sources.ahead(SourceOptions(str(tmp_path / "missing"))) as ahead,
        pytest.raises(UsageError, match="does not exist"),
    ):
        ahead()
