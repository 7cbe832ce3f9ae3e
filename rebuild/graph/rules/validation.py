"""A validating webhook that fails closed refuses what it covers whenever its backend is away, and a policy that denies
refuses while its parameters are on their way. So what they cover is created first.

Whatever Git declares has passed them once: a rebuild brings it back and does not judge it again. These edges are about
order alone and are the first to give way: where somebody wants the configuration early, it comes early, and its backend
is READY by then in any case (`webhooks`).
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
from rebuild.model.refs import Ref

RULE = "validation"
_WHY = "could be refused by it"


def edges_from(index: Index) -> Iterator[Edge]:
    """Validating webhook configuration that fails closed, binding that denies -> what it covers: EXISTS, soft."""
    coverage = Coverage(each for each in interceptors.validating(index) if each.fail_closed)
    if not coverage.interceptors:
        return
    requests = Requests(index)
    covered: dict[frozenset[Ref], list[Ref]] = defaultdict(list)
    for item in index:
        request = requests.creation(item)
        if request:
            sources = coverage.called_for(request).sources
            if sources:
                covered[sources].append(item.ref)
    for sources, objects in covered.items():
        yield from fans.edges(
            dict.fromkeys(sorted(sources), _WHY),
            objects,
            gate=Gate.EXISTS,
            strength=Strength.SOFT,
            members=Strength.SOFT,
            rule=RULE,
        )
