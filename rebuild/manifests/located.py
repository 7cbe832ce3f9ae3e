"""Where each value of a document stands, for saying who wrote its lines. Reads texts and lines, and no meanings.

An alias counts as what it stands for, and a merge key's mapping as fields of its own: that is where they are written.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from msgspec import field
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rebuild.manifests import loader
from rebuild.manifests.compose import compose
from rebuild.manifests.document import DEEPEST
from rebuild.model.discreet import Discreet


class Located(Discreet, frozen=True):
    """A value by its lines, counted from 1 in the file: from its key, if it has one, to the last that is its own.

    `text` is a scalar as it is written, without quotes. Must not be shown: it may be a Secret's.
    """

    unshown = frozenset({"text", "fields", "items"})

    first: int
    last: int
    text: str | None = None
    fields: dict[str, Located] = field(default_factory=dict)
    items: tuple[Located, ...] = ()


def document(data: bytes, line: int) -> Located | None:
    """The document, or the member of a List, that begins on a line of a file; None where none does or none is read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if text.lstrip().startswith("{"):
        parts: Iterator[tuple[int, str]] = iter([(1, text)])
    else:
        parts = ((first, part) for first, part in loader.parts(text, 1) if first <= line <= first + part.count("\n"))
    for first, part in parts:
        try:
            node = compose(part)
        except (yaml.YAMLError, RecursionError):
            continue
        if node is not None and (found := _beginning(_located(node, first, 0), line)):
            return found
    return None


def _beginning(found: Located, line: int) -> Located | None:
    """The whole, or the entry of its `items` that begins on the line."""
    items = found.fields.get("items")
    inside = next((item for item in items.items if item.first == line), None) if items else None
    return inside or (found if found.first <= line <= found.last else None)


def _located(node: Node, first: int, depth: int) -> Located:
    begin, end = _lines(node, first)
    if isinstance(node, ScalarNode) or depth > DEEPEST:
        return Located(begin, end, str(node.value) if isinstance(node, ScalarNode) else None)
    if isinstance(node, SequenceNode):
        return Located(begin, end, items=tuple(_located(child, first, depth + 1) for child in node.value))
    assert isinstance(node, MappingNode)
    fields: dict[str, Located] = {}
    for key, value in node.value:
        below = _located(value, first, depth + 1)
        if key.value == "<<":
            fields = {**below.fields, **fields}
            continue
        at = first + key.start_mark.line
        # What an alias stands for is written elsewhere, perhaps above its key.
        last = max(below.last, at)
        fields[str(key.value)] = Located(at, last, below.text, below.fields, below.items)
    return Located(begin, end, fields=fields)


def _lines(node: Node, first: int) -> tuple[int, int]:
    begin, end = node.start_mark.line, node.end_mark.line
    # A block ends where the next thing begins: at the start of a line, which is not its own.
    if end > begin and node.end_mark.column == 0:
        end -= 1
    return first + begin, first + end
