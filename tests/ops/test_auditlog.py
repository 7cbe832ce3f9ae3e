"""Users come out of files of audit events; a file that is none is refused, a broken line is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rebuild.model import kinds
from rebuild.model.drift import Actor, Drift, DriftKind, Write
from rebuild.model.errors import UsageError
from rebuild.model.refs import Ref
from rebuild.ops import auditlog
from rebuild.verify.drift.lines import Line

REF = Ref.of("apps/v1", "Deployment", "shop", "web")
EDIT = Write("kubectl-edit", "Update", "", "2026-01-01T00:00:02Z", Actor.PERSON)


def event(verb: str, user: str, second: int) -> str:
    moment = f"2026-01-01T00:00:{second:02}.100000Z"
    return json.dumps(
        {
            "kind": "Event",
            "auditID": "1",
            "stage": "ResponseComplete",
            "requestURI": "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=kubectl-edit",
            "verb": verb,
            "user": {"username": user},
            "objectRef": {"resource": "deployments", "namespace": "shop", "name": "web", "apiGroup": "apps"},
            "responseStatus": {"code": 200},
            "requestReceivedTimestamp": moment,
            "stageTimestamp": moment,
        },
        separators=(",", ":"),
    )


def test_several_files_are_one_log(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text("\n".join((event("get", "watcher", 1), event("patch", "carol", 2), "")))
    (tmp_path / "new.log").write_text("\n".join((event("delete", "dave", 9), "{broken", "")))
    changed = Line(Drift(DriftKind.CHANGED, REF, "spec.replicas", "1", "2", (EDIT,)))
    missing = Line(Drift(DriftKind.MISSING, REF, "", "(declared)", "(absent)"))
    strange = Line(Drift(DriftKind.MISSING, Ref.of("example.com/v1", "Odd", "", "x"), "", "", ""))

    told, notes = auditlog.users_added(
        [changed, missing, strange], kinds.builtin(), (tmp_path / "old.log", tmp_path / "new.log")
    )

    assert [(line.drift.users, line.drift.is_certain) for line in told] == [
        (("carol",), True),
        (("dave",), False),
        ((), False),
    ]
    assert notes == [f"1 line of {tmp_path / 'new.log'} cannot be read as JSON and count for nothing"]


def test_the_write_of_an_object_that_has_a_verb_is_read_as_well(tmp_path: Path) -> None:
    written = json.loads(event("patch", "carol", 2)) | {"requestObject": {"spec": {"verb": "get"}}}
    (tmp_path / "audit.log").write_text(json.dumps(written, separators=(",", ":")))
    changed = Line(Drift(DriftKind.CHANGED, REF, "spec.replicas", "1", "2", (EDIT,)))

    [told], notes = auditlog.users_added([changed], kinds.builtin(), (tmp_path / "audit.log",))

    assert (told.drift.users, notes) == (("carol",), [])


@pytest.mark.parametrize("content", ["", "no JSON\n", '{"kind": "Event"}\n', "[]\n", "\n\n"])
def test_a_file_that_is_no_audit_log_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.log").write_text(content)
    with pytest.raises(UsageError, match="holds no audit event") as caught:
        auditlog.users_added([], kinds.builtin(), (tmp_path / "audit.log",))
    assert "--audit-log-path" in caught.value.hint


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        auditlog.users_added([], kinds.builtin(), (tmp_path,))
