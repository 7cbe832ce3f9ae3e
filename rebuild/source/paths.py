"""Where a path leads inside of a store: links are resolved there and nowhere else.

Resolving is done on names, by the rules of path_resolution(7), over the entries that a store lists. Nothing is asked of
the file system, so a link cannot lead to a file that the store does not hold.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec import Struct

from rebuild.source import store as stores
from rebuild.source.store import Kind, Node, Store

MOST_LINKS = 40
"""Links on one path before it counts as a loop, as in Linux."""
OUT = "leads out of the source"
"""The trouble of a path that ends outside of its store."""
_FORBIDDEN = frozenset({"", ".", "..", ".git"})


class Found(Struct, frozen=True):
    """What stands at a path: its real path, what it is, and why it leads nowhere if it is nothing.

    A link is never what stands there. `links` are those on the way, each by its own real path, and `target` is what
    the first of them says.
    """

    path: str
    kind: Kind | None
    trouble: str = ""
    links: tuple[str, ...] = ()
    target: str = ""


def look(store: Store, path: str) -> Found:
    """Follow a path from the root of a store, every link on it included."""
    waiting = deque(path.split("/"))
    here: list[str] = []
    kind = Kind.FOLDER
    links: list[str] = []
    target = ""

    def nothing(trouble: str) -> Found:
        return Found("/".join(here), None, trouble, tuple(links), target)

    while waiting:
        step = waiting.popleft()
        if step in ("", "."):
            continue
        if kind is Kind.SUBMODULE:
            break
        if kind is not Kind.FOLDER:
            return nothing("is not there")
        if step == "..":
            if not here:
                return nothing(OUT)
            here.pop()
            continue
        node = store.children("/".join(here)).get(step)
        if node is None or not is_safe(step):
            return nothing("is not there")
        if node.kind is Kind.LINK:
            target = target if links else node.target
            links.append("/".join((*here, step)))
            if len(links) > MOST_LINKS:
                return nothing("leads round in a circle")
            if node.target.startswith("/"):
                return nothing(OUT)
            waiting.extendleft(reversed(node.target.split("/")))
            continue
        here.append(step)
        kind = node.kind
    return Found("/".join(here), kind, "", tuple(links), target)


def is_safe(name: str) -> bool:
    """Whether an entry's name is one that a file can have; Git's objects can hold `..`, `a/b` and worse."""
    return name.lower() not in _FORBIDDEN and not set(name) & {"/", "\0"}


class Walk:
    """The entries below a folder, in the order of their names; links come as they are, and are not followed.

    One walk counts all that it passes, however many folders it is asked about.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = 0

    def below(self, folder: str) -> Iterator[tuple[str, str, Node]]:
        """Each entry but the folders: where it stands, its name, and what it is.

        Raises:
            UsageError: there are more entries than can be looked at.
        """
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            prefix = f"{here}/" if here else ""
            deeper = []
            for name, node in sorted(self._store.children(here).items()):
                self._seen += 1
                if self._seen > stores.MOST_ENTRIES:
                    raise stores.too_many(self._store)
                if node.kind is Kind.FOLDER and is_safe(name):
                    deeper.append(prefix + name)
                else:
                    yield prefix + name, name, node
            waiting.extend(reversed(deeper))
