"""A connected target: who it is, what it serves, and what it can do, read before anything else happens to it."""

from __future__ import annotations

from msgspec import Struct

from rebuild.cluster import connect
from rebuild.cluster.port import Cluster, ClusterFault, Identity
from rebuild.model.errors import Refused, Unreachable
from rebuild.model.events import TargetBound
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body
from rebuild.plan.fidelity import Capabilities


class BoundTarget(Struct, frozen=True):
    """A cluster that writes are bound to by the UID of its `kube-system` namespace."""

    cluster: Cluster
    identity: Identity
    served: Kinds
    capabilities: Capabilities
    provider: str
    baseline_namespaces: frozenset[str] = frozenset()

    @property
    def fidelity(self) -> str:
        """What it can prove, detected from its nodes and not from the provider's name."""
        if not self.capabilities.containers:
            return "kwok"
        return "cluster" if self.capabilities.machines else "kind"

    @property
    def event(self) -> TargetBound:
        """The target as it is told."""
        identity = self.identity
        return TargetBound(identity.uid, identity.version, identity.server, self.provider, self.fidelity)

    def assert_same(self) -> None:
        """Make sure that the same cluster still answers.

        Raises:
            Refused: when it is another one.
        """
        uid = self.cluster.identity().uid
        if uid != self.identity.uid:
            raise Refused(
                f"the plan was made for the cluster {self.identity.uid}, and now {uid} answers",
                hint="nothing was written; make a new plan",
            )


def bind(
    cluster: Cluster, *, provider: str, context: str = "", baseline_namespaces: frozenset[str] = frozenset()
) -> BoundTarget:
    """Read who the cluster is and what it offers.

    Args:
        cluster: a connection that nothing is known of yet.
        provider: who made it.
        context: what the user calls it.
        baseline_namespaces: those that come with it.

    Raises:
        Unreachable: when it does not answer, or does not let us read that much.
    """
    try:
        identity, served = cluster.identity(), cluster.served()
        nodes = _nodes(cluster, served)
    except ClusterFault as error:
        named = f"{cluster.server} (context {context!r})" if context else cluster.server
        raise Unreachable(f"{named} cannot be used: {error}", hint=connect.hint(error)) from error
    return BoundTarget(cluster, identity, served, Capabilities.of(nodes), provider, baseline_namespaces)


def _nodes(cluster: Cluster, served: Kinds) -> tuple[Body, ...]:
    kind = served.get("", "Node")
    return cluster.list(kind, "v1").items if kind else ()
