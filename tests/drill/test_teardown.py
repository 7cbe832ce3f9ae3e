"""A drill's cluster goes, whatever becomes of the drill."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rebuild.console.view import Silent
from rebuild.drill.playbook import DrillOptions
from rebuild.drill.run import drill
from rebuild.journal.file import JournalBroken
from rebuild.model.errors import Unreachable
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions
from rebuild.providers.kwok import config
from rebuild.providers.port import Baseline, Fidelity, Target, Told, untold
from rebuild.system import places


class Elsewhere:
    """A provider of a cluster that nobody can talk to; the disk may be full once it is there."""

    name = "elsewhere"
    baseline: Baseline = config.BASELINE

    def __init__(self, tmp_path: Path, *, fills_the_disk: bool, stays: bool = False) -> None:
        self._target = Target("t", self.name, Fidelity.KWOK, tmp_path / "kubeconfig", "nobody", "https://127.0.0.1:1")
        self._fills_the_disk = fills_the_disk
        self._stays = stays
        self.made: list[str] = []
        self.owned: list[bool] = []
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def create(self, name: str, *, kubeconfig: Path | None = None, owned: bool = False, told: Told = untold) -> Target:
        told("nodes", 1.5)
        self.made.append(name)
        self.owned.append(owned)
        if self._fills_the_disk:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, self._limits[1]))
        return self._target

    def describe(self, name: str) -> Target:
        return self._target

    def delete(self, name: str) -> bool:
        # The limit holds for all files of this process, and what pytest prints may go into one.
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        if self._stays:
            raise Unreachable("nobody removes it", hint="run it again")
        self.made.remove(name)
        return True

    def list(self) -> Sequence[Target]:
        return [self._target for _ in self.made]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path / "state"))
    begun = Run("drill", listener=Silent())
    yield begun
    begun.abandon("over", 4)


@pytest.fixture
def source(tmp_path: Path) -> SourceOptions:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    return SourceOptions(str(folder))


@pytest.mark.parametrize(("full", "error"), [(False, Unreachable), (True, JournalBroken)])
def test_the_cluster_goes_when_the_drill_cannot_go_on(
    run: Run, source: SourceOptions, tmp_path: Path, full: bool, error: type[Exception]
) -> None:
    provider = Elsewhere(tmp_path, fills_the_disk=full)
    with pytest.raises(error):
        drill(run, DrillOptions(source), lambda _images: provider, stoppable=lambda stop: None)
    assert provider.made == []
    assert provider.owned == [True]


def test_a_cluster_that_cannot_be_taken_away_is_named_with_what_removes_it(
    run: Run, source: SourceOptions, tmp_path: Path
) -> None:
    provider = Elsewhere(tmp_path, fills_the_disk=False, stays=True)
    with pytest.raises(Unreachable) as caught:
        drill(run, DrillOptions(source), lambda _images: provider, stoppable=lambda stop: None)
    (left,) = provider.made
    assert "cannot be used" in str(caught.value), "what cut the drill short stays the news"
    (note,) = caught.value.__notes__
    assert "nobody removes it" in note
    assert f"cluster {left} is still there" in note
    assert f"`rebuild lab down {left}`" in note


def test_a_cluster_that_is_to_be_kept_belongs_to_nobody(run: Run, source: SourceOptions, tmp_path: Path) -> None:
    provider = Elsewhere(tmp_path, fills_the_disk=False)
    with pytest.raises(Unreachable):
        drill(run, DrillOptions(source, keep=True), lambda _images: provider, stoppable=lambda stop: None)
    assert len(provider.made) == 1
    assert provider.owned == [False]
