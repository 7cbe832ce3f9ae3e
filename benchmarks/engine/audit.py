"""What the API server's audit log tells of one run: who asked for what, and when. It holds no bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks.engine.course import AuditKey

_WRITES = frozenset({"create", "update", "patch"})
_QUESTIONS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
"""Groups whose objects are asked for by creating them; nothing is stored."""


@dataclass(frozen=True, slots=True)
class Write:
    """One accepted write: seconds of the wall clock when the request came, and when its answer was out."""

    sent: float
    accepted: float


@dataclass(frozen=True, slots=True)
class Log:
    """One run's part of the log."""

    writes: Mapping[AuditKey, Write] = field(repr=False)
    """The first accepted write of each object by the tool."""
    statuses: Mapping[AuditKey, Write] = field(repr=False)
    """The first accepted write of each object's status by anybody."""
    requests: int
    """How many the tool sent, watches included."""
    written: int
    """How many of them were to write."""
    refused: Mapping[int, int]
    """How many of its requests were answered with each status from 400 on."""


def size(path: Path) -> int:
    """How far the log goes by now."""
    return path.stat().st_size


def read(path: Path, begin: int, agent: str) -> Log:
    """The log from an offset on, as far as it concerns one tool."""
    with path.open("rb") as file:
        file.seek(begin)
        lines = file.read().splitlines()
    return fold(map(orjson.loads, filter(_is_whole, lines)), agent)


def fold(events: Iterable[Mapping[str, Any]], agent: str) -> Log:
    """What events come to."""
    writes: dict[AuditKey, Write] = {}
    statuses: dict[AuditKey, Write] = {}
    seen: dict[str, bool] = {}
    refused: dict[int, int] = {}
    for event in events:
        ours = event.get("userAgent", "").startswith(agent)
        verb = event["verb"]
        if ours:
            asked = event.get("objectRef", {}).get("apiGroup") in _QUESTIONS
            seen[event["auditID"]] = verb in _WRITES and not asked
        if event["stage"] != "ResponseComplete":
            continue
        code = event.get("responseStatus", {}).get("code", 0)
        if ours and code >= 400:
            refused[code] = refused.get(code, 0) + 1
        if verb not in _WRITES or code >= 300:
            continue
        reference = event["objectRef"]
        found = writes if ours and "subresource" not in reference else None
        if reference.get("subresource") == "status":
            found = statuses
        if found is not None:
            write = Write(_seconds(event["requestReceivedTimestamp"]), _seconds(event["stageTimestamp"]))
            found.setdefault(_key(reference), write)
    return Log(writes, statuses, len(seen), sum(seen.values()), refused)


def _key(reference: Mapping[str, str]) -> AuditKey:
    resource = reference["resource"]
    # A Namespace is said to lie in itself.
    namespace = "" if resource == "namespaces" else reference.get("namespace", "")
    return reference.get("apiGroup", ""), resource, namespace, reference.get("name", "")


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _is_whole(line: bytes) -> bool:
    return line.startswith(b"{") and line.endswith(b"}")
