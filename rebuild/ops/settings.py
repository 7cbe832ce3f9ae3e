"""The user's own settings: which clusters `apply` may write to, whatever the flags say. Optional, and read strictly.

A guard that was misspelt would guard nothing, so everything that the file says and that is not understood is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

from msgspec import Struct

from rebuild.manifests import lines, loader
from rebuild.model.errors import UsageError
from rebuild.model.objects import dig
from rebuild.system import places

Lines: TypeAlias = dict[tuple[str, ...], int]
_KEYS: dict[tuple[str, ...], tuple[str, ...]] = {
    (): ("contexts", "clusters"),
    ("contexts",): ("allow",),
    ("clusters",): ("deny",),
}


class Settings(Struct, frozen=True):
    """`allowed_contexts` are glob patterns, None where every context may be used; `denied_clusters` are UIDs."""

    path: Path
    allowed_contexts: tuple[str, ...] | None = None
    denied_clusters: frozenset[str] = frozenset()


def read() -> Settings:
    """The settings of whoever runs the command; none where there is no file.

    Raises:
        UsageError: when the file cannot be read, or when `REBUILD_CONFIG` names one that does not exist. Every
            problem of its content is named with its line.
    """
    path = places.config_file()
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        if not places.config_is_named():
            return Settings(path)
        raise UsageError(
            f"{places.CONFIG_VARIABLE} names {path}, which does not exist", hint="create it, or unset the variable"
        ) from error
    except OSError as error:
        raise UsageError(
            f"the settings {path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    return _parsed(path, data)


def _parsed(path: Path, data: bytes) -> Settings:
    documents = list(loader.documents(data))
    if not documents:
        return Settings(path)
    problems = [(problem.line, problem.message) for document in documents for problem in document.problems]
    if len(documents) > 1:
        problems.append((documents[1].line, "a second document begins here, and there can be only one"))
    content = documents[0].value
    if not problems:
        problems = sorted(_misfits(content, lines.of_keys(data)))
    if problems:
        text = "\n".join(f"{path}:{line}: {message}" for line, message in problems)
        raise UsageError(text, hint="docs/configuration.md lists what the file may say")
    allow = dig(content, "contexts", "allow")
    deny = dig(content, "clusters", "deny") or ()
    return Settings(path, None if allow is None else tuple(allow), frozenset(str(UUID(uid)) for uid in deny))


def _misfits(content: Any, at: Lines) -> Iterator[tuple[int, str]]:
    for path, allowed in _KEYS.items():
        part = dig(content, *path)
        if isinstance(part, dict):
            for key in part.keys() - set(allowed):
                yield at.get((*path, key), 1), f"there is no {'.'.join((*path, key))} here, only {', '.join(allowed)}"
        elif not path or _has(content, path):
            yield at.get(path, 1), f"{'.'.join(path) or 'the document'} has to be a mapping"
    yield from _misfits_of_list(content, at, ("contexts", "allow"), _is_pattern, "a pattern for the names of contexts")
    yield from _misfits_of_list(content, at, ("clusters", "deny"), _is_uid, "the UID of a kube-system namespace")


def _misfits_of_list(
    content: Any, at: Lines, path: tuple[str, ...], fits: Callable[[Any], bool], what: str
) -> Iterator[tuple[int, str]]:
    values, name, line = dig(content, *path), ".".join(path), at.get(path, 1)
    if isinstance(values, list):
        yield from ((line, f"{value!r} in {name} is not {what}") for value in values if not fits(value))
    elif _has(content, path):
        yield line, f"{name} has to be a list"


def _has(content: Any, path: tuple[str, ...]) -> bool:
    above = dig(content, *path[:-1])
    return isinstance(above, dict) and path[-1] in above


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_uid(value: Any) -> bool:
    try:
        return bool(UUID(value))
    except (ValueError, AttributeError, TypeError):
        return False
