"""A second opinion on what verification says: would the API server change anything if the declaration were applied?

It shares nothing with `compare`: the server's answer to a dry run is held against the live object word for word. So it
is stricter (another order or another spelling is a change to it) and blind where admission undoes what was declared.
Where the two part, the report tells it; the verdict stays that of `compare`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rebuild.model.objects import Body
from rebuild.verify.judge import Verified

_BOOKKEEPING = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp"})
SHOWN = 5
"""Fields that are named; the rest is counted."""


def changes(live: Body, answer: Body) -> list[str]:
    """The fields in which the server's answer is not the live object, without their values; status is not written."""
    return sorted(set(_parted(_bare(live), _bare(answer), "")))


def dissent(verified: Verified, live: Body, answer: Body) -> str:
    """What a dry run of the declaration says against the verdict, or nothing where both say the same."""
    changed = changes(live, answer)
    if verified.equal and changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        return f"verification finds it equal, and a server-side apply would change {', '.join(changed[:SHOWN])}{more}"
    if verified.differences and not changed:
        first = verified.differences[0].path
        return (
            f"verification finds {first} different, and a server-side apply would change nothing: "
            "admission puts back what lives, or the declaration cannot take effect"
        )
    return ""


def _bare(body: Body) -> Body:
    metadata = {name: value for name, value in body.get("metadata", {}).items() if name not in _BOOKKEEPING}
    return {name: value for name, value in body.items() if name != "status"} | {"metadata": metadata}


def _parted(live: Any, answer: Any, path: str) -> Iterator[str]:
    if isinstance(live, dict) and isinstance(answer, dict):
        for name in live.keys() | answer.keys():
            yield from _parted(live.get(name), answer.get(name), f"{path}.{name}" if path else name)
    elif isinstance(live, list) and isinstance(answer, list) and len(live) == len(answer):
        for position, (one, other) in enumerate(zip(live, answer, strict=True)):
            yield from _parted(one, other, f"{path}[{position}]")
    elif live != answer or isinstance(live, bool) is not isinstance(answer, bool):
        yield path
