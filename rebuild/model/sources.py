"""What a source hands over: file contents, and where they were read."""

from __future__ import annotations

from dataclasses import dataclass, field

from rebuild.model.findings import Finding
from rebuild.model.objects import Origin, Provenance


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as read from a Git object or from disk; `path` is relative to the source's root.

    `line` is 0, unless the data was made from the file by a renderer: then all of it is declared on that line.
    """

    path: str
    data: bytes = field(repr=False)
    commit: str = ""
    provenance: Provenance = Provenance.DIRECTORY
    line: int = 0

    def origin(self, line: int) -> Origin:
        """The place of something that stands on a line of this file."""
        return Origin(self.path, self.line or line, self.commit, self.provenance)


@dataclass(frozen=True, slots=True)
class Source:
    """A set of files and their provenance. `commit` is empty for a plain directory: nobody can rebuild that tomorrow.

    `repository` never carries credentials. `ref` is what the caller asked for.
    """

    repository: str
    files: tuple[SourceFile, ...] = field(repr=False)
    path: str = ""
    ref: str = ""
    commit: str = ""
    committed_at: str = ""
    findings: tuple[Finding, ...] = ()
