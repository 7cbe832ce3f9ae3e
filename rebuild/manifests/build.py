"""Nodes to values: what a document means once libyaml has taken it apart.

Scalars mean what they mean to Kubernetes (`scalars`, `tags`); merge keys and aliases are resolved as in go-yaml's
decode.go. Stops at a document that unfolds into too much (`budget`), and never puts a value into a message.
"""

from __future__ import annotations

import math
import re
from typing import Any

from msgspec import Struct, field
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rebuild.manifests.budget import Budget, Excess
from rebuild.manifests.compose import PLAIN, QUOTED
from rebuild.manifests.document import DEEPEST, TOO_DEEP, Unreadable
from rebuild.manifests.scalars import UNSIGNED, Scalar, json_number, key_text, resolve
from rebuild.manifests.tags import Misfit, tagged

_TAG = "tag:yaml.org,2002:"
_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


class Build(Struct):
    """Turns the nodes of one document into values, collecting what does not stop it."""

    text: str
    first_line: int
    budget: Budget
    repeated_keys: list[tuple[int, str]] = field(default_factory=list)
    """Line and name of each key that its mapping has already."""
    _open: set[int] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)
    _alias_depth: int = 0
    _flow_depth: int = 0

    def value(self, node: Node) -> Any:
        """The value of a node.

        Raises:
            Unreadable: it has none.
        """
        if isinstance(node, ScalarNode):
            self._is_repeated(node)
            return self._number(node, self._scalar(node))
        if id(node) in self._open:
            raise Unreadable(self.line(node), "an anchor contains itself")
        alias = self._is_repeated(node)
        self._alias_depth += alias
        self._open.add(id(node))
        if len(self._open) > DEEPEST:
            raise Unreadable(self.line(node), TOO_DEEP)
        assert isinstance(node, SequenceNode | MappingNode)
        flow = bool(node.flow_style)
        self._flow_depth += flow
        value: Any = (
            [self.value(child) for child in node.value] if isinstance(node, SequenceNode) else self._mapping(node)
        )
        self._flow_depth -= flow
        self._alias_depth -= alias
        self._open.discard(id(node))
        return value

    def _is_repeated(self, node: Node) -> bool:
        """Whether an alias led here, which is where we have been before; the value is counted."""
        identity = id(node)
        alias = identity in self._seen
        self._seen.add(identity)
        self.budget.decoded += 1 + alias
        if alias or self._alias_depth:
            try:
                self.budget.repeat(node.value if isinstance(node, ScalarNode) else "")
            except Excess:
                raise Unreadable(self.line(node), "aliases repeat too much: this may be a YAML bomb") from None
        return alias

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if self._is_merge(key_node):
                before = result.keys()
                values = self._merged(value_node)
                merged |= values.keys() - before
                result.update(values)
                continue
            key = self._key(key_node)
            if key in result and key not in merged:
                self.repeated_keys.append((self.line(key_node), key))
            merged.discard(key)
            result[key] = self.value(value_node)
        return result

    def _is_merge(self, key: Node) -> bool:
        """An alias to `<<` is a key like any other."""
        return key.value == "<<" and key.tag in (PLAIN, _TAG + "merge") and id(key) not in self._seen

    def _merged(self, node: Node) -> dict[str, Any]:
        """A merge key's mapping, or its list of mappings, of which earlier ones take precedence.

        The list has to stand there: an alias to one is refused, as in go-yaml.
        """
        in_place = isinstance(node, SequenceNode) and id(node) not in self._seen
        parts = node.value[::-1] if in_place else [node]
        result: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, MappingNode):
                raise Unreadable(self.line(part), "a merge key needs a mapping")
            result.update(self.value(part))
        return result

    def _key(self, node: Node) -> str:
        """JSON has string keys only: Kubernetes writes booleans and numbers as text, and refuses null."""
        self._is_repeated(node)
        if not isinstance(node, ScalarNode):
            raise Unreadable(self.line(node), "a mapping key has to be a scalar")
        key = self._scalar(node)
        if isinstance(key, str):
            return key
        if key is None:
            raise Unreadable(self.line(node), "a mapping key must not be null")
        if not isinstance(key, float) and key in UNSIGNED:
            raise Unreadable(self.line(node), "a mapping key must not be a number of more than 63 bits")
        return key_text(key)

    def _scalar(self, node: ScalarNode) -> Scalar:
        text, tag = node.value, node.tag
        if tag == PLAIN:
            self._check_plain(node)
            value = text if node.style else resolve(text)
            # Most are text with or without the tag, so it is looked for last.
            return value if isinstance(value, str) or not self._has_bare_tag(node) else str(text)
        if tag == QUOTED:
            self._check_quoted(node)
            return str(text)
        if not tag.startswith(_TAG):
            return str(text)
        try:
            return tagged(tag.removeprefix(_TAG), text)
        except Misfit as error:
            raise Unreadable(self.line(node), str(error)) from error

    def _number(self, node: ScalarNode, value: Scalar) -> Scalar:
        if isinstance(value, str | bool) or value is None:
            return value
        if not math.isfinite(value):
            raise Unreadable(self.line(node), "infinity and NaN have no JSON form")
        return json_number(value)

    def _check_plain(self, node: ScalarNode) -> None:
        """go-yaml ends a plain scalar at a question mark inside a flow collection, and finds nothing sensible then."""
        if self._flow_depth and not node.style and "?" in node.value:
            raise Unreadable(self.line(node), "text with a `?` between brackets or braces needs quotes in Kubernetes")

    def _check_quoted(self, node: ScalarNode) -> None:
        """go-yaml does not know the escaped slash, which JSON has."""
        if node.style == '"' and "/" in node.value and _ESCAPED_SLASH.search(self._source(node)):
            raise Unreadable(self.line(node), "found an escaped slash, which Kubernetes reads in JSON only")

    def _has_bare_tag(self, node: ScalarNode) -> bool:
        """A lone `!` makes a scalar text; libyaml keeps no trace of it but where the node begins."""
        return self.text[node.start_mark.index : node.start_mark.index + 1] == "!"

    def _source(self, node: ScalarNode) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def line(self, node: Node) -> int:
        """In the file, counted from 1."""
        return int(self.first_line + node.start_mark.line)

    def item_lines(self, root: Node) -> tuple[int, ...]:
        """Where the entries of a top-level `items` list stand."""
        if not isinstance(root, MappingNode):
            return ()
        for key, value in root.value:
            if key.value == "items" and isinstance(value, SequenceNode):
                return tuple(self.line(item) for item in value.value)
        return ()
