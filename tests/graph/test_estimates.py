"""What is expected of an object is what its own runs say, else those of its kind, else a built-in number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph.estimates import PRIORS, Basis, Estimate, learned
from rebuild.graph.rank import WRITE, prior, tails
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.refs import Ref

WEB, API, OTHER = (Ref("apps", "Deployment", "shop", name) for name in ("web", "api", "other"))
DB = Ref("apps", "StatefulSet", "shop", "db")
MEASURED = st.dictionaries(st.sampled_from([WEB, API, DB]), st.floats(0, 1000), max_size=3)


def test_the_median_of_its_own_runs_comes_first() -> None:
    found = learned([{WEB: 4.0}, {WEB: 90.0}, {WEB: 5.0, API: 20.0}])
    assert found.of(WEB) == Estimate(5.0, Basis.OBJECT, 3)
    assert str(found.of(WEB)) == "3 runs"
    assert str(found.of(API)) == "1 run"


def test_an_object_that_was_never_measured_takes_what_its_kind_took() -> None:
    found = learned([{WEB: 4.0, API: 6.0}, {WEB: 8.0}])
    assert found.of(OTHER) == Estimate(6.0, Basis.KIND, 2)
    assert str(found.of(OTHER)) == "its kind in 2 runs"


def test_a_kind_that_was_never_measured_takes_the_built_in_number() -> None:
    assert learned([{WEB: 4.0}]).of(DB) == Estimate(prior(DB), Basis.PRIOR)
    assert str(PRIORS.of(DB)) == "prior"


def test_what_hangs_on_an_object_follows_what_was_measured() -> None:
    edges = [Edge(WEB, DB, Gate.READY, Strength.HARD, "test")]
    found = tails([WEB, DB], edges, learned([{WEB: 1.0, DB: 2.0}]).seconds)
    assert found == {WEB: WRITE + 1.0, DB: WRITE + 2.0 + WRITE + 1.0}


@given(st.lists(MEASURED, max_size=6).flatmap(lambda runs: st.tuples(st.just(runs), st.permutations(runs))))
def test_the_order_of_the_runs_does_not_matter(runs: tuple[list[dict[Ref, float]], list[dict[Ref, float]]]) -> None:
    assert learned(runs[0]) == learned(runs[1])
