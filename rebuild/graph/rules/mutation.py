"""What a mutating webhook or policy would change escapes it when it is created first, and for good: nobody goes over
the objects that are there already. A pod without its sidecar stays so until somebody restarts it.

So the objects, and the workloads whose pods, ReplicaSets, Jobs or claims would be changed, wait until the webhook is
served: its configuration has a CA bundle, and comes after its backend. They wait softly: what fails open may be passed
by, and a backend that never comes must not hold back the rest. What the backend itself needs cannot wait for it; those
edges close a loop and are dropped.

The validating direction is the reverse (`validation`), so with both of one operator the order is: backend, mutating
configuration, objects, validating configuration.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph import fans
from rebuild.graph.admission import interceptors
from rebuild.graph.admission.coverage import Coverage
from rebuild.graph.admission.requests import Requests
from rebuild.graph.index import Index
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref

_RULE = "mutation"


def edges_from(index: Index) -> Iterator[Edge]:
    """Object, workload -> mutating webhook configuration, mutating policy's binding: SERVED, soft."""
    coverage = Coverage(interceptors.mutating(index))
    if not coverage.interceptors:
        return
    requests = Requests(index)
    # Grouped by the answers themselves, which many objects share, and only then by what is in them.
    waits: dict[tuple[frozenset[Ref], ...], dict[Ref, str]] = defaultdict(dict)
    for item in index:
        called = [(why, sources) for why, sources in _called(requests, coverage, item) if sources]
        if called:
            answers = tuple(dict.fromkeys(sources for _, sources in called))
            waits[answers][item.ref] = called[0][0]
    for answers, dependents in waits.items():
        yield from fans.edges(
            dependents,
            frozenset().union(*answers),
            gate=Gate.SERVED,
            strength=Strength.SOFT,
            members=Strength.HARD,
            rule=_RULE,
        )


def _called(requests: Requests, coverage: Coverage, item: Manifest) -> Iterator[tuple[str, frozenset[Ref]]]:
    """Who is called for an object and for what is made of it, each with the reason to wait."""
    for made in requests.made_by(item):
        yield f"would change the {made.kind.plural} that it makes", coverage.called_for(made).sources
    creation = requests.creation(item)
    if creation:
        yield "would change it", coverage.called_for(creation).sources
