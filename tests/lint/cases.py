"""Case folders of linting: what was declared, what is said of it, and what an API server does with it.

`expected.yaml` lists all `findings` in order (`code`, `at`, and `says`, a part of the message) and the names of the
objects that are `not_sent`. `refused_by_server` names what the lab's API server refuses, where that is more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rebuild.lint import check
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.sources import SourceFile
from rebuild.verify import schema

ROOT = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in ROOT.glob("*/*/input.yaml"))


def name(folder: Path) -> str:
    """How a test calls a folder."""
    return f"{folder.parent.name}/{folder.name}"


def expected(folder: Path) -> dict[str, Any]:
    """What the folder says."""
    loaded: dict[str, Any] = yaml.safe_load((folder / "expected.yaml").read_text())
    return loaded


def blueprint(text: str | bytes, namespace: str = "default") -> Blueprint:
    """What a text declares, read as a repository is."""
    data = text.encode() if isinstance(text, str) else text
    return read([SourceFile("input.yaml", data)], kinds=kinds.builtin(), namespace=namespace)


def checked(found: Blueprint) -> check.Checked:
    """What linting says of it."""
    crds = (m.body for m in found.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"))
    return check.check(found, schema.builtin().extended(crds))
