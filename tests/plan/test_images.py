"""Each case folder is one truth about the images of a blueprint: `images.txt` has them all, with policies and users.

`findings.txt` holds what their names are warned of for; where it is missing, nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.plan import images
from tests.plan import support

CASES = Path(__file__).parent / "image_cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/declared.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_blueprint_needs_the_images_that_its_case_says(folder: Path) -> None:
    blueprint = support.blueprint((folder / "declared.yaml").read_bytes())
    needed = images.needed(blueprint)
    rows = [" ".join([str(n.image), ",".join(n.policies), *map(str, n.users)]) for n in needed]
    assert rows == (folder / "images.txt").read_text().splitlines()
    expected = folder / "findings.txt"
    warnings = [str(finding) for finding in images.findings(blueprint, needed)]
    assert warnings == (expected.read_text().splitlines() if expected.exists() else [])


def test_a_plan_has_the_images_and_the_warnings() -> None:
    found = support.plan((CASES / "a_tag_that_moves_is_pulled_always_and_warned_of" / "declared.yaml").read_text())
    assert len(found.images) == 3
    assert [finding.code for finding in found.findings] == ["image-tag-moves", "image-tag-moves"]


def test_every_case_folder_is_complete() -> None:
    assert set(CASES.iterdir()) == set(FOLDERS)
    assert {path.parent for path in CASES.glob("*/images.txt")} == set(FOLDERS)
