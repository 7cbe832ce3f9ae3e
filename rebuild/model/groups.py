"""A group stands for several objects in the graph: n objects that wait for m others make n + m edges, not n * m.

It is nobody's object: nothing is written, watched or counted for it. It waits for its members by edges of its own, and
all its gates open once all of those have: a hard edge to a member that is lost loses the group as well, a soft one
only ends the waiting for that member. Who waits for a group waits by an edge like any other, with a hold of its own if
that is soft; a group never holds. Its members are declared objects, or groups.
"""

from __future__ import annotations

from rebuild.model.refs import Ref

_KIND = ("rebuild", "Group")
"""The API group of a custom resource has a dot in it, so no API server can ever serve this kind."""


def group(name: str) -> Ref:
    """The group of a name, which must not hold a slash; equal names are the same group."""
    return Ref(*_KIND, "", name)


def is_group(ref: Ref) -> bool:
    """Whether a ref stands for a group and not for an object."""
    return ref.kind == _KIND[1] and ref.group == _KIND[0]
