"""docs/errors.md and docs/findings.md are what the source says, and they leave nothing out."""

from __future__ import annotations

import re

import pytest

from rebuild.model.errors import RebuildError
from tools import generate_errors

CLASSES = generate_errors.error_classes()
ENTRIES = generate_errors.codes(generate_errors.trees())


def test_the_page_is_up_to_date() -> None:
    assert generate_errors.PAGE.read_text() == generate_errors.page(), "run `python tools/generate_errors.py`"
    assert generate_errors.FINDINGS.read_text() == generate_errors.findings_page(), "run the same"


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_each_error_has_a_code_of_its_own_and_says_what_it_means(error: type[RebuildError]) -> None:
    assert [each for each in CLASSES if each.code == error.code] == [error]
    assert error.__doc__
    assert f"| `{error.code}` |" in generate_errors.PAGE.read_text()


@pytest.mark.parametrize("code", ENTRIES)
def test_each_finding_says_something_and_how_severe_it_is(code: str) -> None:
    assert ENTRIES[code].messages or ENTRIES[code].steps
    assert ENTRIES[code].severities


def test_every_code_that_a_case_expects_is_on_the_page() -> None:
    """What the rules really say, by the files that their tests compare with."""
    cases = (path.read_text() for path in sorted((generate_errors.ROOT / "tests").rglob("findings.txt")))
    said = {code for text in cases for code in re.findall(r" \[([a-z-]+)\](?: \(.*\))?$", text, re.MULTILINE)}
    assert len(said) > 10
    assert said <= ENTRIES.keys()


def test_no_code_of_a_finding_escapes_the_page() -> None:
    """Every kebab-case text in a statement that makes a finding, by a search that knows nothing of syntax."""
    made = re.compile(r'(?:Finding|Limit|problem|error|warn|hold_back)\(\s*(?:code=)?f?"([a-z]+(?:-[a-z]+)+)"')
    sources = (path.read_text() for path in sorted((generate_errors.ROOT / "rebuild").rglob("*.py")))
    found = {code for source in sources for code in made.findall(source)}
    assert found
    assert found <= ENTRIES.keys()
