"""What a verb is asked to rebuild: a repository, and what the operator adds from outside Git."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from msgspec import Struct

from rebuild.model.events import SourceRead
from rebuild.model.sources import Source
from rebuild.ops import parsed
from rebuild.ops.parsed import Said
from rebuild.system import apart


class SourceOptions(Struct, frozen=True):
    """`location` is a path or URL; `additions` are directories of manifests outside Git (break-glass Secrets)."""

    location: str
    ref: str = ""
    path: str = ""
    namespace: str = "default"
    additions: tuple[Path, ...] = ()


def read_all(options: SourceOptions) -> list[Source]:
    """Read the repository and the additions; what is fetched is gone when this returns.

    Raises:
        UsageError: when there is nothing to read; Unreachable: when a repository does not answer.
    """
    # Imported late, as GitPython takes long, and who reads a source apart need not load it here as well.
    from rebuild.source.open import read_directory, read_source

    with tempfile.TemporaryDirectory(prefix="rebuild-source-") as work:
        repository = read_source(
            options.location, ref=options.ref, path=options.path, work=Path(work), renderer=_kubectl
        )
    return [repository, *(read_directory(path) for path in options.additions)]


def ahead(options: SourceOptions) -> AbstractContextManager[Callable[[], tuple[list[Source], Said]]]:
    """Begin to read and to parse now; what this gives waits for what is read, and raises what `read_all` does."""
    return apart.begun(partial(_read_and_parsed, options))


def _read_and_parsed(options: SourceOptions) -> tuple[list[Source], Said]:
    sources = read_all(options)
    return sources, parsed.documents(sources)


def _kubectl() -> str:
    """The lab's own kubectl, so that a kustomization renders alike on every machine that has the lab."""
    # Imported late: most sources have nothing to render.
    from rebuild.providers.kwok import binaries

    lab = binaries.cached()
    return str(lab.path("kubectl")) if lab else ""


def event_of(sources: list[Source]) -> SourceRead:
    """The repository as it is told."""
    main = sources[0]
    return SourceRead(main.repository, main.ref, main.path, main.commit, main.committed_at)
