"""Pictures of a plan: whatever a name holds, the text stays one graph, and the same plan gives the same text."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.plan import dot, mermaid
from rebuild.plan.steps import Action, Plan, Step
from tests.plan import support

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: web, image: web, envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: keys}}]}]
"""
DOT_LINE = re.compile(
    r"""digraph\ plan\ \{|\ *\}|\ \ rankdir=LR;|\ \ (node|edge)\ \[[^\]]*\];
    |\ \ subgraph\ cluster_\d+\ \{|\ +label=STRING;
    |\ +STRING(\ ->\ STRING)?
    \ \[label=(STRING|exists|served|ready)(,\ style=\w+)?(,\ edgetooltip=STRING)?\];""".replace(
        "STRING", r'"(?:[^"\\]|\\.)*"'
    ),
    re.VERBOSE,
)
MERMAID_LINE = re.compile(
    r"""flowchart\ LR|\ \ subgraph\ s\d+\[STRING\]|\ \ end|\ +n\d+(\[STRING\]|\(STRING\))
    |\ \ n\d+\ (==>|-\.->|-->)\|(exists|served|ready)\|\ n\d+""".replace("STRING", r'"[^"`]*"'),
    re.VERBOSE,
)


def hostile(names: list[str]) -> Plan:
    """A plan whose objects have these names, kinds and namespaces, each waiting for the one before."""
    refs = [Ref("odd.example.com", name, name, name) for name in dict.fromkeys(names)]
    edges = tuple(Edge(b, a, Gate.READY, Strength.SOFT, b.name, "r") for a, b in pairwise(refs))
    steps = {ref: Step(Manifest(ref, {}, Origin("a.yaml", 1)), Action.CREATE) for ref in refs}
    return Plan(steps, edges, frozenset(), support.blueprint("").kinds)


def test_a_plan_is_drawn_as_a_digraph() -> None:
    lines = dot.text(support.plan(SHOP)).replace(" in envFrom", "").replace(" in this namespace", "").splitlines()
    config = '"v1/ConfigMap/shop/settings"'
    assert lines[4:] == [
        '  "v1/Namespace/-/shop" [label="Namespace\\nshop"];',
        "  subgraph cluster_1 {",
        '    label="shop";',
        '    "v1/ConfigMap/shop/settings" [label="ConfigMap\\nsettings"];',
        '    "v1/Secret/shop/keys" [label="Secret\\nkeys", style=dotted];',
        '    "apps/v1/Deployment/shop/web" [label="Deployment\\nweb"];',
        "  }",
        f'  {config} -> "apps/v1/Deployment/shop/web" [label=exists, style=bold, edgetooltip="uses it"];',
        f'  "v1/Namespace/-/shop" -> {config} [label=exists, style=bold, edgetooltip="lives"];',
        '  "v1/Secret/shop/keys" -> "apps/v1/Deployment/shop/web" [label=exists, style=dashed, edgetooltip="uses it"];',
        "}",
    ]


def test_a_plan_is_drawn_as_a_flowchart() -> None:
    assert mermaid.text(support.plan(SHOP)).splitlines() == [
        "flowchart LR",
        '  n0["Namespace<br>shop"]',
        '  subgraph s1["shop"]',
        '    n1["ConfigMap<br>settings"]',
        '    n2("Secret<br>keys")',
        '    n3["Deployment<br>web"]',
        "  end",
        "  n1 ==>|exists| n3",
        "  n0 ==>|exists| n1",
        "  n2 -.->|exists| n3",
    ]


@given(st.lists(st.text(), max_size=5))
def test_no_name_breaks_out_of_its_string(names: list[str]) -> None:
    for line in dot.text(hostile(names)).splitlines():
        assert DOT_LINE.fullmatch(line), line
    for line in mermaid.text(hostile(names)).splitlines():
        assert MERMAID_LINE.fullmatch(line), line


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
def test_graphviz_draws_even_hostile_names() -> None:
    text = dot.text(hostile(['a"]; x [label="', "\\", "\\N", "<b>", "né\n\x1b[2J", ""]))
    done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b'class="node"') == 6
