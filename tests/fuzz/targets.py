"""What is fuzzed: one function for each input that comes from outside, with what has to hold whatever its bytes are.

A target may raise nothing: an error that is told to a person is caught here, any other is what the fuzzer looks for.
`test_corpus` replays the kept inputs, and `run.py` looks for new ones.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson

from rebuild.drill import playbook
from rebuild.journal import reading, records
from rebuild.model import kinds
from rebuild.model.errors import RebuildError, UsageError
from rebuild.model.sources import Source, SourceFile
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import declared
from rebuild.source import locations

CORPUS = Path(__file__).parent / "corpus"
_KINDS = kinds.builtin()


def manifests(data: bytes) -> None:
    """A file is read, linted, ordered and planned, and its plan can be written down."""
    with suppress(RebuildError):
        found = declared([Source("fuzz", (SourceFile("fuzz.yaml", data),))], kinds=_KINDS, namespace="default")
        for manifest in found.blueprint:
            assert orjson.loads(manifest.payload)["metadata"]["name"] == manifest.ref.name
        planned = plans.event_of(plans.offline(found), key=b"key", at=0.0)
        assert len(planned.objects) == len(found.blueprint)
        assert records.decode(records.encode(planned, number=0, previous="")).event == planned


def addresses(data: bytes) -> None:
    """A text names a source, a ref and a path, or is refused; no address is shown with a password or a token."""
    text = data.decode(errors="surrogateescape")
    for check in (locations.is_scp, locations.checked_ref, locations.checked_remote_ref):
        with suppress(UsageError):
            check(text)
    with suppress(UsageError):
        assert ".." not in locations.checked_path(text).split("/")
    locations.credentials(text)
    with suppress(UsageError):
        if locations.is_url(text):
            shown = locations.without_credentials(text)
            assert not {"?", "#"} & set(shown)
            assert locations.credentials(shown) == ()
            assert "@" not in shown.split("/")[2] or shown.startswith("ssh:")


def playbooks(data: bytes) -> None:
    """A file is a drill, or every problem of it is named."""
    with suppress(UsageError):
        options = playbook.parse(data, Path("/nonexistent/playbook.yaml"))
        assert 0 < options.timeout < math.inf
        assert 0 < options.object_timeout < math.inf
        assert 0 <= options.objective < math.inf


def journals(data: bytes) -> None:
    """A line is one event, written again as one that is equal; a file is a journal or is refused."""
    for line in data.splitlines(keepends=True):
        with suppress(ValueError):
            record = records.decode(line)
            again = records.encode(record.event, number=record.number, previous=record.previous)
            assert records.decode(again) == record
    with tempfile.NamedTemporaryFile() as file, suppress(UsageError):
        file.write(data)
        file.flush()
        assert len(list(reading.read(Path(file.name)))) <= data.count(b"\n")


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (manifests, addresses, playbooks, journals)
}
