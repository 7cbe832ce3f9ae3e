"""Patterns say which fields a rule means: by hand-made truths, and by what holds for every path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.verify import paths, patterns
from rebuild.verify.paths import Index, Keyed, Member

WEB = ("spec", "containers", Keyed((("name", "web"),)), "image")
PORT = ("spec", "ports", Keyed((("port", 80), ("protocol", "TCP"))), "targetPort")
STAMP = ("metadata", "annotations", "example.com/stamp")
BODY = {"spec": {"containers": [{"name": "log"}, {"name": "web"}], "args": [{"name": "x"}], "set": ["a", "b"]}}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec", WEB),
        ("spec.containers", WEB),
        ("spec.containers[*].image", WEB),
        ("spec.containers[].image", WEB),
        ("spec.containers[name=web]", WEB),
        ("spec.containers[name=web].image", WEB),
        ("spec.containers[1].image", WEB),
        ("spec.*.*", ("spec", "a", "b")),
        ("spec.con*", WEB),
        ("/spec/containers/1/image", WEB),
        ("spec.ports[port=80]", PORT),
        ("spec.ports[port=80,protocol=TCP].targetPort", PORT),
        ("spec.ports[protocol=TCP]", PORT),
        ('metadata.annotations["example.com/stamp"]', STAMP),
        ("metadata.annotations.example*", STAMP),
        ("/metadata/annotations/example.com~1stamp", STAMP),
        ("spec.args[0]", ("spec", "args", Index(0))),
        ("spec.args[name=x].value", ("spec", "args", Index(0), "value")),
        ("spec.set[=b]", ("spec", "set", Member("b"))),
        ("/spec/set/1", ("spec", "set", Member("b"))),
        ("/data/0", ("data", "0")),
    ],
)
def test_a_pattern_means_a_field_and_what_lies_below(text: str, path: paths.Path) -> None:
    assert patterns.covers(patterns.parse(text), path, (BODY,))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.containers[name=web].image", ("spec", "containers")),
        ("spec.containers[name=log].image", WEB),
        ("spec.containers[0].image", WEB),
        ("/spec/containers/9/image", WEB),
        (f"/spec/args/{'1' * 5000}", ("spec", "args", Index(0))),
        ("spec.containers.web", WEB),
        ("spec.conta", WEB),
        ("spec[*]", WEB),
        ("spec.ports[port=8]", PORT),
        ("spec.set[=a]", ("spec", "set", Member("b"))),
        ("metadata", ("spec",)),
        ('spec["*"]', WEB),
        ("/spec/*", WEB),
    ],
)
def test_a_pattern_means_nothing_else(text: str, path: paths.Path) -> None:
    assert not patterns.covers(patterns.parse(text), path, (BODY,))


@pytest.mark.parametrize(
    "text", ["", "spec..x", "spec.", "spec[", "spec[name", "a b", "spec]x", "spec[0", 'x["a]', "."]
)
def test_what_is_no_path_says_where_it_goes_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a path from its character \d+ on|an empty path names no field"):
        patterns.parse(text)


NAMES = st.text(min_size=1, max_size=6)
PLAIN = st.text("abXY01_-", min_size=1, max_size=6)


def _items(keys: dict[str, str | int]) -> tuple[tuple[str, str | int], ...]:
    return tuple(keys.items())


STEPS = st.one_of(
    NAMES,
    st.builds(Index, st.integers(0, 99)),
    st.builds(Keyed, st.dictionaries(PLAIN, PLAIN | st.integers(0, 9), min_size=1, max_size=2).map(_items)),
    st.builds(Member, PLAIN | st.integers(0, 9)),
)
PATHS = st.lists(STEPS, min_size=1, max_size=5).map(tuple)


@given(PATHS, PATHS)
def test_the_text_that_shows_a_path_is_a_pattern_for_it_and_all_below(path: paths.Path, below: paths.Path) -> None:
    pattern = patterns.parse(paths.render(path))
    assert patterns.covers(pattern, path)
    assert patterns.covers(pattern, (*path, *below))
    assert not patterns.covers(pattern, path[:-1])


@given(st.lists(NAMES, min_size=1, max_size=4).map(tuple))
def test_a_json_pointer_finds_any_name(path: tuple[str, ...]) -> None:
    pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
    assert patterns.covers(patterns.parse(pointer), path)


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_a_clear_no(text: str) -> None:
    try:
        pattern = patterns.parse(text)
    except ValueError:
        return
    assert pattern != patterns.WHOLE


@given(st.lists(st.text("ab.", max_size=3), max_size=4), st.lists(st.text("ab.", max_size=3), max_size=3))
def test_a_glob_finds_what_it_was_made_of(parts: list[str], between: list[str]) -> None:
    text = parts[0] if parts else ""
    for part, filler in zip(parts[1:], [*between, *[""] * len(parts)], strict=False):
        text += filler + part
    assert patterns.globbed("*".join(parts), text)
    assert not patterns.globbed("*".join([*parts, "z"]), text)


def test_a_glob_of_many_stars_takes_no_time() -> None:
    assert not patterns.globbed("a*" * 5000 + "b", "a" * 20000)
