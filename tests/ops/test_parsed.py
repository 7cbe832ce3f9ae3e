"""A pack of parsed files changes how long a plan takes and nothing else, and holds no Secret."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rebuild.manifests import loader
from rebuild.manifests.budget import Budget
from rebuild.manifests.document import Document
from rebuild.model import kinds
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import parsed
from rebuild.ops.blueprint import Declared, declared
from rebuild.ops.parsed import Pack
from rebuild.system import places
from tests.manifests.test_loader import YAMLISH

MAP = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n"
SECRET = b"apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {password: tulip}\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "parsed"


def source(*texts: bytes) -> Source:
    """With a file that is large enough to make the source worthwhile."""
    large = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\ndata: {x: '%s'}\n" % (b"x" * parsed.WORTHWHILE)
    return Source("shop.git", tuple(SourceFile(f"{n}.yaml", text) for n, text in enumerate((large, *texts))))


def plan(*texts: bytes) -> Declared:
    return declared([source(*texts)], kinds=kinds.builtin(), namespace="default")


def packs(cache: Path) -> list[Path]:
    return sorted(cache.iterdir()) if cache.exists() else []


@given(YAMLISH)
@example("a: 1e300\nb: 18446744073709551615\nc: -0.0\nd: 0.1\ne: ! 1\n")
@example("a: &x [1, 2]\nb: *x\n")
@example('{"a": "\\ud83d"}')
@example("kind: List\nitems:\n- a\n- b\n---\nc: d\n")
def test_a_file_says_the_same_out_of_a_pack(text: str) -> None:
    data = text.encode()
    first = Pack()
    list(first.documents(data))
    second = Pack(first.content)
    assert repr(list(second.documents(data))) == repr(list(loader.documents(data)))


@given(st.binary())
def test_a_broken_pack_is_no_pack(content: bytes) -> None:
    pack = Pack(content)
    assert list(pack.documents(MAP)) == list(loader.documents(MAP))
    assert pack.has_grown


def test_a_pack_with_one_bit_turned_is_no_pack() -> None:
    pack = Pack()
    list(pack.documents(MAP))
    content = bytearray(pack.content)
    content[-20] ^= 1
    again = Pack(bytes(content))
    list(again.documents(MAP))
    assert again.has_grown


def test_a_second_plan_parses_nothing_and_is_the_same(cache: Path) -> None:
    first = plan(MAP)
    before = packs(cache)[0].stat().st_mtime_ns
    again = plan(MAP)
    assert (again.blueprint.manifests, again.graph) == (first.blueprint.manifests, first.graph)
    assert packs(cache)[0].stat().st_mtime_ns == before


def test_a_changed_file_is_parsed_and_the_old_one_forgotten(cache: Path) -> None:
    plan(MAP)
    changed = plan(MAP.replace(b"'1'", b"'2'"))
    assert [each.body["data"] for each in changed.blueprint if each.ref.name == "a"] == [{"x": "2"}]
    assert b'"x":"1"' not in packs(cache)[0].read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        MAP + b"---\n" + SECRET,
        b"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {p: dHVs}}",
        b"apiVersion: v1\nkind: SecretList\nitems:\n- {metadata: {name: s}, stringData: {password: tulip}}\n",
        b'{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "tulip"}}',
    ],
)
def test_a_document_that_holds_a_secret_is_never_kept(text: bytes, cache: Path) -> None:
    plan(text)
    content = packs(cache)[0].read_bytes()
    assert b"tulip" not in content
    assert b"dHVs" not in content


def test_only_what_is_new_or_secret_is_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it stands: lines are those of the file that is read."""
    pack = Pack()
    list(pack.documents(MAP + b"---\n" + SECRET))
    again = Pack(pack.content)
    parsed_now: list[str] = []
    read = loader.yaml_part

    def counted(first: int, text: str, budget: Budget) -> tuple[Document, ...]:
        parsed_now.append(text)
        return read(first, text, budget)

    monkeypatch.setattr(loader, "yaml_part", counted)
    data = b"# a comment\n---\na: b\n---\n" + SECRET + b"---\n" + MAP
    found = list(again.documents(data))
    assert [text.encode() for text in parsed_now] == [b"# a comment\n", b"a: b\n", SECRET]
    monkeypatch.undo()
    assert found == list(loader.documents(data))


def test_a_text_is_kept_once() -> None:
    once, often = Pack(), Pack()
    list(once.documents(MAP))
    list(often.documents((MAP + b"---\n") * 9))
    assert often.content == once.content


def test_a_pack_is_private(cache: Path) -> None:
    plan(MAP)
    assert stat.S_IMODE(packs(cache)[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_what_aliases_unfold_into_is_not_kept() -> None:
    pack = Pack()
    list(pack.documents(b"a: &a {x: %s}\nb: [%s]\n" % (b"x" * 100, b"*a, " * 90)))
    assert not pack.has_grown


def test_a_small_source_leaves_nothing_behind(cache: Path) -> None:
    declared([Source("shop.git", (SourceFile("a.yaml", MAP),))], kinds=kinds.builtin(), namespace="default")
    assert packs(cache) == []


def test_old_packs_make_room(cache: Path) -> None:
    cache.mkdir(parents=True)
    old = cache / "old"
    old.write_bytes(b"")
    with old.open("r+b") as stream:
        stream.truncate(parsed.MOST_PACKED)
    plan(MAP)
    assert not old.exists()
    assert len(packs(cache)) == 1


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a directory")
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "file"))
    assert len(plan(MAP).blueprint) == 2
