"""The loader takes any bytes, agrees with other readers where these are right, and never loses a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from rebuild.manifests import loader
from rebuild.manifests.document import DEEPEST
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.sources import SourceFile

# What both YAML and JSON may hold as it is: no control characters, no halves of surrogate pairs.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\u2028\u2029"))
# What PyYAML writes without quotes and Go reads as something else (`y`, `1e3`, `0o7`) is left to the cases.
UNDISPUTED = TEXT.filter(lambda text: text.lower() not in ("y", "n") and text[:1] not in set("0123456789+-."))


def scalars(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """The scalars that JSON and Kubernetes both have."""
    fractions = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
    return st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), fractions, text)


def objects(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects with values of all shapes, and this text in them."""
    values = st.recursive(
        scalars(text),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=20,
    )
    return st.dictionaries(text, values, min_size=1, max_size=4)


# Text in which the special things of YAML are likely.
YAMLISH = st.lists(
    st.sampled_from(
        [
            *("a", "b: ", "- ", "\n", "  ", "---", "...", "<<: ", "&x ", "*x", "!!int ", "!!binary ", "! ", "|", ">-"),
            *("'", '"', "[", "]", "{", "}", ",", "? ", ": ", "# c", "%YAML 1.2", "\t", "\r", "1_0", "0o", ".inf", "~"),
            *("apiVersion: v1\n", "kind: List\n", "items:\n", "metadata: ", "\ufeff", "\x00", "\x85", "=", "\\ud83d"),
        ]
    ),
    max_size=30,
).map("".join)


def _values(text: str) -> list[Any]:
    found = list(loader.documents(text.encode()))
    assert not [problem for document in found for problem in document.problems]
    return [document.value for document in found]


def _same(one: Any, other: Any) -> bool:
    """Equal with types: to Python `1 == True == 1.0`."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(st.binary())
@example(b"\xff\xfea\x00")
@example(b"x: " + b"1" * 5000)
@example(b'{"x": ' + b"1" * 5000 + b"}")
def test_no_bytes_make_it_raise(data: bytes) -> None:
    for document in loader.documents(data):
        assert 1 <= document.line <= data.count(b"\n") + 1 + data.count(b"\r")


@given(YAMLISH)
def test_no_text_makes_it_raise_and_what_it_reads_can_be_sent(text: str) -> None:
    for document in loader.documents(text.encode()):
        assert document.value is not None or any(problem.fatal for problem in document.problems)
        json.dumps(document.value, allow_nan=False, ensure_ascii=False).encode()


@given(objects(TEXT))
def test_json_comes_back_as_it_was(value: dict[str, Any]) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        [read_back] = _values(text)
        assert _same(read_back, value)


@given(objects(UNDISPUTED))
def test_yaml_that_pyyaml_writes_is_read_as_pyyaml_reads_it(value: dict[str, Any]) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    [read_back] = _values(text)
    assert _same(read_back, yaml.safe_load(text))


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["yaml", "json"])), min_size=1, max_size=6))
def test_lines_are_exact(parts: list[tuple[int, str]]) -> None:
    """Also those of the items of a List, in YAML and in JSON."""
    text = ""
    expected: list[tuple[int, tuple[int, ...]]] = []
    for blank, language in parts:
        text += "---\n" + "\n" * blank
        here = text.count("\n") + 1
        if language == "yaml":
            text += "kind: List\nitems:\n- {a: 1}\n\n- b: 2\n"
            expected.append((here, (here + 2, here + 4)))
        else:
            text += '{"kind": "List", "x": [{}, "]"],\n"items": [\n {"a": "\\n"},\n [1,\n2], 3]}\n'
            expected.append((here, (here + 2, here + 3, here + 4)))
    assert [(document.line, document.item_lines) for document in loader.documents(text.encode())] == expected


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "a: " + "[" * 300 + "]" * 300, "- " * 100_000, '{"a":' * 100_000, '{"a":' * 300 + "1" + "}" * 300],
)
def test_what_is_nested_too_deeply_is_an_error_and_no_crash(text: str) -> None:
    [document] = loader.documents(text.encode())
    assert [(problem.line, problem.message) for problem in document.problems] == [(1, "nested too deeply")]


def test_what_may_be_nested_can_be_sent() -> None:
    """The deepest document is still within what orjson writes."""
    depth = DEEPEST - 2
    files = [
        SourceFile("a.yaml", f"apiVersion: v1\nkind: A\nmetadata: {{name: a}}\nx: {'[' * depth}{']' * depth}".encode()),
        SourceFile(
            "b.json",
            f'{{"apiVersion":"v1","kind":"A","metadata":{{"name":"b"}},"x":{"[" * depth}{"]" * depth}}}'.encode(),
        ),
    ]
    blueprint = read(files, kinds=kinds.builtin())
    assert blueprint.findings == ()
    assert [manifest.payload.count(b"[") for manifest in blueprint] == [depth, depth]


FIELDS = st.dictionaries(
    st.sampled_from(["apiVersion", "kind", "metadata", "items", "spec", "status", "type"]),
    st.recursive(
        st.sampled_from(["v1", "", "List", "ConfigMap", "PersistentVolume", "Secret", "CustomResourceDefinition"])
        | scalars(TEXT),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["name", "namespace", "ownerReferences", "annotations", "claimRef", "uid", "names", "versions"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    ),
)


@given(st.lists(FIELDS, max_size=4))
def test_objects_of_any_shape_are_read_or_reported(bodies: list[dict[str, Any]]) -> None:
    files = [SourceFile(f"{number}.json", json.dumps(body).encode()) for number, body in enumerate(bodies)]
    blueprint = read(files, kinds=kinds.builtin())
    for manifest in blueprint:
        assert json.loads(manifest.payload)["metadata"]["name"] == manifest.ref.name
