"""One folder per truth about reading: its other files are the input, `expected.yaml` says what comes of them.

`objects` lists what is read, in order: `ref`, `at` (path:line) and, where it matters, the whole `body`. `findings`
lists all of them, in order: `code`, `severity`, `at`, and `says`, a part of the message.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import rebuild.manifests
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.sources import SourceFile

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.rglob("expected.yaml"))


def _expected(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((folder / "expected.yaml").read_text())
    return loaded


def _read(folder: Path) -> Blueprint:
    inputs = sorted(path for path in folder.iterdir() if path.name != "expected.yaml")
    return read([SourceFile(path.name, path.read_bytes()) for path in inputs], kinds=kinds.builtin())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(CASES)))
def test_a_case_is_read_as_expected(folder: Path) -> None:
    expected, blueprint = _expected(folder), _read(folder)
    objects = expected.get("objects", [])
    assert [(str(m.ref), str(m.origin)) for m in blueprint] == [(o["ref"], o["at"]) for o in objects]
    for manifest, wanted in zip(blueprint, objects, strict=True):
        if "body" in wanted:
            # As text: to Python `1 == True == 1.0`, to Kubernetes they differ.
            assert json.dumps(manifest.body, sort_keys=True) == json.dumps(wanted["body"], sort_keys=True)
    findings = expected.get("findings", [])
    assert [(f.code, str(f.severity), str(f.origin)) for f in blueprint.findings] == [
        (f["code"], f["severity"], f["at"]) for f in findings
    ]
    for finding, wanted in zip(blueprint.findings, findings, strict=True):
        assert wanted["says"] in finding.message


def test_every_code_of_the_reader_has_a_case() -> None:
    """The only kebab-case texts in the two modules that judge are the codes of findings."""
    room = Path(str(rebuild.manifests.__file__)).parent
    constants = {
        node.value
        for module in ("read.py", "clean.py")
        for node in ast.walk(ast.parse((room / module).read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    codes = {text for text in constants if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    assert len(codes) > 10
    assert codes == {finding["code"] for folder in FOLDERS for finding in _expected(folder).get("findings", [])}
