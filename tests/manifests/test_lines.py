"""Where keys stand in a document."""

from __future__ import annotations

from rebuild.manifests import lines


def test_each_key_and_each_entry_has_its_line() -> None:
    found = lines.of_keys(b"# mine\na:\n  b: [1]\n\nc: {d: 1}\n")
    assert found == {("a",): 2, ("a", "b"): 3, ("a", "b", "0"): 3, ("c",): 5, ("c", "d"): 5}


def test_an_anchor_that_contains_itself_comes_to_an_end() -> None:
    assert lines.of_keys(b"a: &x\n  b: *x\n")["a", "b"] == 2


def test_an_empty_document_has_none() -> None:
    assert lines.of_keys(b"") == {}
