"""Nothing of a Secret is shown but what identifies it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model import redaction
from rebuild.model.refs import Ref

KEY = b"key"
SECRET = Ref.of("v1", "Secret", "shop", "db")
TOKEN = "correct-horse-battery"


@pytest.mark.parametrize("path", [("metadata", "name"), ("metadata", "labels", "a"), ("type",), ("immutable",)])
def test_what_identifies_a_secret_is_shown(path: tuple[str, ...]) -> None:
    assert redaction.shown(SECRET, path, "x", KEY) == '"x"'


@pytest.mark.parametrize(
    "path",
    [(), ("data",), ("stringData", "a"), ("metadata",), ("metadata", "annotations", "a"), ("stringdata",)],
)
def test_everything_else_is_a_digest(path: tuple[str, ...]) -> None:
    shown = redaction.shown(SECRET, path, {"deep": [TOKEN, {"er": TOKEN}]}, KEY)
    assert TOKEN not in shown
    assert shown.count("hmac:") == 2


def test_other_kinds_are_shown_as_they_are() -> None:
    assert redaction.shown(Ref.of("v1", "ConfigMap", "a", "b"), ("data",), {"b": 1, "a": 2}, KEY) == '{"a": 2, "b": 1}'
    assert redaction.shown(Ref.of("example.com/v1", "Secret", "a", "b"), ("data",), "x", KEY) == '"x"'


def test_a_digest_depends_on_the_key_and_is_short() -> None:
    assert redaction.digest(b"x", KEY) != redaction.digest(b"x", b"other")
    assert len(redaction.digest(b"x", KEY)) == len("hmac:") + 12


def test_data_and_string_data_of_one_value_have_one_digest() -> None:
    assert redaction.shown(SECRET, ("data", "a"), "aGk=", KEY) == redaction.shown(
        SECRET, ("stringData", "a"), "hi", KEY
    )


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_value_can_be_shown(value: Any) -> None:
    assert redaction.shown(SECRET, ("data",), value, KEY)
