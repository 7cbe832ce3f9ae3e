"""The user's settings: few words, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.model.errors import UsageError
from rebuild.ops import settings
from rebuild.ops.settings import Settings
from rebuild.system import places

UID = "3f1c2a44-7d7e-4c1b-9a44-0e4f3c1d2b5a"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.yaml"
    monkeypatch.setenv(places.CONFIG_VARIABLE, str(path))
    return path


def complaint() -> UsageError:
    with pytest.raises(UsageError) as caught:
        settings.read()
    assert caught.value.hint
    return caught.value


def test_without_a_file_nothing_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(places.CONFIG_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = settings.read()
    assert (found.allowed_contexts, found.denied_clusters) == (None, frozenset())
    assert found.path.is_relative_to(tmp_path)


def test_both_lists_are_read(file: Path) -> None:
    file.write_text(f"contexts:\n  allow: [staging-*, dev]\nclusters:\n  deny: [{UID.upper()}]\n")
    assert settings.read() == Settings(file, ("staging-*", "dev"), frozenset({UID}))


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n", "contexts: {}\nclusters: {}\n"])
def test_a_file_may_say_nothing(file: Path, text: str) -> None:
    file.write_text(text)
    assert settings.read() == Settings(file)


def test_an_empty_list_allows_nothing(file: Path) -> None:
    file.write_text("contexts: {allow: []}\n")
    assert settings.read().allowed_contexts == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\ncontext: {allow: [a]}\n", 2, "there is no context here, only contexts, clusters"),
        ("contexts:\n  alow: [a]\n", 2, "there is no contexts.alow here, only allow"),
        ("clusters:\n  deny: []\n  allow: []\n", 3, "there is no clusters.allow here, only deny"),
        ("contexts:\n", 1, "contexts has to be a mapping"),
        ("contexts: [a]\n", 1, "contexts has to be a mapping"),
        ("contexts:\n  allow: staging\n", 2, "contexts.allow has to be a list"),
        ("contexts:\n  allow:\n", 2, "contexts.allow has to be a list"),
        ("contexts: {allow: [a, 7]}\n", 1, "7 in contexts.allow is not a pattern for the names of contexts"),
        ("contexts: {allow: ['']}\n", 1, "'' in contexts.allow is not a pattern"),
        ("clusters:\n  deny: [prod]\n", 2, "'prod' in clusters.deny is not the UID of a kube-system namespace"),
        ("x: &x {deny: [prod]}\nclusters: {<<: *x}\n", 1, "'prod' in clusters.deny is not the UID"),
        ("clusters: {deny: []}\nclusters: {deny: []}\n", 2, "given twice"),
        ("a: 1\nb: c: d\n", 2, "not YAML"),
        ("just text\n", 1, "the document has to be a mapping"),
        ("{}\n---\n{}\n", 3, "a second document begins here"),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_line(file: Path, text: str, line: int, words: str) -> None:
    file.write_text(text)
    assert any(part.startswith(f"{file}:{line}: ") and words in part for part in str(complaint()).splitlines())


def test_all_problems_are_told_at_once(file: Path) -> None:
    file.write_text("contexts:\n  alow: [a]\nclusters:\n  deny: [prod]\n  x: 1\n")
    lines = [part.removeprefix(f"{file}:").partition(":")[0] for part in str(complaint()).splitlines()]
    assert lines == ["2", "4", "5"]


def test_a_file_that_was_named_has_to_exist(file: Path) -> None:
    assert str(file) in str(complaint())
    assert places.CONFIG_VARIABLE in str(complaint())


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    file.mkdir()
    assert f"{file} cannot be read" in str(complaint())
