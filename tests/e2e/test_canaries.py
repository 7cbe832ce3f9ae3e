"""The sweep of `conftest` finds what it looks for: a sweep that finds nothing anywhere would prove nothing."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.e2e import conftest
from tests.e2e.support import OUTPUTS, Ran


@pytest.mark.parametrize("encode", [str.encode, lambda value: base64.b64encode(value.encode())])
@pytest.mark.parametrize("value", ["not-a-real-password", "not-a-real-key-card", "canary"])
def test_a_leak_is_found_wherever_it_stands(
    request: pytest.FixtureRequest, state: Path, temporary: Path, canary: str, value: str, encode: object
) -> None:
    assert callable(encode)
    leaked: bytes = encode(canary if value == "canary" else value)
    places = [state / "runs" / "journal.jsonl", temporary / "rebuild-x" / "key", state / "labs" / "one" / "api.log"]
    for place in places:
        place.parent.mkdir(parents=True)
        place.write_bytes(b"before " + leaked + b" after")
    OUTPUTS.append(Ran(0, leaked.decode(), ""))

    found = set(conftest._leaks(request.node))

    assert found == {"an output (0)", *map(str, places)}
    OUTPUTS.clear()
    for place in places:
        place.unlink()


def test_the_api_servers_own_storage_is_left_out(request: pytest.FixtureRequest, state: Path, canary: str) -> None:
    stored = state / "labs" / "one" / "work" / "clusters" / "one" / "etcd" / "member" / "wal"
    stored.parent.mkdir(parents=True)
    stored.write_text(canary)
    assert not set(conftest._leaks(request.node))
