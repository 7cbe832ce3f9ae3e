"""No rule is worse than linear in objects and edges: steps are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

import rebuild.graph
from rebuild.graph.build import RULES
from rebuild.graph.index import Index
from rebuild.model.blueprint import Blueprint
from rebuild.model.edges import Edge
from tests.graph import reading

HERE = str(Path(rebuild.graph.__file__).parent)
SMALL, LARGE = 25, 100

CROWD = (Path(__file__).parent / "crowd.yaml").read_text()


def crowd(size: int) -> Blueprint:
    return reading.blueprint("\n---\n".join(CROWD.replace("§", str(n)) for n in range(size)))


def steps_of(rule: ModuleType, index: Index) -> tuple[int, list[Edge]]:
    """How many lines of the graph's code a rule takes, look-ups in the index included, and the edges it makes."""
    taken = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal taken
        if not frame.f_code.co_filename.startswith(HERE):
            return None
        taken += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        edges = list(rule.edges_from(index))
    finally:
        sys.settrace(before)
    return taken, edges


@pytest.fixture(scope="module")
def blueprints() -> tuple[Blueprint, Blueprint]:
    return crowd(SMALL), crowd(LARGE)


def names() -> Iterator[str]:
    yield from (rule.__name__.rpartition(".")[2] for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=names())
def test_the_steps_of_a_rule_grow_no_faster_than_objects_and_edges(
    rule: ModuleType, blueprints: tuple[Blueprint, Blueprint]
) -> None:
    costs = []
    for blueprint in blueprints:
        steps, edges = steps_of(rule, Index(blueprint))
        assert edges
        costs.append(steps / (len(blueprint) + len(edges)))
    small, large = costs
    assert large <= small * 1.25


def test_the_index_itself_grows_no_faster(blueprints: tuple[Blueprint, Blueprint]) -> None:
    class Building(ModuleType):
        """Counts what making an index takes."""

        @staticmethod
        def edges_from(index: Index) -> list[Edge]:
            Index(blueprint)
            return []

    costs = []
    for blueprint in blueprints:
        steps, _ = steps_of(Building("building"), Index(blueprint))
        costs.append(steps / len(blueprint))
    small, large = costs
    assert large <= small * 1.25
