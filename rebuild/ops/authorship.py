"""Adds to lines of drift which commit declared the place last: each file with drift is asked for once."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from rebuild.manifests import located, scalars
from rebuild.model.drift import Authorship, DriftKind
from rebuild.model.events import SourceRead
from rebuild.model.objects import Provenance
from rebuild.ops.sources import SourceOptions
from rebuild.source import blame
from rebuild.source.blame import Blamed, History
from rebuild.verify.drift import places
from rebuild.verify.drift.lines import Line


def added(told: list[Line], asked: SourceOptions, source: SourceRead) -> tuple[list[Line], list[str]]:
    """The same lines with what Git tells of them, and why it tells nothing of some."""
    files = sorted({_file(line) for line in told} - {""})
    if not files:
        return told, _notes(told, History({}))
    with tempfile.TemporaryDirectory(prefix="rebuild-history-") as work:
        # A repository on this machine is read where it is, whatever part of it was asked for.
        place = source.repository if Path(source.repository).exists() else asked.location
        history = blame.blame(place, commit=source.commit, paths=files, work=Path(work))
    by_document: dict[tuple[str, int], located.Located | None] = {}
    done = []
    for line in told:
        blamed = history.files.get(_file(line))
        found = _authorship(line, blamed, history, by_document) if blamed else None
        done.append(replace(line, drift=replace(line.drift, declared_by=found)) if found else line)
    return done, _notes(told, history)


def _file(line: Line) -> str:
    """The file whose history tells something of a line; nothing where that is not a commit's."""
    origin = line.drift.origin
    return origin.path if origin and origin.provenance is Provenance.COMMIT else ""


def _authorship(
    line: Line, blamed: Blamed, history: History, by_document: dict[tuple[str, int], located.Located | None]
) -> Authorship | None:
    origin = line.drift.origin
    assert origin is not None
    key = origin.path, origin.line
    if key not in by_document:
        by_document[key] = located.document(blamed.data, origin.line)
    whole = by_document[key]
    field = places.find(whole, line.path) if whole and line.drift.kind is DriftKind.CHANGED else None
    if field and not _says(field, line.drift.declared):
        # A patch of a kustomization says something else of it, and stands elsewhere.
        field = None
    place = field or whole or located.Located(origin.line, origin.line)
    commit = blamed.latest(place.first, place.last)
    if commit is None:
        return None
    oldest = history.is_shallow and commit.is_boundary
    return Authorship(commit.sha, commit.author, commit.date, place.first, field is not None, oldest)


def _says(field: located.Located, declared: str) -> bool:
    """Whether a scalar in the text is the declared value; of a Secret's digest nobody can tell."""
    if field.text is None or declared.startswith('"hmac:'):
        return True
    value = json.loads(declared)
    return value in (field.text, scalars.resolve(field.text))


def _notes(told: Iterable[Line], history: History) -> list[str]:
    counts: dict[Provenance, int] = defaultdict(int)
    for line in told:
        if line.drift.origin:
            counts[line.drift.origin.provenance] += 1
    notes = [f"who declared something is not known of all lines: {history.trouble}"] if history.trouble else []
    if counts[Provenance.DIRECTORY]:
        notes.append("the source is no commit, so nobody can tell who declared what")
    if counts[Provenance.OPERATOR]:
        notes.append("what --with adds is in no commit, so nobody can tell who declared it")
    return notes
