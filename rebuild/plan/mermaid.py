"""A plan as a flowchart in Mermaid's language, which code hosts draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.model.edges import Strength
from rebuild.plan import drawing
from rebuild.plan.drawing import Arrow
from rebuild.plan.steps import Plan

_ENTITIES = str.maketrans({c: f"#{ord(c)};" for c in '"#&<>`\\'})
"""Mermaid writes entities with `#` in place of `&`; a backtick would start Markdown."""


def text(plan: Plan) -> str:
    """The plan as one flowchart: soft edges are dotted, the critical path is thick, what others make is rounded,
    and what stands for several objects is a pill."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    picture = drawing.of(plan)
    numbers = {ref: f"n{number}" for number, ref in enumerate(ref for refs in picture.boxes.values() for ref in refs)}
    yield "flowchart LR"
    for number, (namespace, refs) in enumerate(picture.boxes.items()):
        indent = "    " if namespace else "  "
        if namespace:
            yield f"  subgraph s{number}[{_quoted(namespace)}]"
        for ref in refs:
            label = _quoted(*drawing.kind_and_name(ref))
            left, right = "()" if ref in picture.expected else ("([", "])") if ref in picture.groups else "[]"
            yield f"{indent}{numbers[ref]}{left}{label}{right}"
        if namespace:
            yield "  end"
    for arrow in picture.arrows:
        first, then = numbers[arrow.edge.dependency], numbers[arrow.edge.dependent]
        yield f"  {first} {_line(arrow)}|{arrow.edge.gate}| {then}"


def _line(arrow: Arrow) -> str:
    if arrow.critical:
        return "==>"
    return "-.->" if arrow.edge.strength is Strength.SOFT else "-->"


def _quoted(*lines: str) -> str:
    return '"' + "<br>".join(drawing.printable(line).translate(_ENTITIES) for line in lines) + '"'
