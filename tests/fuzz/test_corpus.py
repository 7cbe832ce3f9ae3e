"""Every input that was ever worth keeping still does no harm, and neither does what is near to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import CORPUS, TARGETS


def kept(target: str) -> list[Path]:
    return sorted((CORPUS / target).iterdir())


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_has_a_corpus_of_few_and_small_files(target: str) -> None:
    assert 0 < len(kept(target)) < 200
    assert max(path.stat().st_size for path in kept(target)) <= 4096


@pytest.mark.parametrize(
    ("target", "path"),
    [(target, path) for target in TARGETS for path in kept(target)],
    ids=lambda value: Path(value).name,
)
def test_a_kept_input_does_no_harm(target: str, path: Path) -> None:
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_an_input_that_is_near_to_a_kept_one_does_no_harm(target: str, data: st.DataObject) -> None:
    whole, other = (data.draw(st.sampled_from(kept(target))).read_bytes() for _ in range(2))
    begin, end = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    start = data.draw(st.integers(0, len(other)))
    middle = data.draw(st.binary(max_size=8) | st.just(other[start : start + end - begin]))
    TARGETS[target](whole[:begin] + middle + whole[end:])
