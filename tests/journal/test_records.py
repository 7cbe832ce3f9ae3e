"""Events as lines: complete, readable by anybody, and without a single value of a Secret."""

from __future__ import annotations

import base64
import re
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph import build as graphs
from rebuild.journal.records import Record, decode, encode
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.events import Event, ObjectEnded, ObjectVerified, RunEnded, RunStarted
from rebuild.model.facts import HealthSeen, Timer, TimerFired, TimerKind, WriteAccepted, WriteFailed
from rebuild.model.faults import Cause, Fault
from rebuild.model.findings import Difference
from rebuild.model.refs import Ref
from rebuild.model.sources import SourceFile
from rebuild.model.states import Health, Outcome, Status
from rebuild.ops import plan as plans
from rebuild.plan import build
from rebuild.plan.build import OFFLINE
from tests.journal import events

WEB = Ref("apps", "Deployment", "shop", "web")
HOME = Ref("", "Namespace", "", "shop")
OFF_BY_ONE = Difference(WEB, "spec.replicas", "1", "2")


def line(event: Event) -> dict[str, object]:
    text = encode(event, number=3, previous="abc")
    assert text.endswith(b"\n")
    assert text.count(b"\n") == 1
    record: dict[str, object] = orjson.loads(text)
    assert list(record) == ["n", "prev", "type", "data"]
    assert (record["n"], record["prev"]) == (3, "abc")
    return record


def test_a_line_says_what_happened_in_words_of_the_field() -> None:
    edge = Edge(WEB, HOME, Gate.EXISTS, Strength.SOFT, "lives in it", "namespaces")
    record = line(ObjectEnded(WEB, Outcome.SKIPPED, False, "waits for it", HOME, (edge,), 1.23456789))
    assert record["type"] == "object-ended"
    assert record["data"] == {
        "ref": "apps/v1/Deployment/shop/web",
        "outcome": "skipped",
        "ready": False,
        "reason": "waits for it",
        "because": "v1/Namespace/-/shop",
        "released_without": [
            {
                "dependent": "apps/v1/Deployment/shop/web",
                "dependency": "v1/Namespace/-/shop",
                "gate": "exists",
                "strength": "soft",
                "why": "lives in it",
                "rule": "namespaces",
            }
        ],
        "at": 1.23456789,
    }


def test_the_type_of_an_event_is_its_name_in_kebab_case() -> None:
    samples: dict[str, Event] = {
        "run-started": RunStarted("r", "apply", "1", "2026-01-01T00:00:00Z"),
        "write-accepted": WriteAccepted(WEB, Outcome.CREATED, 2**63, 0.1, 0.2),
        "write-failed": WriteFailed(WEB, Fault(Cause.OVERLOAD, 429, "busy", 1.0), 0.25, 0.1, 0.2),
        "health-seen": HealthSeen(WEB, Status(Health.IN_PROGRESS, "1 of 2"), 7, 0.3),
        "timer-fired": TimerFired(Timer(TimerKind.RUN), 9.0),
        "object-verified": ObjectVerified(WEB, True, True, Status(Health.CURRENT), (OFF_BY_ONE,), ()),
        "run-ended": RunEnded(True, "", 10.0),
    }
    assert {name: line(sample)["type"] for name, sample in samples.items()} == {name: name for name in samples}


def test_a_value_is_written_as_json_has_it() -> None:
    timer = {"kind": "hold", "ref": str(WEB), "attempt": 0}
    assert line(TimerFired(Timer(TimerKind.HOLD, WEB), 0.1 + 0.2))["data"] == {"timer": timer, "at": 0.1 + 0.2}
    accepted = line(WriteAccepted(WEB, Outcome.CREATED, 2**63, 0.1, 0.2))["data"]
    times = {"sent_at": 0.1, "at": 0.2}
    assert accepted == {"ref": str(WEB), "outcome": "created", "version": 2**63, **times, "status": None}


def test_what_no_event_may_hold_is_not_written() -> None:
    with pytest.raises(TypeError):
        encode(TimerFired(Timer(TimerKind.HOLD, object()), 1.0), number=0, previous="")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", events.KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_was_written_is_read_as_it_was(kind: type, data: st.DataObject) -> None:
    event = data.draw(events.of(kind))
    record = decode(encode(event, number=3, previous="abc"))
    assert record == Record(3, "abc", event)
    # The version of a ref is no part of its identity, and an int is equal to a float.
    assert repr(record.event) == repr(event)


@given(event=events.any_event(), data=st.data())
def test_a_line_that_was_changed_is_read_as_something_else_or_refused(event: Event, data: st.DataObject) -> None:
    line = encode(event, number=3, previous="abc")
    place = data.draw(st.integers(0, len(line) - 2))
    changed = line[:place] + data.draw(st.binary(max_size=3)) + line[place + 1 :]
    with suppress(ValueError):
        assert type(decode(changed).event) in events.KINDS


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"[]", "not a record"),
        (b'{"n":0,"prev":"","type":"run-ended"}', "not a record"),
        (b'{"n":true,"prev":"","type":"phase-ended","data":{"name":"a","at":1}}', "True is not of the type int"),
        (b'{"n":0,"prev":"","type":"run-exploded","data":{}}', "no event has the type 'run-exploded'"),
        (b'{"n":0,"prev":"","type":["run-ended"],"data":{}}', "['run-ended'] is not of the type str"),
        (b'{"n":0,"prev":"","type":"phase-ended","data":{"name":"a"}}', "PhaseEnded lacks its field 'at'"),
        (b'{"n":0,"prev":"","type":"phase-ended","data":{"name":"a","at":1,"b":2}}', "PhaseEnded has no field 'b'"),
        (b'{"n":0,"prev":"","type":"phase-ended","data":{"name":"a","at":"soon"}}', "'soon' is not of the type float"),
        (b'{"n":0,"prev":"","type":"write-intended","data":{"ref":"web","attempt":1,"at":1}}', "'web'"),
        (b'{"n":0,"prev":"","type":"timer-fired","data":{"timer":{"kind":"x","ref":null},"at":1}}', "'x' is not"),
    ],
)
def test_a_line_that_no_run_writes_is_refused_with_what_is_wrong(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        decode(line)


def test_what_a_field_was_before_there_was_the_field_is_its_default() -> None:
    line = b'{"n":0,"prev":"","type":"run-ended","data":{"complete":true,"reason":"","at":2}}'
    assert decode(line).event == RunEnded(True, "", 2.0, 0)


SECRETS = st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=12, max_size=40)


@given(data=SECRETS, text=SECRETS, changed=SECRETS)
def test_no_value_of_a_secret_is_in_the_plan_as_it_is_told(data: str, text: str, changed: str) -> None:
    encoded = base64.b64encode(data.encode()).decode()
    planned = [told(encoded, each) for each in (text, changed)]
    for value in (data, encoded, text, changed, base64.b64encode(text.encode()).decode()):
        assert value.encode() not in planned[0] + planned[1]
    assert (planned[0] == planned[1]) == (text == changed)


def told(data: str, text: str) -> bytes:
    """The journal's line about a plan with one Secret, a wrong field and an annotation in it."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "token", "annotations": {"note": text}},
        "data": {"token": data},
        "stringData": {"pin": text},
        "dta": {"oops": text},
    }
    # A JSON file is what a generator writes, and needs no quoting.
    blueprint = read([SourceFile("secret.json", orjson.dumps(secret))], kinds=kinds.builtin())
    plan = build.build(blueprint, graphs.build(blueprint), OFFLINE, manager="rebuild")
    assert len(plan.steps) == 1
    return encode(plans.event_of(plan, key=b"key", at=0.0), number=0, previous="")
