"""A journal read back: the events of a run, proven to be the ones that were written, in their order.

A run may be killed in the middle of a line, so a last line without an end is what nobody finished, and is left out. Any
other damage makes the record worthless as evidence: it is refused with its position, and nothing of it is guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from msgspec import Struct

from rebuild.journal.records import NotUnderstood, Record, decode
from rebuild.model.errors import UsageError
from rebuild.model.events import Event


class JournalDamaged(UsageError):
    """The journal is not as the run wrote it: a line was changed, removed or added, or it is no journal at all."""

    code: ClassVar[str] = "journal-damaged"


class JournalUnknown(UsageError):
    """This version of rebuild does not know an event of the journal: another wrote it, or the line was changed."""

    code: ClassVar[str] = "journal-unknown"


class Place(Struct, frozen=True):
    """Where a line begins: its number from 0 on, the bytes before it, and the digest of the line before it."""

    number: int = 0
    offset: int = 0
    previous: str = ""


def read(path: Path) -> Iterator[Event]:
    """The events of a journal; see `proven`."""
    return (event for event, _ in proven(path))


def proven(path: Path) -> Iterator[tuple[Event, Place]]:
    """The events of a journal, each as soon as it is proven to follow the one before it, with the place behind it.

    Raises:
        JournalDamaged: at the first line that does not.
        JournalUnknown: at the first line that this version cannot have written.
        UsageError: when the file cannot be read.
    """
    place = Place()
    try:
        with path.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                try:
                    event = _proven(decode(line), place)
                except NotUnderstood as error:
                    raise JournalUnknown(
                        f"{path}:{place.number + 1}: this version of rebuild does not know what is at byte "
                        f"{place.offset}: {error}",
                        hint="read it with the version that wrote it, which its first line names",
                    ) from error
                except ValueError as error:
                    raise JournalDamaged(
                        f"{path}:{place.number + 1}: the journal is damaged at byte {place.offset}: {error}",
                        hint="take it from a backup; `rebuild verify` tells what is in the cluster now",
                    ) from error
                place = Place(place.number + 1, place.offset + len(line), hashlib.sha256(line).hexdigest())
                yield event, place
    except OSError as error:
        raise UsageError(
            f"the journal {path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error


def _proven(record: Record, place: Place) -> Event:
    if record.number != place.number:
        raise ValueError(f"record {record.number} stands where {place.number} has to be")
    if record.previous != place.previous:
        raise ValueError("it does not follow from the line before it; one of the two was changed")
    return record.event
