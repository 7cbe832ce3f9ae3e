"""Adds users to lines of drift out of files of the API server's audit log, which are read line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
from msgspec.structs import replace

from rebuild.model.drift import Drift
from rebuild.model.errors import UsageError
from rebuild.model.kinds import Kinds
from rebuild.model.wording import counted
from rebuild.verify.drift import witness
from rebuild.verify.drift.lines import Line
from rebuild.verify.drift.witness import Deed, Place

_READS, _WRITES = (
    tuple(f'"verb":"{verb}"'.encode() for verb in sorted(verbs)) for verbs in (("get", "list", "watch"), witness.VERBS)
)
"""Most lines of a log tell of reads, and are not parsed; that of a write may hold an object with such a field."""


def users_added(told: list[Line], kinds: Kinds, logs: tuple[Path, ...]) -> tuple[list[Line], list[str]]:
    """The same lines with the users that the logs tell of, and what is to be said about the logs.

    Raises:
        UsageError: when a file cannot be read, or holds no audit event.
    """
    places = [_place(line.drift, kinds) for line in told]
    wanted = frozenset(place for place in places if place)
    notes: list[str] = []
    deeds = [one for log in logs for one in _deeds(log, wanted, notes)]
    known = witness.by_place(deeds, wanted)
    both = zip(told, places, strict=True)
    return [_told(line, known.get(place, []) if place else []) for line, place in both], notes


def _told(line: Line, deeds: list[Deed]) -> Line:
    drift = line.drift
    if drift.writes:
        writes = tuple(replace(write, users=witness.users_of(write, deeds)) for write in drift.writes)
        users = tuple(dict.fromkeys(user for write in writes for user in write.users))
        return replace(line, drift=replace(drift, writes=writes, users=users))
    return replace(line, drift=replace(drift, users=witness.last_user(deeds), is_certain=False))


def _place(drift: Drift, kinds: Kinds) -> Place | None:
    kind = kinds.of(drift.ref)
    if kind is None:
        return None
    return kind.group, kind.plural, drift.ref.namespace, drift.ref.name


def _deeds(log: Path, wanted: frozenset[Place], notes: list[str]) -> Iterator[Deed]:
    events = unreadable = 0
    try:
        with log.open("rb") as stream:
            for text in stream:
                if any(read in text for read in _READS) and not any(write in text for write in _WRITES):
                    events += 1
                    continue
                try:
                    event = orjson.loads(text)
                except orjson.JSONDecodeError:
                    unreadable += bool(text.strip())
                    continue
                events += isinstance(event, dict) and "auditID" in event
                if found := witness.deed(event, wanted):
                    yield found
    except OSError as error:
        raise UsageError(
            f"the audit log {log} cannot be read: {error.strerror}", hint="give a file of the API server's audit log"
        ) from error
    if not events:
        raise UsageError(
            f"{log} holds no audit event", hint="give a file that the API server wrote with --audit-log-path, as JSON"
        )
    if unreadable:
        notes.append(f"{counted(unreadable, 'line')} of {log} cannot be read as JSON and count for nothing")
