"""What a source hands over: file contents, and where they were read."""

from __future__ import annotations

from rebuild.model.discreet import Discreet
from rebuild.model.findings import Finding
from rebuild.model.objects import Origin, Provenance


class SourceFile(Discreet, frozen=True):
    """One file as read from a Git object or from disk; `path` is relative to the source's root.

    `line` is 0, unless the data was made from the file by a renderer: then all of it is declared on that line.
    """

    unshown = frozenset({"data"})

    path: str
    data: bytes
    commit: str = ""
    provenance: Provenance = Provenance.DIRECTORY
    line: int = 0

    def origin(self, line: int) -> Origin:
        """The place of something that stands on a line of this file."""
        return Origin(self.path, self.line or line, self.commit, self.provenance)


class Source(Discreet, frozen=True):
    """A set of files and their provenance. `commit` is empty for a plain directory: nobody can rebuild that tomorrow.

    `repository` never carries credentials. `ref` is what the caller asked for.
    """

    unshown = frozenset({"files"})

    repository: str
    files: tuple[SourceFile, ...]
    path: str = ""
    ref: str = ""
    commit: str = ""
    committed_at: str = ""
    findings: tuple[Finding, ...] = ()
