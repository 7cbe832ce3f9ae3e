"""Each line names the commit that declared its place last, as far as that place stands in a file of a commit."""

from __future__ import annotations

from pathlib import Path

import git
import pytest

from rebuild.model.drift import Drift, DriftKind
from rebuild.model.events import SourceRead
from rebuild.model.objects import Origin, Provenance
from rebuild.model.refs import Ref
from rebuild.ops import authorship
from rebuild.ops.sources import SourceOptions
from rebuild.verify import paths
from rebuild.verify.drift.lines import Line

REF = Ref.of("v1", "ConfigMap", "shop", "c")
FIRST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: one\n  b: two\n"
SECOND = FIRST.replace("two", "three")


@pytest.fixture
def source(tmp_path: Path) -> SourceRead:
    """A file whose second version is of another author."""
    root = tmp_path / "source"
    for day, (author, text) in enumerate((("Alice", FIRST), ("Bob", SECOND)), 1):
        root.mkdir(exist_ok=True)
        (root / "all.yaml").write_text(text)
        who = {f"GIT_{role}_{part}": author for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        when = {f"GIT_{role}_DATE": f"2026-01-0{day}T00:00:00Z" for role in ("AUTHOR", "COMMITTER")}
        with git.Repo.init(root) as repo, repo.git.custom_environment(**who, **when):
            repo.git.add("--all")
            repo.git.commit("--quiet", "--message=test")
            sha = repo.head.commit.hexsha
    return SourceRead(str(root), "", "", sha, "")


def added(source: SourceRead, *lines: Line) -> tuple[list[Line], list[str]]:
    return authorship.added(list(lines), SourceOptions(source.repository), source)


def line(kind: DriftKind, *path: str, declared: str = "", origin: Origin | None = None) -> Line:
    place: paths.Path = path
    origin = origin or Origin("all.yaml", 1, "c", Provenance.COMMIT)
    declared = declared or {"a": '"one"', "b": '"three"'}.get(path[-1] if path else "", "{}")
    return Line(Drift(kind, REF, paths.render(place), declared, "2", origin=origin), place)


@pytest.mark.parametrize(
    ("told", "author", "at", "exact"),
    [
        (line(DriftKind.CHANGED, "data", "a"), "Alice", 5, True),
        (line(DriftKind.CHANGED, "data", "b"), "Bob", 6, True),
        (line(DriftKind.CHANGED, "data"), "Bob", 4, True),
        (line(DriftKind.CHANGED, "metadata", "labels", "by-a-patch"), "Bob", 1, False),
        (line(DriftKind.CHANGED, "data", "a", declared='"patched"'), "Bob", 1, False),
        (line(DriftKind.CHANGED, "data", "a", declared='"hmac:0123"'), "Alice", 5, True),
        (line(DriftKind.FOREIGN, "data", "c"), "Bob", 1, False),
        (line(DriftKind.MISSING), "Bob", 1, False),
    ],
)
def test_the_youngest_line_of_the_place_counts(
    source: SourceRead, told: Line, author: str, at: int, exact: bool
) -> None:
    [done], notes = added(source, told)
    found = done.drift.declared_by
    assert found
    assert (found.author, found.line, found.exact) == (f"{author} <{author}>", at, exact)
    assert notes == []


def test_what_is_in_no_commit_is_said_once_for_all(source: SourceRead) -> None:
    folder = line(DriftKind.CHANGED, "data", "a", origin=Origin("all.yaml", 1))
    by_hand = line(DriftKind.CHANGED, "data", "a", origin=Origin("x.yaml", 1, "", Provenance.OPERATOR))
    told, notes = added(source, folder, by_hand, folder)
    assert [one.drift.declared_by for one in told] == [None, None, None]
    assert len(notes) == 2


def test_an_undeclared_object_has_no_history_and_needs_no_git() -> None:
    nowhere = SourceRead("/nonexistent", "", "", "0" * 40, "")
    stray = Line(Drift(DriftKind.UNMANAGED, REF, "", "(absent)", "(exists)"))
    assert added(nowhere, stray) == ([stray], [])


def test_a_history_that_cannot_be_read_is_said(source: SourceRead) -> None:
    [done], [note] = added(source, line(DriftKind.MISSING, origin=Origin("gone.yaml", 1, "c", Provenance.COMMIT)))
    assert done.drift.declared_by is None
    assert "gone.yaml" in note
