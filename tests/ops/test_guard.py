"""What speaks against writing to a cluster, and when nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rebuild.cluster.connect import connect
from rebuild.cluster.port import Identity
from rebuild.model import kinds
from rebuild.model.errors import Exit, Refused, Unreachable
from rebuild.model.faults import Cause, Fault
from rebuild.ops.guard import assert_allowed, assert_not_denied, assert_own, objection
from rebuild.ops.settings import Settings
from rebuild.ops.target import BoundTarget, bind
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.snapshot import Snapshot
from tests.plan import support

SETTINGS = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
"""
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
    with pytest.raises(Unreachable, match=r"https://127.0.0.1:1 cannot be used") as caught:
        bind(target(tmp_path).cluster, provider="existing")
    assert caught.value.exit is Exit.UNREACHABLE
    assert caught.value.hint


@pytest.mark.parametrize(
    ("patterns", "allowed"),
    [
        (None, True),
        (("staging-*",), True),
        (("dev", "*"), True),
        (("staging-eu",), True),
        (("staging",), False),
        (("STAGING-*",), False),
        (("*-us", "dev"), False),
        ((), False),
    ],
)
def test_a_context_is_used_if_a_pattern_fits(patterns: tuple[str, ...] | None, allowed: bool) -> None:
    own = Settings(Path("/config.yaml"), patterns)
    if allowed:
        assert_allowed("staging-eu", own)
        return
    with pytest.raises(Refused, match=r"'staging-eu' is not among those that /config.yaml allows") as caught:
        assert_allowed("staging-eu", own)
    assert caught.value.exit is Exit.REFUSED


def test_a_denied_cluster_is_refused_by_its_uid(tmp_path: Path) -> None:
    bound = target(tmp_path)
    assert_not_denied(bound, Settings(Path("/config.yaml"), denied_clusters=frozenset({"another"})))
    with pytest.raises(Refused, match=f"denies writing to the cluster uid at {SERVER}"):
        assert_not_denied(bound, Settings(Path("/config.yaml"), denied_clusters=frozenset({"uid"})))


ACTING = "users: [{name: u, user: {exec: {command: sh}}}]"


def test_a_kubeconfig_out_of_the_source_must_not_act(tmp_path: Path) -> None:
    file = tmp_path / "repo" / "kubeconfig"
    (tmp_path / "repo" / "deploy").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    file.write_text(ACTING)
    with pytest.raises(Refused) as caught:
        assert_own(file, str(tmp_path / "repo" / "deploy"))
    assert caught.value.exit is Exit.REFUSED
    assert f"the kubeconfig {file} lies in the source {tmp_path}/repo and has exec" in str(caught.value)


def test_one_of_the_environment_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubeconfig").write_text(ACTING)
    monkeypatch.setenv("KUBECONFIG", f"/nonexistent:{tmp_path}/kubeconfig")
    with pytest.raises(Refused):
        assert_own(None, str(tmp_path))


def test_the_users_own_may_act_and_one_out_of_the_source_may_hold_data(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (tmp_path / "own").write_text(ACTING)
    (repo / "kubeconfig").write_text("users: [{name: u, user: {token: t}}]")
    assert_own(tmp_path / "own", str(repo))
    assert_own(repo / "kubeconfig", str(repo))
    assert_own(repo / "kubeconfig", "https://git.example.com/env.git")


def test_a_cluster_that_may_not_be_read_is_not_known_to_be_fresh(tmp_path: Path) -> None:
    fault = Fault(Cause.FORBIDDEN, 403, "no")
    held = Snapshot((), {("", "Namespace", "v1"): fault, ("", "ConfigMap", "v1"): fault})
    text = objection(target(tmp_path), held, support.plan(SETTINGS))
    assert text == f"nobody can tell whether the cluster {SERVER} is fresh: ConfigMap, Namespace cannot be read"
