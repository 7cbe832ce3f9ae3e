"""Each case folder is one recorded answer of a real server and the fault that it stands for.

`response.json` holds status, Retry-After and body; `expected.txt` the fault. The live half makes the server give
the same answers again, so that the recordings cannot grow old unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from rebuild.cluster.classify import ROWS, classify
from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind
from rebuild.system import clock
from tests.cluster.conftest import Login
from tests.cluster.provocations import PROVOCATIONS, Bench
from tools import generate_retries

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/response.json"))
UNPROVOKED = {Cause.INTERNAL, Cause.NOT_SERVED, Cause.OVERLOAD, Cause.TRANSPORT}
"""Recorded while etcd was away, an API was set up or a watch was older than its server: other live tests show it."""
PATIENCE = 30.0
"""Seconds until the server must answer as recorded: it remembers for a while that a token was good, for example."""


def name_of(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def described(fault: Fault) -> str:
    wait = f" (again after {fault.retry_after:g} s)" if fault.retry_after else ""
    return f"{fault.cause} {fault.status}{wait}: {fault.message}\n"


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_recorded_answer_has_its_cause(folder: Path) -> None:
    answer: dict[str, Any] = orjson.loads((folder / "response.json").read_bytes())
    body = answer["body"]
    data = body.encode() if isinstance(body, str) else orjson.dumps(body)
    fault = classify(answer["status"], data, answer.get("retryAfter"))
    assert described(fault) == (folder / "expected.txt").read_text()
    assert fault.cause == folder.parent.name


def test_every_cause_has_a_case() -> None:
    assert {folder.parent.name for folder in FOLDERS} == set(Cause)


def test_every_provocation_has_a_case() -> None:
    assert set(PROVOCATIONS) <= {name_of(folder) for folder in FOLDERS}


def test_every_row_has_a_case_and_all_but_those_of_a_broken_server_are_provoked() -> None:
    cases = {row.meaning: generate_retries.cases_of(row) for row in ROWS}
    assert [meaning for meaning, found in cases.items() if not found] == []
    assert {row.cause for row in ROWS if not set(cases[row.meaning]) & set(PROVOCATIONS)} == UNPROVOKED


def test_the_page_of_retries_is_what_the_source_says() -> None:
    assert generate_retries.PAGE.read_text() == generate_retries.page(), "run `python tools/generate_retries.py`"


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"null", b'"text"', b'{"details": 5}', b"\xff\xfe"])
@pytest.mark.parametrize("status", [400, 404, 409, 500, 503])
def test_a_body_of_any_kind_gives_a_fault_with_a_message(status: int, data: bytes) -> None:
    fault = classify(status, data)
    assert fault.message
    assert fault.status == status


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), (None, 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-1", 0.0), ("9" * 400, 3600.0)],
)
def test_only_a_number_of_seconds_counts_as_a_wish(header: str | None, seconds: float) -> None:
    assert classify(429, b"", header).retry_after == seconds


def test_an_answer_that_names_no_field_is_not_called_immutable() -> None:
    answer = {"kind": "Status", "reason": "Invalid", "message": 'Job.batch "once" is invalid: it is immutable'}
    assert classify(422, orjson.dumps(answer)).cause is Cause.INVALID


def test_a_message_is_cut_before_it_fills_the_screen() -> None:
    assert len(classify(400, b"x" * 100_000).message) == 600


@pytest.fixture
def bench(cluster: ApiServer, transport: Transport, namespace: str, custom_kind: Kind, login: Login) -> Iterator[Bench]:
    made = Bench(cluster, transport, namespace, custom_kind, login, [])
    yield made
    for undo in reversed(made.cleanup):
        undo()


@pytest.mark.live
@pytest.mark.parametrize("name", sorted(PROVOCATIONS))
def test_the_real_server_still_answers_as_recorded(bench: Bench, name: str) -> None:
    expected = (CASES / name / "expected.txt").read_text()
    request = PROVOCATIONS[name](bench)
    answer = "accepted"
    deadline = clock.monotonic() + PATIENCE
    while clock.monotonic() < deadline:
        try:
            request()
        except ClusterFault as error:
            answer = described(error.fault).replace(bench.namespace, "shop")
        if answer == expected:
            return
    assert answer == expected
