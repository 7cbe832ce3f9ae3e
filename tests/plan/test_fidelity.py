"""Each case folder is one truth about what a target without containers gets in place of what is declared.

`expected.yaml` says it all, and what it leaves out has not happened: `match_conditions` of the webhooks that are
sent in another form, `held_back` and `unawaited` objects, `limits` as code and object, and the edges that are
`not_waited_for`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rebuild.graph import build as graphs
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.groups import group
from rebuild.model.objects import Body, Manifest
from rebuild.model.redaction import digest
from rebuild.model.refs import Ref
from rebuild.plan import fidelity
from rebuild.plan.build import rulebook_for
from rebuild.plan.fidelity import HELD_BACK, KWOK_NODE, Capabilities
from rebuild.plan.snapshot import Snapshot
from tests.plan import support

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/declared.yaml"))


def identity(folder: Path) -> str:
    return folder.relative_to(CASES).as_posix()


@pytest.mark.parametrize("folder", FOLDERS, ids=identity)
def test_a_target_without_containers_gets_what_the_case_says(folder: Path) -> None:
    blueprint = support.blueprint((folder / "declared.yaml").read_bytes())
    graph = graphs.build(blueprint)
    fitted = fidelity.fit(blueprint, support.SIMULATED, rulebook_for(blueprint, Snapshot(())))
    kept = fitted.openable(graph.edges, graph.produced)
    found = {
        "match_conditions": {str(ref): conditions(manifest) for ref, manifest in fitted.manifests.items()},
        "held_back": sorted(map(str, fitted.held_back)),
        "unawaited": sorted(map(str, fitted.unawaited)),
        "limits": sorted(f"{limit.code} {limit.ref}" for limit in fitted.limits),
        "not_waited_for": sorted(str(edge) for edge in graph.edges if edge not in kept),
    }
    expected = yaml.safe_load((folder / "expected.yaml").read_text()) or {}
    assert {key: value for key, value in found.items() if value} == expected


@pytest.mark.parametrize("folder", FOLDERS, ids=identity)
def test_what_is_sent_instead_differs_in_match_conditions_alone(folder: Path) -> None:
    blueprint = support.blueprint((folder / "declared.yaml").read_bytes())
    before = {ref: digest(manifest.payload, b"") for ref, manifest in blueprint.manifests.items()}
    fitted = fidelity.fit(blueprint, support.SIMULATED, rulebook_for(blueprint, Snapshot(())))
    for ref, manifest in fitted.manifests.items():
        assert armed(manifest.body) == armed(blueprint.manifests[ref].body)
    assert {ref: digest(manifest.payload, b"") for ref, manifest in blueprint.manifests.items()} == before


@pytest.mark.parametrize("folder", FOLDERS, ids=identity)
def test_on_a_target_with_containers_nothing_changes(folder: Path) -> None:
    blueprint = support.blueprint((folder / "declared.yaml").read_bytes())
    graph = graphs.build(blueprint)
    fitted = fidelity.fit(blueprint, support.REAL, rulebook_for(blueprint, Snapshot(())))
    assert fitted.openable(graph.edges) == graph.edges
    assert fitted == fidelity.Fitted()


def test_every_topic_has_a_case_and_every_case_an_expectation() -> None:
    assert {folder.parent.name for folder in FOLDERS} == {
        "apiservices",
        "conversions",
        "gates",
        "operators",
        "webhooks",
    }
    assert {path.parent for path in CASES.glob("*/*/expected.yaml")} == set(FOLDERS)


@pytest.mark.parametrize(
    ("annotations", "containers"),
    [
        ([{KWOK_NODE: "fake"}, {KWOK_NODE: "fake"}], False),
        ([{KWOK_NODE: ""}], False),
        ([{KWOK_NODE: "fake"}, {"other": "x"}], True),
        ([None], True),
        ([], True),
    ],
)
def test_a_target_runs_no_containers_when_all_its_nodes_are_simulated(
    annotations: list[dict[str, str] | None], containers: bool
) -> None:
    nodes: list[Body] = [{"metadata": {"name": f"n{i}", "annotations": a}} for i, a in enumerate(annotations)]
    assert Capabilities.of(nodes) == Capabilities(containers=containers)


@pytest.mark.parametrize(
    ("ids", "machines"),
    [
        (["kind://docker/demo/demo-control-plane"], False),
        (["kind://docker/demo/a", "kind://podman/demo/b"], False),
        (["kind://docker/demo/a", "aws:///eu-central-1a/i-1"], True),
        ([None], True),
        ([], True),
    ],
)
def test_a_target_has_no_machines_when_all_its_nodes_are_containers(ids: list[str | None], machines: bool) -> None:
    nodes: list[Body] = [{"metadata": {"name": f"n{i}"}, "spec": {"providerID": each}} for i, each in enumerate(ids)]
    assert Capabilities.of(nodes) == Capabilities(containers=True, machines=machines)


def test_a_node_without_any_metadata_is_a_real_one() -> None:
    assert Capabilities.of([{}]).containers


def conditions(manifest: Manifest) -> dict[str, list[str]]:
    return {hook["name"]: [c["name"] for c in hook.get("matchConditions", ())] for hook in manifest.body["webhooks"]}


def armed(body: Body) -> Any:
    """The body without our match condition, which the API server accepts once per webhook."""
    hooks = []
    for hook in body["webhooks"]:
        declared = hook.get("matchConditions") or []
        kept = [each for each in declared if each != HELD_BACK]
        assert len(declared) - len(kept) <= 1
        hooks.append({**hook, "matchConditions": kept})
    return {**body, "webhooks": hooks}


def test_a_group_can_have_no_limit() -> None:
    held_back = Ref("example.com", "Widget", "shop", "blue")
    fitted = fidelity.Fitted(held_back={held_back: "nobody serves it"})
    assert fitted.openable([Edge(group("wave"), held_back, Gate.READY, Strength.HARD, "is one of it")]) == ()
    assert fitted.limits == []
