"""The answer about drift: its word, its exit code, and who stands behind the lines."""

from __future__ import annotations

import json

from rebuild.model.drift import Actor, Drift, DriftKind, Unchecked, Write
from rebuild.model.errors import Exit
from rebuild.model.events import SourceRead, TargetBound
from rebuild.model.refs import Ref
from rebuild.report.drift import DriftReport, answer, by_manager, document, last_line
from rebuild.report.verdict import Word

REF = Ref.of("v1", "ConfigMap", "shop", "c")


def report(*drift: Drift, unchecked: tuple[Unchecked, ...] = ()) -> DriftReport:
    source = SourceRead("/repo", "", "", "0" * 40, "")
    target = TargetBound("uid", "v1.37.2", "https://x", "existing", "cluster")
    return DriftReport(source, target, "2026-01-01T00:00:00Z", "1", 5, 5, drift=list(drift), unchecked=list(unchecked))


def line(kind: DriftKind, *managers: str, time: str = "2026-01-01T00:00:00Z", users: tuple[str, ...] = ()) -> Drift:
    writes = tuple(Write(manager, "Update", "", time, Actor.PERSON, users[:1]) for manager in managers[:1])
    writes += tuple(Write(manager, "Update", "", time, Actor.PERSON, users[1:]) for manager in managers[1:])
    return Drift(kind, REF, "data.a", '"1"', '"2"', writes, users=users)


def test_no_drift_passes() -> None:
    found = answer(report())
    assert (found.word, found.exit) == (Word.PASS, Exit.DONE)
    assert last_line(report()) == "PASS  no drift: 5 objects compared"


def test_what_nobody_declares_and_could_not_be_listed_is_a_limit_that_is_counted() -> None:
    found = report(unchecked=(Unchecked("v1 Secret", "forbidden: no"),))
    assert last_line(found) == "PASS  no drift: 5 objects compared (1 limit)"


def test_without_a_declared_object_nobody_can_say_that_there_is_no_drift() -> None:
    found = answer(report(unchecked=(Unchecked("v1 Secret", "forbidden: no", is_declared=True),)))
    assert (found.word, found.exit) == (Word.INCOMPLETE, Exit.INCOMPLETE)
    assert "v1 Secret is declared and not checked: forbidden: no" in found.reason


def test_the_answer_is_one_line_whatever_a_server_says() -> None:
    said = "its API does not answer: dial tcp:\n  no route to host\n"
    found = report(unchecked=(Unchecked("all of a.example/v1", said, is_declared=True),))
    assert last_line(found).endswith("does not answer: dial tcp: no route to host (1 limit)")


def test_drift_fails_whatever_else_could_not_be_read() -> None:
    drift = (
        line(DriftKind.CHANGED, "kubectl-edit", users=("carol",)),
        line(DriftKind.FOREIGN, "k9s", time="2026-02-01T00:00:00Z", users=("dave",)),
        line(DriftKind.FOREIGN),
    )
    found = answer(report(*drift, unchecked=(Unchecked("v1 Secret", "forbidden: no", is_declared=True),)))
    assert (found.word, found.exit) == (Word.FAIL, Exit.ANSWER_IS_NO)
    assert found.reason == (
        "drift in 3 places: 1 changed, 2 foreign; last write 2026-02-01T00:00:00Z by k9s (dave) (1 limit)"
    )


def test_managers_are_counted_with_their_last_write_and_their_users() -> None:
    drift = (
        line(DriftKind.CHANGED, "k9s", users=("carol",)),
        line(DriftKind.CHANGED, "k9s", "helm", time="2026-02-01T00:00:00Z", users=("dave", "robot")),
        line(DriftKind.MISSING, users=("eve",)),
    )
    found = [(one.manager, one.lines, one.last_write, one.users) for one in by_manager(drift)]
    assert found == [
        ("k9s", 2, "2026-02-01T00:00:00Z", ("carol", "dave")),
        ("", 1, "", ("eve",)),
        ("helm", 1, "2026-02-01T00:00:00Z", ("robot",)),
    ]


def test_the_document_is_json_and_has_every_field() -> None:
    found = json.loads(json.dumps(document(report(line(DriftKind.CHANGED, "k9s")))))
    assert found["counts"] | {"changed": 1, "drift": 1} == found["counts"]
    [one] = found["drift"]
    assert (one["kind"], one["origin"], one["declaredBy"], one["usersAre"]) == ("changed", None, None, None)
    assert one["writes"][0]["lastWriteOfThisManager"] == "2026-01-01T00:00:00Z"
