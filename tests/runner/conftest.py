"""What reached the shared lab, and a namespace per test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.providers.kwok.lab import Lab
from tests.runner.rig import Audit


@pytest.fixture
def audit(lab: Lab, outside: Transport) -> Audit:
    """The lab's account of this test."""
    return Audit(lab, outside)


@pytest.fixture
def doomed(outside: Transport) -> Iterator[Callable[[str], None]]:
    """Takes paths of objects that are to be gone after the test."""
    paths: list[str] = []
    yield paths.append
    for path in reversed(paths):
        with suppress(ClusterFault):
            outside.request("DELETE", path)


@pytest.fixture
def namespace(doomed: Callable[[str], None]) -> str:
    """The name of a namespace that the run is to create."""
    name = f"runner-{uuid4().hex[:8]}"
    doomed(f"/api/v1/namespaces/{name}")
    return name
