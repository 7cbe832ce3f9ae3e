"""What speaks against writing to a cluster, and when nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rebuild.cluster.connect import connect
from rebuild.cluster.port import Identity
from rebuild.model import kinds
from rebuild.model.errors import Exit, Unreachable
from rebuild.ops.guard import objection
from rebuild.ops.target import BoundTarget, bind
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.snapshot import Snapshot
from tests.plan import support

SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"
SERVER = "https://127.0.0.1:1"


def target(folder: Path, *, containers: bool = True, provider: str = "existing") -> BoundTarget:
    """A target at an address where nobody answers: a guard only looks at what was read before."""
    file = folder / "kubeconfig"
    file.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": SERVER}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    cluster = connect(context="x", kubeconfig=file)
    identity = Identity("uid", "v1.37.2", SERVER)
    baseline = frozenset({"local-path-storage"})
    return BoundTarget(cluster, identity, kinds.builtin(), Capabilities(containers), provider, baseline)


def namespaces(*names: str) -> Snapshot:
    return Snapshot({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names)


def test_nothing_speaks_against_a_fresh_cluster(tmp_path: Path) -> None:
    held = namespaces("default", "kube-system", "kube-public", "kube-node-lease", "local-path-storage")
    assert objection(target(tmp_path), held, support.plan(SETTINGS)) == ""


def test_a_cluster_that_is_not_fresh_is_named_with_what_it_holds(tmp_path: Path) -> None:
    text = objection(target(tmp_path), namespaces("kube-system", "shop"), support.plan(SETTINGS))
    assert text == f"the cluster {SERVER} is not fresh: it holds v1/Namespace/-/shop"


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, " and 1 more"), (30, " and 25 more")])
def test_of_many_strangers_some_are_named_and_the_rest_counted(tmp_path: Path, count: int, more: str) -> None:
    held = namespaces(*(f"team-{number:02}" for number in range(count)))
    text = objection(target(tmp_path), held, support.plan(SETTINGS))
    named = ", ".join(f"v1/Namespace/-/team-{number:02}" for number in range(5))
    assert text == f"the cluster {SERVER} is not fresh: it holds {named}{more}"


def test_nothing_speaks_against_a_plan_that_writes_nothing(tmp_path: Path) -> None:
    kept = support.plan(SETTINGS, live=SETTINGS)
    assert objection(target(tmp_path), namespaces("shop"), kept) == ""


def test_a_change_of_what_lives_is_a_write_as_well(tmp_path: Path) -> None:
    changed = support.plan(SETTINGS + "data: {a: b}\n", live=SETTINGS)
    assert objection(target(tmp_path), namespaces("shop"), changed)


@pytest.mark.parametrize(
    ("provider", "containers", "fidelity"),
    [("existing", True, "cluster"), ("existing", False, "kwok"), ("kwok", False, "kwok")],
)
def test_the_fidelity_of_an_existing_cluster_is_read_from_its_nodes(
    tmp_path: Path, provider: str, containers: bool, fidelity: str
) -> None:
    bound = target(tmp_path, containers=containers, provider=provider)
    assert bound.fidelity == fidelity
    assert bound.event.fidelity == fidelity
    assert bound.event.uid == "uid"


def test_a_target_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="the target cluster cannot be used") as caught:
        bind(target(tmp_path).cluster, provider="existing")
    assert caught.value.exit is Exit.UNREACHABLE
    assert caught.value.hint
