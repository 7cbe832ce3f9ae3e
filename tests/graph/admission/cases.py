"""The case folders of the admission model: read for the model, and in a live test for a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rebuild.graph.admission import interceptors
from rebuild.graph.admission.interceptors import Answer, Interceptor
from rebuild.graph.admission.requests import Request, Requests
from rebuild.graph.index import Index
from rebuild.model.objects import Manifest
from tests.graph import reading

ROOT = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in ROOT.glob("*/*/input.yaml"))


def identity(folder: Path) -> str:
    """How a case is called."""
    return folder.relative_to(ROOT).as_posix()


def index_of(folder: Path) -> Index:
    """What a case declares."""
    return Index(reading.blueprint((folder / "input.yaml").read_bytes()))


def interceptors_of(index: Index) -> list[Interceptor]:
    """All webhooks and bound policies."""
    return [*interceptors.mutating(index), *interceptors.validating(index)]


def requests_of(index: Index) -> Iterator[tuple[str, Manifest, Request]]:
    """All requests that a case causes, each with what it is about and the declaration that it comes from."""
    requests = Requests(index)
    for item in index:
        creation = requests.creation(item)
        if creation:
            yield str(item.ref), item, creation
        for made in requests.made_by(item):
            yield f"{made.kind.plural} of {item.ref}", item, made


def lines(index: Index) -> list[str]:
    """Who is called, or may be, for what."""
    return sorted(
        f"{each.name} is {answer} for {what}".replace("is may be", "may be")
        for what, _, request in requests_of(index)
        for each in interceptors_of(index)
        if (answer := each.answer(request)) is not Answer.NOT
    )
