"""Asks kubectl and an API server what they make of files: all rows in one dry run against a schemaless kind."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.manifests.parity.tables import GROUP, KIND, PLURAL, Answer, Row

_CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"{PLURAL}.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Cluster",
        "names": {"kind": KIND, "listKind": f"{KIND}List", "plural": PLURAL, "singular": KIND.lower()},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def ask(rows: Iterable[Row], folder: Path, kubectl: Path, kubeconfig: Path) -> dict[str, Answer]:
    """What kubectl reads from each row and the server accepts, by the names of the rows.

    Args:
        folder: an empty one, for the rows' files.

    Raises:
        subprocess.SubprocessError: kubectl cannot make the kind.
    """
    base = [str(kubectl), "--kubeconfig", str(kubeconfig)]
    names = []
    for row in rows:
        names.append(row.name)
        (folder / f"{row.name}.yaml").write_bytes(row.data)
    crd = [*base, "apply", "--server-side", "-f", "-"]
    subprocess.run(crd, input=json.dumps(_CRD), text=True, check=True, timeout=60, capture_output=True)
    try:
        served = [*base, "wait", "--for=condition=Established", f"crd/{PLURAL}.{GROUP}", "--timeout=60s"]
        subprocess.run(served, check=True, timeout=70, capture_output=True)
        create = [*base, "create", "--dry-run=server", "-o", "json", "-f", str(folder)]
        said = subprocess.run(create, text=True, check=False, timeout=120, capture_output=True)
    finally:
        gone = [*base, "delete", "crd", f"{PLURAL}.{GROUP}", "--wait=false"]
        subprocess.run(gone, check=True, timeout=60, capture_output=True)
    objects: dict[str, list[Any]] = {name: [] for name in names}
    for found in _objects(said.stdout):
        objects[found["metadata"]["name"].partition(".")[0]].append(bare(found))
    refused = _refusals(said.stderr, folder)
    return {name: Answer(tuple(objects[name]), refused.get(name, "")) for name in names}


def bare(found: dict[str, Any]) -> dict[str, Any]:
    """An object without what only says which row it is."""
    return {name: value for name, value in found.items() if name not in ("apiVersion", "kind", "metadata")}


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder, position = json.JSONDecoder(), 0
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        found, position = decoder.raw_decode(text, position)
        yield from found["items"] if found["kind"] == "List" else [found]


def _refusals(said: str, folder: Path) -> dict[str, str]:
    """The complaints of kubectl by row; one may take several lines, and names its file somewhere."""
    path = re.compile(re.escape(f"{folder}/") + r"([a-z0-9-]+)\.yaml")
    refused: dict[str, str] = {}
    for line in said.splitlines():
        if match := path.search(line):
            refused.setdefault(match[1], path.sub("FILE", line).removeprefix("error: "))
    return refused
