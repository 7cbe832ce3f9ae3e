"""What all providers write down of a lab in one way, and what that says of the lab whatever runs of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

import orjson

from rebuild.providers import claims
from rebuild.providers.claims import State, UnknownLab
from rebuild.system import processes


class Described(Protocol):
    """A lab as its description file has it: a struct of its provider's."""

    __struct_fields__: ClassVar[tuple[str, ...]]

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def complete(self) -> bool:
        """False from the claim of the name until the lab can be used."""

    @property
    def owner(self) -> str:
        """The process that it belongs to, as `processes.identity` has it; nothing for one that stays."""


L = TypeVar("L", bound=Described)


def encode(provider: str, lab: Described) -> bytes:
    """The description file's content."""
    row = {"provider": provider} | {name: getattr(lab, name) for name in lab.__struct_fields__}
    return orjson.dumps(row, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read(home: Path, make: Callable[..., L], *paths: str) -> L | None:
    """The lab that a directory describes, or None where nothing there does.

    Args:
        home: the directory.
        make: the provider's struct.
        paths: the names of those of its fields that hold paths.
    """
    try:
        row = orjson.loads((home / claims.DESCRIPTION).read_bytes())
        fields = {key: value for key, value in row.items() if key != "provider"}
        return make(**(fields | {key: Path(row[key]) for key in paths}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def is_abandoned(lab: Described | None) -> bool:
    """Whether the process that it belongs to is gone."""
    return lab is not None and bool(lab.owner) and not processes.lives(lab.owner)


def unusable(lab: Described | None, *, busy: bool, abandoned: bool) -> State | None:
    """What became of a lab that cannot be used, whatever runs of it; None where that decides."""
    if busy:
        return State.STARTING
    return State.ORPHAN if lab is None or not lab.complete or abandoned else None


def completed(name: str, lab: L | None) -> L:
    """The lab, once its creation has come to its end.

    Raises:
        UnknownLab: when it has not.
    """
    if lab is None or not lab.complete:
        raise UnknownLab(f"lab {name!r} is not complete", hint=f"`rebuild lab down {name}` removes it")
    return lab
