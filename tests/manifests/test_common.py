"""What the reader of common YAML takes, it reads as libyaml and `build` do; the rest it leaves to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rebuild.manifests import common, loader
from rebuild.manifests.budget import Budget
from rebuild.manifests.document import Document
from tests.manifests.parity import tables

HERE = Path(__file__).parent
EXAMPLES = HERE.parent.parent / "examples"

# What a line may be made of: some of it is common, and most of the rest is what the reader has to leave to libyaml.
FRAGMENTS = (
    """a: b|b:|c:|- |-   |- d|- e: f|x|# c||n: {}|o: []|p: [a, b]|q: {a: b, c: [d, {e: f}]}|s: {a: 1, a: 2}
r: ["x", 'y', 1]|"t": u|'v': w|a: "b" # c|a: 'it''s'|a: b # c|a: b#c|a: # c|- # c|a: "b\\n"
y: 1|yes|0x1f|1e3|-1|- - a|:x|a:b|x: y: z
x: -|--|~|.inf|1_0|*a|&a b|!x|? a|<<: x|%|@|>|>- x|,|a, b|...|---|--- |items:|a: [a b, c-d, e.f:1, http://x:1/y]|a: [a,]
a: {b}|a: {b: }|a: [?b]|a: (b)|a: $(B)|é: ü|   |a: b  c  |a : b|"a" : b|"a": "b": c|a: [b: c]
a: [ ]|a: {"b": 'c'}|a: [b]#c""",
    *("k: |", "l: |-", "m: |+ # c", "- |", "\u2028", "\ufeff", "\x85", "\t", "\r"),
)
LINES = st.builds(
    lambda indent, parts: " " * indent + "".join(parts),
    st.sampled_from([0, 0, 0, 2, 2, 2, 4, 4, 1, 3, 6]),
    st.lists(
        st.sampled_from([*FRAGMENTS[0].replace("\n", "|").split("|"), *FRAGMENTS[1:]]),
        max_size=2,
    ),
)


def same(text: str) -> Document | None:
    """What the reader says of a text, once it is known to be what libyaml says."""
    found = common.document(text, 7)
    if found is not None:
        assert repr((found,)) == repr(loader.composed(7, text, Budget()))
    return found


@given(st.lists(LINES, max_size=8).map(lambda lines: "\n".join((*lines, ""))))
@example("a:\n- b\n- c: d\n  e:\n  - f\ng: h\n")
@example("a: |\n\n    b\n   c\n")
@example("a: |+\n  b\n   \n\nc: d\n")
@example("- |\n b\n- c\n")
@example("a: |\n  b\n # c\n  d\n")
@example("a: b\n  c\n")
@example("a:\n    b: c\n  d: e\n")
@example("---#a\nb: c\n")
@example(f"{'a' * 1030}: b\n")
@example(f"a: {'[' * 300}{']' * 300}\n")
@example("".join(f"{' ' * level}a:\n" for level in range(250)))
@settings(max_examples=600)
def test_a_text_is_read_as_libyaml_reads_it_or_not_at_all(text: str) -> None:
    same(text)


@given(st.sampled_from(sorted(EXAMPLES.rglob("*.yaml"))), st.data())
@settings(max_examples=150)
def test_a_manifest_with_a_slip_of_the_pen_is_read_as_libyaml_reads_it(path: Path, data: st.DataObject) -> None:
    text = path.read_text()
    place = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 3))
    slip = data.draw(st.text(" \n:-#'\"{}[],|>&*!?%@0a\\é", max_size=3))
    for first, part in loader.split(text[:place] + slip + text[place + gone :], 1):
        if isinstance(part, str):
            assert first > 0
            same(part)


@pytest.mark.parametrize("row", tables.rows(), ids=lambda row: row.name)
def test_a_row_of_the_parity_tables_is_read_alike(row: tables.Row) -> None:
    try:
        text = row.data.decode()
    except UnicodeDecodeError:
        return
    for _, part in loader.split(text, 1):
        if isinstance(part, str):
            same(part)


def test_most_manifests_are_common() -> None:
    """Otherwise nothing above would say anything about them."""
    parts = [part for path in sorted(EXAMPLES.rglob("*.yaml")) for _, part in loader.split(path.read_text(), 1)]
    found = [same(part) for part in parts if isinstance(part, str)]
    assert sum(each is not None for each in found) > 0.8 * len(found)
