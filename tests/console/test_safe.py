"""Foreign text cannot steer a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.console.safe import clean

CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("web", "web"),
        ("Zürich 東京", "Zürich 東京"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("[/b]\x1b]52;c;ZXZpbA==\x07", "[/b]]52;c;ZXZpbA=="),
        ("\x9b31mred", "31mred"),
        ("real\rfake", "real fake"),
        ("one\ntwo\u2028three\x85four", "one two three four"),
        ("user\u202etxt.exe\u2066\u200f", "usertxt.exe"),
        ("a\u200bb\ufeffc\u00adc", "abcc"),
        ("half\ud800pair", "halfpair"),
        ("beep\x07\x7f\x00", "beep"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@given(st.text(alphabet=st.characters()))
def test_nothing_that_steers_survives_and_nothing_else_is_added(text: str) -> None:
    cleaned = clean(text)
    assert not any(unicodedata.category(c) in CONTROLS for c in cleaned)
    assert clean(cleaned) == cleaned
    assert [c for c in cleaned if c != " "] == [c for c in text if c.isprintable() and c != " "]
