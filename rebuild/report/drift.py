"""The answer about drift: the word, the exit code, the sentence, and the JSON document that docs/drift.md describes.

Fields may be added under the same `schemaVersion`; none changes its meaning or goes. Every field is always there: what
is not known is null or empty, never left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from rebuild.model.drift import Actor, Authorship, Drift, DriftKind, Unchecked, Write
from rebuild.model.errors import Exit
from rebuild.model.events import SourceRead, TargetBound
from rebuild.model.ignored import IgnoreRule, RuleUse
from rebuild.model.wording import counted
from rebuild.report import fidelity, to_json
from rebuild.report.verdict import Word

SCHEMA_VERSION = "rebuild.dev/drift/v1alpha1"


class DriftReport(Struct):
    """What was found. `declared` counts declared objects and `compared` those whose live object was looked at."""

    source: SourceRead
    target: TargetBound
    checked_at: str
    """RFC 3339 in UTC."""
    tool: str = ""
    declared: int = 0
    compared: int = 0
    drift: list[Drift] = field(default_factory=list)
    owned: list[tuple[Drift, str]] = field(default_factory=list)
    """Fields that a known controller sets, with the reason: no drift."""
    ignored: list[tuple[Drift, IgnoreRule]] = field(default_factory=list)
    """Lines that a rule hides."""
    rules: list[RuleUse] = field(default_factory=list)
    """The rules, and how much each of them hid."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why objects that nobody declares are no drift, and how many."""
    unchecked: list[Unchecked] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be found out about the lines themselves: history, audit log."""


class Answer(Struct, frozen=True):
    """The word, the exit code, and the sentence that gives the reason."""

    word: Word
    exit: Exit
    reason: str


def answer(report: DriftReport) -> Answer:
    """FAIL where there is drift. Without any, PASS only if all declared objects could be looked at.

    What else was not checked is a limit that the sentence counts.
    """
    limits = caveats(report)
    if report.drift:
        places = counted(len(report.drift), "place")
        parts = ", ".join(f"{number} {kind}" for kind, number in counts(report.drift).items() if number)
        return Answer(Word.FAIL, Exit.ANSWER_IS_NO, f"drift in {places}: {parts}{_latest(report.drift)}{limits}")
    unseen = [one for one in report.unchecked if one.is_declared]
    if unseen:
        reason = f"no drift in what could be looked at, but {unseen[0].what} is declared and not checked"
        return Answer(Word.INCOMPLETE, Exit.INCOMPLETE, f"{reason}: {unseen[0].why}{limits}")
    return Answer(Word.PASS, Exit.DONE, f"no drift: {counted(report.compared, 'object')} compared{limits}")


def caveats(report: DriftReport) -> str:
    """How much the answer does not cover and rules hide, in parentheses; nothing where it is all."""
    parts = [counted(len(report.unchecked), "limit")] if report.unchecked else []
    parts += [f"{counted(len(report.ignored), 'difference')} ignored"] if report.ignored else []
    return f" ({'; '.join(parts)})" if parts else ""


def last_line(report: DriftReport) -> str:
    """The answer on one line."""
    found = answer(report)
    return " ".join([f"{found.word} ", *found.reason.split()])


def counts(drift: Iterable[Drift]) -> dict[DriftKind, int]:
    """How many lines there are of each kind."""
    found = Counter(one.kind for one in drift)
    return {kind: found[kind] for kind in DriftKind}


class Managed(Struct, frozen=True):
    """What one manager has to do with the drift: how many lines it owns, its last write, and the users behind it."""

    manager: str
    actor: Actor
    lines: int
    last_write: str
    users: tuple[str, ...]


def by_manager(drift: Iterable[Drift]) -> list[Managed]:
    """Who stands behind the lines, most lines first; the empty manager has those that nobody owns."""
    lines: dict[tuple[str, Actor], list[Write]] = {}
    for one in drift:
        owners = {(write.manager, write.actor): write for write in reversed(one.writes)}
        nobody = Write("", "", "", "", Actor.UNKNOWN, one.users)
        for owner, write in (owners or {("", Actor.UNKNOWN): nobody}).items():
            lines.setdefault(owner, []).append(write)
    found = [
        Managed(
            manager,
            actor,
            len(of),
            max(write.time for write in of),
            tuple(dict.fromkeys(user for write in of for user in write.users)),
        )
        for (manager, actor), of in lines.items()
    ]
    return sorted(found, key=lambda one: (-one.lines, one.manager))


def _latest(drift: Sequence[Drift]) -> str:
    writes = [(write.time, write.manager, write.users) for one in drift for write in one.writes[:1]]
    if not writes:
        return ""
    time, manager, users = max(writes)
    named = f" ({', '.join(users)})" if users else ""
    return f"; last write {time} by {manager}{named}"


def document(report: DriftReport) -> dict[str, Any]:
    """The report as JSON; ready to be encoded, its fields always in the same order."""
    found = answer(report)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": report.tool,
        "checkedAt": report.checked_at,
        "verdict": found.word.value,
        "exit": {"code": int(found.exit), "reason": found.reason},
        "source": to_json.source(report.source),
        "target": target(report.target),
        "counts": {
            "declared": report.declared,
            "compared": report.compared,
            **{kind.value: number for kind, number in counts(report.drift).items()},
            "drift": len(report.drift),
            "controllerOwned": len(report.owned),
            "ignored": len(report.ignored),
            "leftOut": report.left_out.total(),
            "unchecked": len(report.unchecked),
        },
        "managers": [
            {
                "manager": one.manager or None,
                "actor": one.actor.value,
                "lines": one.lines,
                "lastWriteOfThisManager": one.last_write or None,
                "users": list(one.users),
            }
            for one in by_manager(report.drift)
        ],
        "drift": [line(one) for one in report.drift],
        "controllerOwned": [{**line(one), "controller": why} for one, why in report.owned],
        **besides(report),
    }


def besides(report: DriftReport) -> Mapping[str, Any]:
    """What is no drift, and what the answer does not cover."""
    return {
        "ignored": [
            {**line(one), "rule": rule.place, "reason": rule.reason, "owner": rule.owner}
            for one, rule in report.ignored
        ],
        "ignoreRules": [to_json.rule_use(use) for use in report.rules],
        "leftOut": [{"reason": why, "objects": number} for why, number in report.left_out.most_common()],
        "unchecked": [_unchecked(one) for one in report.unchecked],
        "notes": list(report.notes),
    }


def target(bound: TargetBound) -> Mapping[str, Any]:
    """What was looked at."""
    return {
        "uid": bound.uid,
        "version": bound.version,
        "fidelity": bound.fidelity,
        "doesNotProve": list(fidelity.of(bound.fidelity).does_not_prove),
        "server": bound.server,
    }


def line(drift: Drift) -> dict[str, Any]:
    """One line of drift."""
    origin = drift.origin
    return {
        "kind": drift.kind.value,
        "ref": str(drift.ref),
        "path": drift.path,
        "declared": drift.declared,
        "live": drift.live,
        "writes": [_write(write) for write in drift.writes],
        "users": list(drift.users),
        "usersAre": None if not drift.users else "of the matching writes" if drift.is_certain else "of the last write",
        "origin": None
        if origin is None
        else {
            "path": origin.path,
            "line": origin.line,
            "commit": origin.commit or None,
            "provenance": origin.provenance.value,
        },
        "declaredBy": _authorship(drift.declared_by),
    }


def _unchecked(one: Unchecked) -> dict[str, Any]:
    return {"what": one.what, "why": one.why, "ref": str(one.ref) if one.ref else None, "declared": one.is_declared}


def _write(write: Write) -> dict[str, Any]:
    return {
        "manager": write.manager,
        "actor": write.actor.value,
        "operation": write.operation,
        "subresource": write.subresource or None,
        "lastWriteOfThisManager": write.time or None,
        "users": list(write.users),
    }


def _authorship(found: Authorship | None) -> dict[str, Any] | None:
    return (
        None
        if found is None
        else {
            "commit": found.commit,
            "author": found.author,
            "date": found.date,
            "line": found.line,
            "of": "field" if found.exact else "object",
            "orEarlier": found.oldest,
        }
    )
