"""A target is bound to the cluster that answered first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rebuild.cluster.client import ApiServer
from rebuild.model.errors import Exit, Refused
from rebuild.ops.target import bind
from rebuild.providers.kwok.lab import Lab

pytestmark = pytest.mark.live


def test_what_a_lab_is_and_can_do_is_read_from_the_lab_itself(cluster: ApiServer, lab: Lab) -> None:
    bound = bind(cluster, provider="existing")
    assert bound.identity.server == lab.server
    assert bound.identity.version == lab.version
    assert len(bound.identity.uid) == 36
    assert not bound.capabilities.containers
    assert bound.fidelity == "kwok"
    assert bound.served.get("apps", "Deployment")


def test_the_same_cluster_passes_and_another_one_is_refused(cluster: ApiServer) -> None:
    bound = bind(cluster, provider="existing")
    bound.assert_same()
    other = replace(bound, identity=replace(bound.identity, uid="another"))
    with pytest.raises(Refused, match=f"made for the cluster another, and now {bound.identity.uid} answers") as caught:
        other.assert_same()
    assert caught.value.exit is Exit.REFUSED
