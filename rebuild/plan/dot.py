"""A plan as a graph in Graphviz's language: `rebuild plan . -o dot | dot -Tsvg > plan.svg`."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.model.edges import Strength
from rebuild.model.refs import Ref
from rebuild.plan import drawing
from rebuild.plan.drawing import Arrow
from rebuild.plan.steps import Plan

_HEAD = """\
digraph plan {
  rankdir=LR;
  node [shape=box, fontname="sans-serif", fontsize=10];
  edge [fontname="sans-serif", fontsize=8];"""


def text(plan: Plan) -> str:
    """The plan as one digraph: soft edges are dashed, the critical path is bold, what others make is dotted,
    and what stands for several objects is oval."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    picture = drawing.of(plan)
    yield _HEAD
    for number, (namespace, refs) in enumerate(picture.boxes.items()):
        indent = "    " if namespace else "  "
        if namespace:
            yield f"  subgraph cluster_{number} {{"
            yield f"    label={_quoted(namespace)};"
        for ref in refs:
            style = ", style=dotted" if ref in picture.expected else ", shape=oval" if ref in picture.groups else ""
            yield f"{indent}{_quoted(str(ref))} [label={_quoted(*drawing.kind_and_name(ref))}{style}];"
        if namespace:
            yield "  }"
    for arrow in picture.arrows:
        yield f"  {_ends(arrow.edge.dependency, arrow.edge.dependent)} [{_look(arrow)}];"
    yield "}"


def _ends(first: Ref, then: Ref) -> str:
    return f"{_quoted(str(first))} -> {_quoted(str(then))}"


def _look(arrow: Arrow) -> str:
    style = "bold" if arrow.critical else "dashed" if arrow.edge.strength is Strength.SOFT else "solid"
    return f"label={arrow.edge.gate}, style={style}, edgetooltip={_quoted(arrow.edge.why)}"


def _quoted(*lines: str) -> str:
    r"""A double-quoted string of DOT; a backslash in a name must not start an escape such as `\N`."""
    escaped = (drawing.printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
