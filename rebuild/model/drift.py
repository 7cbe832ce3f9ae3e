"""What a cluster holds that its repository does not say: the words for it, and what is known of each place."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from rebuild.model.objects import Origin
from rebuild.model.refs import Ref


class DriftKind(StrEnum):
    """How a cluster can part from its repository, in the order in which a reader wants to hear of it."""

    MISSING = "missing"
    """A declared object that is not there."""
    CHANGED = "changed"
    """A declared field whose live value does not mean the same."""
    FOREIGN = "foreign"
    """A field, a list entry or a map key of a declared object that the repository does not declare."""
    UNMANAGED = "unmanaged"
    """An object that no commit declares and no controller owns."""


class Actor(StrEnum):
    """Who stands behind a field manager, as far as its name tells. Whoever writes chooses that name."""

    PERSON = "person"
    """A tool in a person's hand: kubectl, a dashboard, a browser."""
    DEPLOYER = "deployer"
    """What brings declarations into a cluster: Helm, Terraform, a GitOps controller."""
    CONTROLLER = "controller"
    """A program of the cluster."""
    REBUILD = "rebuild"
    """An earlier run of ours, from what the repository said then."""
    UNKNOWN = "unknown"


class Write(Struct, frozen=True):
    """One manager's part in a live object. `time` is that of this manager's last write to the object, RFC 3339.

    Kubernetes keeps no time for a single field. `subresource` is empty for the object itself. `users` are from an audit
    log: who made that last write.
    """

    manager: str
    operation: str
    subresource: str
    time: str
    actor: Actor
    users: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.manager} ({self.subresource})" if self.subresource else self.manager


class Authorship(Struct, frozen=True):
    """Which commit declared something last, and where. `date` is when it was authored, RFC 3339.

    It is that of the field itself where `exact`, else that of the whole object's declaration, since the field is not
    there or is made by a patch. `oldest` marks the end of a shallow history: the commit is this or an earlier one.
    """

    commit: str
    author: str
    date: str
    line: int
    exact: bool
    oldest: bool = False


class Drift(Struct, frozen=True):
    """One place where the cluster and the repository part.

    `path` is empty where the whole object is meant. Values are JSON as `redaction` shows them. `writes` are by those
    who own the place now, and none where nobody does, as of what was removed. `users` are from an audit log: of the
    writes that match or, where `is_certain` is false, of the last write to the object. `origin` is where the object is
    declared, and `declared_by` the commit behind it; neither exists for what is not declared.
    """

    kind: DriftKind
    ref: Ref
    path: str
    declared: str
    live: str
    writes: tuple[Write, ...] = ()
    origin: Origin | None = None
    declared_by: Authorship | None = None
    users: tuple[str, ...] = ()
    is_certain: bool = True


class Unchecked(Struct, frozen=True):
    """Something that the answer does not cover, and why. Without a ref it concerns a whole kind or API.

    `is_declared` says that declared objects are among it: without them nobody can say that there is no drift.
    """

    what: str
    why: str
    ref: Ref | None = None
    is_declared: bool = False
