"""What holds of every repository: the order of its files changes nothing, nor does Python's hash seed; nonsense
raises nothing; and there is never a loop of soft edges left."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.graph.build import build
from rebuild.model.edges import Strength
from rebuild.model.groups import is_group
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref
from tests.graph import reading
from tests.graph.test_build import everything

ROOT = Path(__file__).parents[2]
EVERYTHING = everything()
JUNK: list[Any] = [None, 7, "", "text", True, [], {}, [None, 3, "x", {}], {"name": 5}, {"a": {"b": []}}, [[{}]]]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, len(EVERYTHING) - 1), max_size=80), st.randoms(use_true_random=False))
def test_any_part_of_a_repository_gives_the_same_graph_in_any_order(chosen: set[int], shuffler: random.Random) -> None:
    part = [EVERYTHING[place] for place in sorted(chosen)]
    graph = build(reading.of(part))
    again = build(reading.of(shuffler.sample(part, len(part))))
    assert again == graph
    assert list(map(str, again.edges)) == list(map(str, graph.edges))
    assert again.findings == graph.findings


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_nonsense_anywhere_raises_nothing(data: st.DataObject) -> None:
    declared = {item.ref for item in EVERYTHING}
    spoilt = data.draw(st.lists(st.sampled_from(EVERYTHING), min_size=1, max_size=6, unique_by=lambda item: item.ref))
    with_junk = [item.with_body(_spoil(item, data)) for item in spoilt]
    others = data.draw(st.lists(st.sampled_from(EVERYTHING), max_size=30))
    graph = build(reading.of([*others, *with_junk]))
    assert {edge.dependent for edge in graph.edges if not is_group(edge.dependent)} <= declared


def _spoil(item: Manifest, data: st.DataObject) -> dict[str, Any]:
    """The same object with one value replaced, at any depth; what it is and is called stays, since readers check it."""
    body = deepcopy(item.body)
    place: Any = body
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else [key for key in place if _may_be_spoilt(key)]
        if not keys:
            return body
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and data.draw(st.integers(0, 3)):
            place = place[key]
            continue
        place[key] = data.draw(st.sampled_from(JUNK))
        return body


def _may_be_spoilt(key: Any) -> bool:
    return key not in ("apiVersion", "kind", "metadata")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(EVERYTHING), max_size=120))
def test_what_is_left_forms_no_loop_but_hard_ones(part: list[Manifest]) -> None:
    graph = build(reading.of(part))
    hard: nx.DiGraph[Ref] = nx.DiGraph((e.dependent, e.dependency) for e in graph.edges if e.strength is Strength.HARD)
    whole: nx.DiGraph[Ref] = nx.DiGraph((e.dependent, e.dependency) for e in graph.edges)
    assert nx.is_directed_acyclic_graph(hard)
    assert nx.is_directed_acyclic_graph(whole)


def plan_of(source: Path, seed: str) -> bytes:
    command = [sys.executable, "-m", "rebuild", "plan", str(source), "-o", "json"]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(command, check=True, capture_output=True, env=environment, cwd=ROOT).stdout


def same_for_any_seed(source: Path) -> None:
    plans = {plan_of(source, seed) for seed in ("0", "4242")}
    assert len(plans) == 1
    assert plans.pop()


def test_the_hash_seed_changes_nothing() -> None:
    same_for_any_seed(ROOT / "examples" / "shop")


@pytest.mark.corpus
@pytest.mark.skipif("REBUILD_CORPUS" not in os.environ, reason="REBUILD_CORPUS names no corpus")
def test_the_hash_seed_changes_nothing_for_a_published_repository() -> None:
    same_for_any_seed(Path(os.environ["REBUILD_CORPUS"]) / "kube-prometheus" / "manifests")
