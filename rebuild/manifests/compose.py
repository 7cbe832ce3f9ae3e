"""Text to libyaml's nodes, with tags that say only whether a scalar was plain, down to a certain depth.

Knows nothing of what a scalar means. libyaml 0.2.5 is younger than the scanner in go-yaml: `build` refuses where
it reads more.
"""

from __future__ import annotations

from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.composer import Composer, ComposerError
from yaml.events import AliasEvent, NodeEvent
from yaml.nodes import Node, ScalarNode

from rebuild.manifests.document import DEEPEST

PLAIN = "\0plain"
"""No tag of a document can be this: a tag holds no zero byte."""
QUOTED = "\0quoted"


class _Levels(CParser):
    """libyaml's composer, which tells on the way into each node and out of it."""

    _depth = 0

    def resolve(self, kind: type[Node], _value: str | None, implicit: Any) -> str:
        return PLAIN if kind is ScalarNode and implicit[0] else QUOTED

    def descend_resolver(self, _parent: Node | None, _index: Any) -> None:
        """Called on the way into each node. PyYAML's path resolvers are not used."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise RecursionError

    def ascend_resolver(self) -> None:
        """Called on the way out of each node."""
        self._depth -= 1


class _Renaming(Composer, _Levels):
    """Allows an anchor to be given twice, as YAML and go-yaml do: an alias means the last one before it."""

    def __init__(self, text: str) -> None:
        _Levels.__init__(self, text)
        Composer.__init__(self)

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Compose the next node; its anchor is free again."""
        event = self.peek_event()
        assert isinstance(event, NodeEvent)
        if not isinstance(event, AliasEvent):
            self.anchors.pop(event.anchor, None)
        elif event.anchor not in self.anchors:
            mark = event.start_mark
            raise ComposerError(None, None, "found undefined alias", mark)  # type: ignore[arg-type]
        return super().compose_node(parent, index)


def compose(text: str) -> Node | None:
    """The root node of a text's only document; None for an empty one.

    Raises:
        yaml.YAMLError: the text is no YAML, or holds a second document.
        RecursionError: it is nested too deeply.
    """
    try:
        return _composed(_Levels, text)
    except ComposerError as error:
        if "duplicate anchor" not in str(error.context):
            raise
        return _composed(_Renaming, text)


def _composed(kind: type[_Levels], text: str) -> Node | None:
    composer = kind(text)
    try:
        node: Node | None = composer.get_single_node()
    finally:
        composer.dispose()
    return node


def why_not(error: yaml.YAMLError) -> str:
    """What libyaml has to say about a text, without a word of the text."""
    if getattr(error, "context", None) == "expected a single document in the stream":
        return "something follows the end of the document"
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable")
