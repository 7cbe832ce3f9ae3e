"""Clusters of real nodes, made, described, listed and removed through our provider: each takes half a minute."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from msgspec.structs import replace

from rebuild.cluster.connect import connect
from rebuild.ops.target import bind
from rebuild.providers import claims, labs
from rebuild.providers.claims import LabBusy, LabExists, State
from rebuild.providers.kind import archive, cluster, containers, lab, places, program
from rebuild.providers.kind.archive import File, Layer
from rebuild.providers.kind.install import Kit
from rebuild.providers.kind.kindfile import KindFile
from rebuild.providers.kind.preload import Load
from rebuild.providers.kind.program import ForeignCluster, KindFailed, KindRefused, PreloadFailed, Wishes
from rebuild.providers.kind.provider import Kind, KindOptions, prepared
from rebuild.providers.port import Target
from rebuild.system import processes
from tests.e2e.support import Running, rebuild
from tests.kind.conftest import KindLab

pytestmark = pytest.mark.kind

SINGLE = places.config_root() / "single.yaml"


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def in_docker(home: Path) -> bool:
    """Whether Docker has anything left of the cluster of a directory."""
    name = lab.cluster_name(home)
    return bool(containers.clusters().get(name) or containers.networks(name))


def home_of(report: dict[str, Any]) -> Path:
    """Where the cluster of a drill lived: others may drill on the same Docker."""
    return claims.directory(f"drill-{report['run'].rpartition('-')[2]}")


@pytest.fixture
def wishes(kit: Kit) -> Wishes:
    return Wishes(kit.kind, KindFile(SINGLE), kit.image, "v1.37.2")


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's kubeconfig, and settings of kind's that must not reach it; nothing may change it."""
    path = tmp_path / "users-kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\ncurrent-context: production\n")
    before = path.read_bytes(), path.stat().st_mtime_ns
    monkeypatch.setenv("KUBECONFIG", str(path))
    monkeypatch.setenv("KIND_CLUSTER_NAME", "production")
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", "podman")
    yield path
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_cluster_is_described_with_all_it_takes_to_talk_to_it(kind_cluster: KindLab) -> None:
    target = kind_cluster.target
    assert kind_cluster.provider.describe(target.name) == target
    assert target in kind_cluster.provider.list()
    assert target.server.startswith("https://127.0.0.1:")
    assert stat.S_IMODE(target.kubeconfig.stat().st_mode) == 0o600
    written = yaml.safe_load(target.kubeconfig.read_bytes())
    assert [one["name"] for one in written["contexts"]] == [written["current-context"]] == [target.context]
    status = cluster.status(target.name)
    assert status.state is State.RUNNING
    assert list(status.containers.values()) == ["running"]


def test_its_fidelity_is_read_from_its_nodes_and_it_is_fresh(kind_cluster: KindLab) -> None:
    opened = connect(context=kind_cluster.target.context, kubeconfig=kind_cluster.target.kubeconfig)
    bound = bind(opened, provider="existing")
    assert bound.fidelity == "kind"
    assert bound.identity.version == "v1.37.2"
    found = {
        kind: {one["metadata"]["name"] for one in opened.list(served, version).items}
        for kind, group, version in (("Namespace", "", "v1"), ("StorageClass", "storage.k8s.io", "v1"))
        if (served := bound.served.get(group, kind))
    }
    opened.close()
    baseline = kind_cluster.provider.baseline
    assert found["StorageClass"] == baseline.storage_classes
    assert baseline.namespaces <= found["Namespace"]


def test_labs_of_both_providers_are_listed_by_the_command(kind_cluster: KindLab) -> None:
    rows = rebuild("lab", "list", "-o", "json").json_list()
    (row,) = (one for one in rows if one["name"] == kind_cluster.target.name)
    assert (row["provider"], row["state"], row["version"]) == ("kind", "running", "v1.37.2")
    shown = rebuild("lab", "status", row["name"], "-o", "kubeconfig")
    assert (shown.code, shown.stdout) == (0, f"{kind_cluster.target.kubeconfig}\n")


def test_without_docker_nobody_can_tell_what_became_of_it(kind_cluster: KindLab) -> None:
    silent = {"DOCKER_HOST": "unix:///nonexistent"}
    rows = rebuild("lab", "list", "-o", "json", **silent).json_list()
    assert {one["state"] for one in rows if one["name"] == kind_cluster.target.name} == {"unknown"}
    down = rebuild("lab", "down", kind_cluster.target.name, **silent)
    assert down.code == 5
    assert "[docker-not-running]" in down.stderr
    assert cluster.status(kind_cluster.target.name).state is State.RUNNING


def test_images_are_loaded_from_an_archive_and_from_docker(kind_cluster: KindLab, tmp_path: Path) -> None:
    path = tmp_path / "images.tar"
    tags = ("rebuild.test/from-archive:v1", "rebuild.test/from-docker:v1")
    archive.write(path, [archive.Image((tag,), (Layer((File("program", tag.encode()),)),)) for tag in tags])
    docker("load", "--input", str(path))
    known = kind_cluster.lab
    try:
        program.load(known, kind_cluster.kind, Load("docker-image", tags[1]))
        program.load(known, kind_cluster.kind, Load("image-archive", str(path)))
    finally:
        docker("rmi", *tags)
    (node,) = cluster.status(known.name).containers
    held = docker("exec", node, "ctr", "--namespace", "k8s.io", "images", "ls", "-q").splitlines()
    assert set(tags) <= set(held)


def test_a_disk_that_is_full_while_loading_is_named(kind_cluster: KindLab, tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    content = os.urandom(4 << 20)
    archive.write(path, [archive.Image(("rebuild.test/large:v1",), (Layer((File("program", content),)),))])
    (node,) = cluster.status(kind_cluster.target.name).containers
    ingest = "/var/lib/containerd/io.containerd.content.v1.content/ingest"
    docker("exec", node, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", ingest)
    try:
        with pytest.raises(PreloadFailed, match="no space left on device") as caught:
            program.load(kind_cluster.lab, kind_cluster.kind, Load("image-archive", str(path)))
    finally:
        docker("exec", node, "umount", ingest)
    assert str(path) in str(caught.value)
    assert "make room" in caught.value.hint


def test_two_clusters_start_at_once_and_leave_nothing_behind(wishes: Wishes, users: Path, tmp_path: Path) -> None:
    provider, workers = Kind(wishes), Kind(replace(wishes, file=KindFile(places.config_root() / "workers.yaml")))
    stages: list[str] = []
    copy = tmp_path / "copy" / "kubeconfig"
    try:
        with ThreadPoolExecutor(2) as both:
            left = both.submit(workers.create, "left", kubeconfig=copy, told=lambda name, _seconds: stages.append(name))
            right = both.submit(provider.create, "right")
            targets: list[Target] = [left.result(), right.result()]
        assert targets[0].server != targets[1].server
        assert {one.name for one in provider.list()} >= {"left", "right"}
        assert stages[-3:] == ["storage", "workers join", "nodes ready"]
        assert [state for one in cluster.list_labs() if one.name == "left" for state in one.containers.values()] == [
            "running"
        ] * 3
        assert copy.read_bytes() == (claims.directory("left") / "kubeconfig").read_bytes()
        with pytest.raises(LabExists):
            provider.create("left")
        (node,) = cluster.status("right").containers
        volumes = docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", node).split()
        docker("kill", node)
        assert cluster.status("right").state is State.STOPPED
    finally:
        ended = [labs.down(name) for name in ("left", "right")]
    assert all(ended)
    assert not provider.delete("left")
    assert not copy.exists()
    assert not any(in_docker(claims.directory(name)) for name in ("left", "right"))
    assert volumes
    assert not set(volumes) & set(docker("volume", "ls", "--quiet").split())


@pytest.mark.parametrize("what", ["node", "network"])
def test_what_bears_the_name_and_is_not_ours_is_never_touched(wishes: Wishes, what: str) -> None:
    name = lab.cluster_name(claims.directory("taken"))
    made: tuple[str, ...]
    if what == "node":
        made = ("create", "--label", f"{lab.LABEL}={name}", "--name", f"{name}-control-plane", wishes.image)
    else:
        made = ("network", "create", name)
    identity = docker(*made).strip()
    try:
        with pytest.raises(ForeignCluster, match=name) as caught:
            cluster.up("taken", wishes)
        assert "docker network rm" in caught.value.hint
        assert claims.homes() == () or "taken" not in {home.name for home in claims.homes()}
        assert not cluster.down("taken")
        assert docker("inspect", "--format", "{{.Id}}", identity).strip() == identity
    finally:
        docker(*(("rm", identity) if what == "node" else ("network", "rm", identity)))


BROKEN = """\
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    kubeadmConfigPatches: ["kind: ClusterConfiguration\\n  nonsense: ["]
"""


def test_a_creation_that_takes_too_long_is_cut_short(wishes: Wishes) -> None:
    with pytest.raises(KindFailed, match="did not end within 3 s"):
        cluster.up("slow", replace(wishes, timeout=3.0))
    assert not claims.directory("slow").exists()
    assert not in_docker(claims.directory("slow"))


def test_what_kind_refuses_is_a_matter_of_its_file(wishes: Wishes, tmp_path: Path) -> None:
    path = tmp_path / "boss.yaml"
    path.write_text("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: boss}]\n")
    with pytest.raises(KindRefused, match='"boss" is not a valid node role') as caught:
        cluster.up("refused", replace(wishes, file=KindFile(path)))
    assert str(path) in str(caught.value)
    assert not claims.directory("refused").exists()


@pytest.mark.parametrize(
    ("options", "needed", "code", "words"),
    [
        (KindOptions(), "1.29", "wrong-kubernetes", ("v1.37.2", "1.29 is needed")),
        (
            KindOptions(image="rebuild.test/no-such-node:v1"),
            "",
            "node-image-missing",
            ("rebuild.test/no-such-node:v1",),
        ),
        (KindOptions(preload=("rebuild.test/no-such:v1",)), "", "preload-unknown", ("rebuild.test/no-such:v1",)),
    ],
)
def test_an_image_that_does_not_fit_is_refused_before_anything_is_made(
    kit: Kit, options: KindOptions, needed: str, code: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(Exception, match=words[0]) as caught:
        prepared(kit, options.read(), options, kubernetes=needed)
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert all(word in str(caught.value) for word in words)
    assert caught.value.hint  # type: ignore[attr-defined]


def test_a_failed_creation_shows_kinds_reason_and_keeps_the_logs_of_the_nodes(
    kit: Kit, source: Path, state: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN)
    report, kind_file = tmp_path / "broken.json", tmp_path / "broken.yaml"
    ran = rebuild("drill", "--source", source, "--provider", "kind", "--kind-config", kind_file, "--report", report)
    assert ran.code == 5, ran.stderr
    assert "ERROR: failed to create cluster" in ran.stderr
    assert "[kind-failed]" in ran.stderr
    logs = tmp_path / "broken-kind-logs"
    assert str(logs) in ran.stderr
    assert next(logs.rglob("journal.log")).stat().st_size > 0
    document = orjson.loads(report.read_bytes())
    assert "failed to create cluster" in document["exit"]["reason"]
    assert claims.homes() == ()
    assert not in_docker(home_of(document))


@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [("  provision", signal.SIGINT, 130), ("  node image took", signal.SIGTERM, 143)],
)
def test_an_interrupted_creation_leaves_nothing_behind(
    kit: Kit, source: Path, state: Path, moment: str, number: signal.Signals, code: int
) -> None:
    running = Running("drill", "--source", source, "--provider", "kind")
    running.until(moment)
    homes = claims.homes()
    running.send(number)
    ran = running.end(within=90)
    assert ran.code == code, ran.stderr
    assert "Traceback" not in ran.stderr
    assert claims.homes() == ()
    assert not any(map(in_docker, homes))


def test_what_a_killed_drill_leaves_is_shown_and_can_be_removed(kit: Kit, source: Path, state: Path) -> None:
    running = Running("drill", "--source", source, "--provider", "kind")
    running.until("  node image took")
    (home,) = claims.homes()
    known = lab.read(home)
    assert known is not None
    assert labs.list_all()[0].state is State.STARTING
    with pytest.raises(LabBusy):
        labs.down(home.name)
    running.send(signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL

    shown = rebuild("lab", "list", "-o", "json").json_list()
    assert [(one["name"], one["provider"], one["state"]) for one in shown] == [(home.name, "kind", "orphan")]
    removed = rebuild("lab", "down", "--all")
    assert (removed.code, removed.stdout) == (0, f"lab/{home.name} removed\n")
    assert claims.homes() == ()
    assert not in_docker(home)
    assert not processes.matching(lambda command: lab.creates(known, command))


def test_the_same_drill_on_both_providers_is_compared_and_leaves_nothing_behind(
    lab_binaries: object, kit: Kit, source: Path, state: Path, users: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"

    ran = rebuild("drill", "--source", source, "--provider", "kwok,kind", "--report", report)

    assert ran.code == 0, ran.stderr
    on_kwok, on_kind = ran.stdout.splitlines()[-2:]
    assert on_kwok.startswith("kwok: PASS  1 of 1 objects verified in ")
    assert on_kind.startswith("kind: PASS  1 of 1 objects verified in ")
    assert "kind proves beyond kwok: " in ran.stdout
    document = orjson.loads(report.read_bytes())
    assert [one["target"]["fidelity"] for one in document["reports"]] == ["kwok", "kind"]
    assert document["recovery"]["difference"] > 0
    (provision,) = (one for one in document["reports"][1]["recovery"]["phases"] if one["name"] == "provision")
    names = [stage["name"] for stage in provision["stages"]]
    assert names == ["node image", "nodes", "configuration", "control plane", "CNI", "storage", "nodes ready"]
    assert sum(stage["seconds"] for stage in provision["stages"]) <= provision["seconds"]
    assert len(list((state / "runs").glob("*/journal.jsonl"))) == 2
    assert claims.homes() == ()
    assert not any(in_docker(home_of(one)) for one in document["reports"])
