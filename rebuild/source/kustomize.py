"""A folder with a kustomization is rendered; any other is read as it stands.

kustomize runs as a contained program over a private copy of the folders that are needed: it sees no Git, no network, no
configuration of the user, and no link that leads out of the copy. What it renders is read like any other file, under
the name and line of the file that declared it.
"""

from __future__ import annotations

import json
import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rebuild.manifests import loader
from rebuild.model.errors import UsageError
from rebuild.model.findings import Severity
from rebuild.model.objects import Body, dig
from rebuild.model.sources import SourceFile
from rebuild.source import closure, copying, findings, paths, reading, render
from rebuild.source import store as stores
from rebuild.source.closure import Closure
from rebuild.source.reading import Reading
from rebuild.source.render import Renderer
from rebuild.source.store import Kind, Store

_ORIGIN = "config.kubernetes.io/origin"
_NOTE_ORIGINS = "originAnnotations"
_TREE, _TOP = "tree", "top"


def read(store: Store, path: str, *, work: Path, renderer: Renderer = render.any_kubectl) -> Reading:
    """The manifests at a path: rendered if it is a folder with a kustomization, else as they stand.

    Args:
        work: A private, existing directory; what is written there is gone when this returns.
        renderer: Which kubectl to prefer.

    Raises:
        UsageError: the path does not exist or holds no manifest, or there is no program that can render it.
    """
    begin = reading.start(store, path)
    if begin.kind is not Kind.FOLDER or not closure.file_of(store, begin.path):
        return reading.read(store, path)
    needed = closure.of(store, begin.path)
    result = Reading(findings=needed.findings, folders=tuple(sorted(needed.folders)), rendered=True)
    if any(finding.severity is Severity.ERROR for finding in result.findings):
        return result
    here = stores.origin(store, closure.file_of(store, begin.path))
    if not render.isolated():
        result.findings.append(findings.not_isolated(here))
    private = Path(tempfile.mkdtemp(prefix="kustomize-", dir=work)).resolve()
    try:
        copying.copy(store, needed.folders, needed.links, private / _TREE)
        _write_top(private / _TOP, needed)
        rendered = render.run(render.program(renderer), private / _TOP, private)
    finally:
        shutil.rmtree(private, ignore_errors=True)
    if rendered.problem:
        result.findings.append(findings.not_rendered(_without_top(rendered.problem, private), here))
        return result
    keep = _NOTE_ORIGINS in needed.build_metadata
    declared = _Declared(store, here.path, begin.path)
    result.files.extend(declared.file(body, keep=keep) for body in _bodies(rendered.output))
    if not result.files:
        raise UsageError(
            f"the kustomization {here.path} of {store.where} renders no object", hint="give another folder with --path"
        )
    return result


def _write_top(folder: Path, needed: Closure) -> None:
    """A kustomization over the one that is rendered, so that kustomize notes where each object was declared."""

    def below(path: str) -> str:
        return f"../{_TREE}/{path}" if path else f"../{_TREE}"

    top = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [below(path) for path in needed.resources],
        "components": [below(path) for path in needed.components],
        "buildMetadata": sorted({_NOTE_ORIGINS, *needed.build_metadata}),
    }
    copying.write(folder.parent, f"{folder.name}/kustomization.yaml", json.dumps(top).encode())


def _without_top(problem: str, private: Path) -> str:
    """What kustomize says, as if it had been run on the folder itself, with paths from the root of the store."""
    _, _, inner = problem.partition(f"recursed accumulation of path '{private}/{_TREE}")
    problem = inner.partition("': ")[2] or problem
    return problem.replace(f"{private}/{_TREE}/", "").replace(f"{private}/{_TREE}", "the root")


def _bodies(output: bytes) -> Iterator[Body]:
    for document in loader.documents(output):
        if isinstance(document.value, dict):
            yield document.value


class _Declared:
    """Where rendered objects were declared, by what kustomize noted in them."""

    def __init__(self, store: Store, kustomization: str, folder: str) -> None:
        self._store = store
        self._kustomization = kustomization
        self._folder = folder
        self._places: dict[str, list[tuple[str, str, int]]] = {}

    def file(self, body: Body, *, keep: bool) -> SourceFile:
        """One rendered object as a file of its own, without the note unless the repository asked for it."""
        noted = self._noted(body)
        path = paths.look(self._store, noted).path if noted else ""
        annotations = dig(body, "metadata", "annotations")
        if isinstance(annotations, dict) and _ORIGIN in annotations:
            if keep:
                annotations[_ORIGIN] = f"path: {posixpath.relpath(noted, self._folder or '.')}\n"
            else:
                del annotations[_ORIGIN]
                if not annotations:
                    del body["metadata"]["annotations"]
        data = json.dumps(body).encode(errors="surrogatepass")
        origin = stores.origin(self._store, path or self._kustomization, self._line(path, body) if path else 1)
        return SourceFile(origin.path, data, origin.commit, origin.provenance, origin.line)

    def _noted(self, body: Body) -> str:
        """The path in the store of the file that declared an object, or of the kustomization that generated it."""
        text = dig(body, "metadata", "annotations", _ORIGIN)
        note: Any = next((d.value for d in loader.documents(text.encode())), None) if isinstance(text, str) else None
        path = dig(note, "path") or dig(note, "configuredIn")
        if not isinstance(path, str):
            return ""
        inside = posixpath.normpath(posixpath.join(_TOP, path))
        found = inside.removeprefix(f"{_TREE}/")
        return found if found != inside and paths.look(self._store, found).kind is Kind.FILE else ""

    def _line(self, path: str, body: Body) -> int:
        """The line of the document in that file which is most like the object; names may have got affixes."""
        if path not in self._places:
            documents = loader.documents(self._store.data(path))
            bodies = ((d.value, d.line) for d in documents if isinstance(d.value, dict))
            self._places[path] = [
                (str(one.get("kind")), str(dig(one, "metadata", "name")), line) for one, line in bodies
            ]
        kind, name = body.get("kind"), str(dig(body, "metadata", "name"))
        alike = [(n == name, line) for k, n, line in self._places[path] if k == kind and n in name]
        return max(alike, key=lambda one: one[0])[1] if alike else 1
