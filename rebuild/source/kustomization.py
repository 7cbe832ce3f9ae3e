"""What a kustomization says about other files, read without kustomize: which folders it builds on, and what is remote.

kustomize downloads whatever looks like an address, with the network and the credentials of whoever runs it. Here an
entry that could be one is named before any program starts. Only the places that kustomize loads from are looked at
(kustomize's api/types/kustomization.go); what they lead to is for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from rebuild.manifests import loader
from rebuild.model.objects import Body, dig, dig_list, dig_maps

FILE_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize looks for in a folder (konfig.RecognizedKustomizationFileNames)."""

_MAY_BE_FOLDERS = ("resources", "bases", "components", "generators", "transformers", "validators")
_FILES = ("crds", "configurations", "patchesStrategicMerge")
_WITH_PATH = ("patches", "patchesJson6902", "replacements")
_GENERATORS = ("configMapGenerator", "secretGenerator")
_HELM = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_ADDRESS = re.compile(r"://|(?:^|=)\s*(?:https?:|git::|gh:|file:)", re.IGNORECASE)
# What kustomize clones unless a file has that name (api/internal/git/repospec.go).
_REPOSITORY = re.compile(r"^(?:github\.com[/:]|[^/]*@)|[?&](?:ref|version|submodules|timeout)=", re.IGNORECASE)


class Entry(Struct, frozen=True):
    """A text that kustomize would load something by, the list it stands in, and its line."""

    field: str
    text: str
    line: int

    @property
    def may_be_folder(self) -> bool:
        """Whether kustomize would also take a folder with a kustomization here."""
        return self.field in _MAY_BE_FOLDERS

    @property
    def is_address(self) -> bool:
        """Whether kustomize would take it for an address whatever files there are."""
        return bool(_ADDRESS.search(self.text))

    @property
    def may_be_repository(self) -> bool:
        """Whether kustomize would take it for a repository if no file has this name."""
        return self.may_be_folder and bool(_REPOSITORY.search(self.text))


class Kustomization(Struct, frozen=True):
    """One kustomization file. `problem` says why it cannot be read; the rest is empty then."""

    component: bool = False
    entries: tuple[Entry, ...] = ()
    build_metadata: tuple[str, ...] = ()
    helm: str = ""
    problem: str = ""
    problem_line: int = 1


def parse(data: bytes) -> Kustomization:
    """Read a kustomization. Never raises."""
    found = list(loader.documents(data))
    for document in found:
        for problem in document.problems:
            return Kustomization(problem=problem.message, problem_line=problem.line)
    if len(found) != 1 or not isinstance(found[0].value, dict):
        return Kustomization(problem="it has to hold one mapping")
    body: Body = found[0].value
    lines = data.decode(errors="replace").splitlines()
    entries = [Entry(field, text, _line(lines, text)) for field, text in _texts(body) if "\n" not in text]
    return Kustomization(
        component=body.get("kind") == "Component",
        entries=tuple(entries),
        build_metadata=tuple(text for text in dig_list(body, "buildMetadata") if isinstance(text, str)),
        helm=next((field for field in _HELM if body.get(field)), ""),
    )


def _texts(body: Body) -> Iterator[tuple[str, str]]:
    """A text with line breaks is not a path but the content itself, which patches may be given by."""
    found: list[tuple[str, Any]] = []
    for field in (*_MAY_BE_FOLDERS, *_FILES):
        found.extend((field, text) for text in dig_list(body, field))
    for field in _WITH_PATH:
        found.extend((field, item.get("path")) for item in dig_maps(body, field))
    found.append(("openapi", dig(body, "openapi", "path")))
    for field in _GENERATORS:
        for item in dig_maps(body, field):
            found.append((field, item.get("env")))
            found.extend((field, text) for part in ("files", "envs") for text in dig_list(item, part))
    return ((field, text) for field, text in found if isinstance(text, str) and text)


def _line(lines: list[str], text: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)
