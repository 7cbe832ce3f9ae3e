"""Where each key of a small YAML document stands, for files of which every key is checked. Reads no values."""

from __future__ import annotations

import yaml
from yaml.nodes import MappingNode, Node, SequenceNode

_DEEPEST = 8
"""Settings are not nested deeper; an anchor that contains itself would be so for ever."""


def of_keys(data: bytes) -> dict[tuple[str, ...], int]:
    """The line of each key, counted from 1, by its path from the top; an entry of a list by its position.

    Raises:
        yaml.YAMLError: for anything but a document that `loader` reads without a problem.
    """
    found: dict[tuple[str, ...], int] = {}
    waiting: list[tuple[tuple[str, ...], Node | None]] = [((), yaml.compose(data, Loader=yaml.CSafeLoader))]
    while waiting:
        above, node = waiting.pop()
        if len(above) > _DEEPEST:
            continue
        for position, entry in enumerate(node.value if isinstance(node, SequenceNode) else ()):
            found[*above, str(position)] = entry.start_mark.line + 1
            waiting.append(((*above, str(position)), entry))
        if not isinstance(node, MappingNode):
            continue
        for key, value in node.value:
            path = (*above, str(key.value))
            found[path] = key.start_mark.line + 1
            waiting.append((path, value))
    return found
