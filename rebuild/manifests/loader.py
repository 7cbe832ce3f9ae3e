"""One YAML or JSON text to its documents, each with its line, one bad document never hiding the others.

libyaml composes nodes; turning them into values is ours, because Kubernetes' reading of a scalar is not PyYAML's
(see `scalars`). Documents are cut at `---` lines before parsing, as k8s.io/apimachinery/pkg/util/yaml does.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rebuild.manifests import jsontext
from rebuild.manifests.document import DEEPEST, Document, Problem
from rebuild.manifests.scalars import Scalar, resolve

_PLAIN = "plain"
_QUOTED = "quoted"
_TAG = "tag:yaml.org,2002:"


class _Unreadable(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(line, message)


class _Composer(CParser):
    """libyaml's composer with tags that only say whether a scalar was plain, down to a certain depth."""

    _depth = 0

    def resolve(self, kind: type[Node], _value: str | None, implicit: Any) -> str:
        return _PLAIN if kind is ScalarNode and implicit[0] else _QUOTED

    def descend_resolver(self, _parent: Node | None, _index: Any) -> None:
        """Called on the way into each node. PyYAML's path resolvers are not used."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise RecursionError

    def ascend_resolver(self) -> None:
        """Called on the way out of each node."""
        self._depth -= 1


def documents(data: bytes) -> Iterator[Document]:
    """The documents of a file in order. Empty ones, and ones that hold only comments, are left out.

    Never raises: what cannot be read comes back as a document with a fatal problem.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield Document(line, None, (Problem(line, f"not UTF-8 at byte {error.start}"),))
        return
    for first_line, chunk in _split(text):
        try:
            yield from _json(first_line, chunk) or _yaml(first_line, chunk)
        except RecursionError:
            yield Document(first_line, None, (Problem(first_line, "nested too deeply"),))


def _split(text: str) -> Iterator[tuple[int, str]]:
    """Cut at lines that begin with `---`; yields the number of each part's first line, counted from 1."""
    lines = text.split("\n")
    start = 0
    for number, line in enumerate(lines):
        if line.startswith("---"):
            yield start + 1, "\n".join(lines[start:number])
            start = number
    yield start + 1, "\n".join(lines[start:])


def _json(first_line: int, text: str) -> tuple[Document, ...] | None:
    """The part as JSON, if it is that."""
    if text.startswith("---"):
        text, first_line = text.partition("\n")[2], first_line + 1
    return jsontext.documents(text, first_line) if text.lstrip().startswith("{") else None


def _yaml(first_line: int, text: str) -> tuple[Document, ...]:
    """The part as YAML: at most one document."""
    try:
        composer = _Composer(text)
    except yaml.YAMLError as error:
        return (_broken(first_line, text, error),)
    try:
        node = composer.get_single_node()
        if node is None:
            return ()
        build = _Build(first_line)
        value = build.value(node)
        if value is None:
            return ()
        return (Document(build.line(node), value, tuple(build.problems), build.item_lines(node)),)
    except yaml.YAMLError as error:
        return (_broken(first_line, text, error),)
    except _Unreadable as error:
        return (Document(error.problem.line, None, (error.problem,)),)
    finally:
        composer.dispose()


def _broken(first_line: int, text: str, error: yaml.YAMLError) -> Document:
    """Where libyaml gave up; at the end of a text it counts one line more than there is."""
    mark = getattr(error, "problem_mark", None)
    line = first_line + (min(mark.line, text.count("\n")) if mark else 0)
    message = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return Document(line, None, (Problem(line, f"not YAML: {message}"),))


@dataclass(slots=True)
class _Build:
    """Turns the nodes of one document into values, collecting problems that do not stop it."""

    first_line: int
    problems: list[Problem] = field(default_factory=list)
    open_nodes: set[int] = field(default_factory=set)

    def value(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self.open_nodes:
            raise _Unreadable(self.line(node), "an anchor contains itself")
        self.open_nodes.add(id(node))
        if len(self.open_nodes) > DEEPEST:
            raise _Unreadable(self.line(node), "nested too deeply")
        try:
            if isinstance(node, SequenceNode):
                return [self.value(child) for child in node.value]
            assert isinstance(node, MappingNode)
            return self._mapping(node)
        finally:
            self.open_nodes.discard(id(node))

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: set[str] = set()
        for key_node, value_node in node.value:
            if key_node.value == "<<" and key_node.tag in (_PLAIN, _TAG + "merge"):
                before = result.keys()
                values = self._merged(value_node)
                merged |= values.keys() - before
                result.update(values)
                continue
            key = self._key(key_node)
            if key in result and key not in merged:
                self.problems.append(
                    Problem(self.line(key_node), f"key {key!r} is given twice; the last one counts", fatal=False)
                )
            merged.discard(key)
            result[key] = self.value(value_node)
        return result

    def _merged(self, node: Node) -> dict[str, Any]:
        """A merge key's mapping, or its list of mappings, of which earlier ones take precedence."""
        parts = node.value[::-1] if isinstance(node, SequenceNode) else [node]
        result: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, MappingNode):
                raise _Unreadable(self.line(part), "a merge key needs a mapping")
            result.update(self.value(part))
        return result

    def _key(self, node: Node) -> str:
        """JSON has string keys only: Kubernetes writes booleans and numbers as text, and refuses null."""
        if not isinstance(node, ScalarNode):
            raise _Unreadable(self.line(node), "a mapping key has to be a scalar")
        key = self._scalar(node)
        if key is None:
            raise _Unreadable(self.line(node), "a mapping key must not be null")
        if isinstance(key, bool):
            return "true" if key else "false"
        return f"{key:g}" if isinstance(key, float) else str(key)

    def _scalar(self, node: ScalarNode) -> Scalar:
        text, tag = node.value, node.tag
        if tag == _PLAIN:
            value = resolve(text)
        elif tag in (_QUOTED, _TAG + "str") or not tag.startswith(_TAG):
            return str(text)
        else:
            value = self._tagged(node, tag.removeprefix(_TAG))
        if isinstance(value, float) and not math.isfinite(value):
            raise _Unreadable(self.line(node), f"{text} has no JSON form")
        return value

    def _tagged(self, node: ScalarNode, tag: str) -> Scalar:
        """A scalar with an explicit standard tag: the value must be of that type."""
        if tag == "binary":
            try:
                return base64.b64decode(node.value, validate=False).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise _Unreadable(self.line(node), f"!!binary cannot be read as text: {error}") from error
        value = resolve(node.value)
        types: dict[str, type | tuple[type, ...]] = {
            "int": int,
            "float": (int, float),
            "bool": bool,
            "null": type(None),
        }
        wanted = types.get(tag)
        if wanted is None:
            return str(node.value)
        if not isinstance(value, wanted) or (isinstance(value, bool) and tag != "bool"):
            raise _Unreadable(self.line(node), f"{node.value!r} is not of type !!{tag}")
        return value

    def line(self, node: Node) -> int:
        return int(self.first_line + node.start_mark.line)

    def item_lines(self, root: Node) -> tuple[int, ...]:
        if not isinstance(root, MappingNode):
            return ()
        for key, value in root.value:
            if key.value == "items" and isinstance(value, SequenceNode):
                return tuple(self.line(item) for item in value.value)
        return ()
