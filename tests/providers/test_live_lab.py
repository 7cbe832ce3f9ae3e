"""The lab against the real control plane."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rebuild.providers import claims
from rebuild.providers.claims import State
from rebuild.providers.kwok import binaries, cluster, config
from rebuild.providers.kwok.binaries import Binaries
from rebuild.providers.kwok.lab import CONTROL_PLANE, Lab
from rebuild.providers.kwok.provider import Kwok
from rebuild.system import processes, shell
from tests.conftest import LabMaker
from tests.providers import sockets

pytestmark = pytest.mark.live

WORKLOADS = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: lazy}
provisioner: disk.csi.example.com
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: shop}
stringData: {token: do-not-write-this-to-a-log}
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: shop}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: two, namespace: shop}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: at-once, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: later, namespace: shop}
spec: {storageClassName: lazy, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: unused, namespace: shop}
spec: {storageClassName: lazy, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: later}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: migrate, image: migrate}]}
"""


def kubectl(lab: Lab, *arguments: str, stdin: str = "") -> shell.Result:
    home = {"HOME": str(lab.home), "PATH": os.environ["PATH"]}
    command = [str(lab.binaries / "kubectl"), "--kubeconfig", str(lab.kubeconfig), *arguments]
    done = shell.run(command, stdin=stdin.encode(), env=home)
    assert done.code == 0, done.complaint
    return done


def get(lab: Lab, *arguments: str) -> Any:
    return json.loads(kubectl(lab, "get", *arguments, "-o", "json").stdout)


def wait(lab: Lab, what: str, condition: str) -> None:
    kubectl(lab, "-n", "shop", "wait", what, f"--for={condition}", "--timeout=30s")


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Iterator[Lab]:
    """The shared lab with one of everything that the lab's own helpers have to answer."""
    kubectl(lab, "apply", "-f", "-", stdin=WORKLOADS)
    yield lab
    kubectl(lab, "delete", "namespace/shop", "storageclass/lazy", "--wait=false")


def test_the_server_says_which_kubernetes_it_is(lab: Lab) -> None:
    version = json.loads(kubectl(lab, "version", "-o", "json").stdout)
    assert version["serverVersion"]["gitVersion"] == version["clientVersion"]["gitVersion"] == "v1.37.2"


def test_a_new_lab_holds_its_baseline_and_ready_nodes(make_lab: LabMaker) -> None:
    fresh = make_lab(nodes=3)
    assert {n["metadata"]["name"] for n in get(fresh, "namespaces")["items"]} == config.BASELINE.namespaces
    assert {c["metadata"]["name"] for c in get(fresh, "storageclasses")["items"]} == config.BASELINE.storage_classes
    conditions = [node["status"]["conditions"] for node in get(fresh, "nodes")["items"]]
    ready = [c["status"] for each in conditions for c in each if c["type"] == "Ready"]
    assert ready == ["True"] * 3
    kubectl(fresh, "run", "bare", "--image=bare")


def test_everything_listens_on_the_loopback_interface_only(lab: Lab) -> None:
    pids = cluster.status(lab.name).pids
    assert set(pids) == {*CONTROL_PLANE, "cloud-volumes", "cloud-addresses"}
    assert {str(one.local) for one in sockets.held_by(pids.values()) if one.listening} == {"127.0.0.1"}


def test_files_with_credentials_are_private(lab: Lab) -> None:
    assert stat.S_IMODE(lab.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE(lab.home.stat().st_mode) == 0o700
    assert "insecure" not in lab.kubeconfig.read_text()


def test_the_users_kubeconfig_and_home_stay_as_they_are(
    lab_binaries: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "home" / ".kube" / "config"
    ours.parent.mkdir(parents=True)
    ours.write_text("apiVersion: v1\nkind: Config\ncurrent-context: production\n")
    other = tmp_path / "other"
    other.write_text("apiVersion: v1\nkind: Config\ncurrent-context: staging\n")
    before = snapshot(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", str(other))
    monkeypatch.setenv("KWOK_WORKDIR", str(tmp_path / "kwok"))
    cluster.up("polite", lab_binaries)
    during = snapshot(tmp_path)
    cluster.down("polite")
    assert before == during == snapshot(tmp_path)


def snapshot(root: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


def test_a_named_kubeconfig_is_a_private_copy_that_goes_with_the_lab(make_lab: LabMaker, tmp_path: Path) -> None:
    wanted = tmp_path / "new" / "kubeconfig"
    made = make_lab("named", kubeconfig=wanted)
    assert made.kubeconfig == wanted
    assert stat.S_IMODE(wanted.stat().st_mode) == 0o600
    assert get(made, "namespaces")["items"]
    cluster.down("named")
    assert not wanted.exists()


def test_a_kubeconfig_that_its_user_changed_is_left_alone(make_lab: LabMaker, tmp_path: Path) -> None:
    wanted = tmp_path / "kubeconfig"
    make_lab("changed", kubeconfig=wanted)
    wanted.write_text("mine now")
    cluster.down("changed")
    assert wanted.read_text() == "mine now"


def test_an_existing_kubeconfig_is_never_written_to(lab_binaries: Binaries, tmp_path: Path) -> None:
    wanted = tmp_path / "kubeconfig"
    wanted.write_text("precious")
    with pytest.raises(claims.LabExists):
        cluster.up("refused", lab_binaries, kubeconfig=wanted)
    assert wanted.read_text() == "precious"
    assert cluster.down("refused") is False


def test_services_of_type_load_balancer_get_different_addresses(shop: Lab) -> None:
    for name in ("one", "two"):
        wait(shop, f"service/{name}", "jsonpath={.status.loadBalancer.ingress[0].ip}")
    services = get(shop, "-n", "shop", "services")["items"]
    addresses = [service["status"]["loadBalancer"]["ingress"][0]["ip"] for service in services]
    assert len(addresses) == len(set(addresses)) == 2


@pytest.mark.parametrize(("name", "size"), [("at-once", "3Gi"), ("later", "1Gi")])
def test_claims_are_bound_to_volumes_that_exist(shop: Lab, name: str, size: str) -> None:
    wait(shop, f"pvc/{name}", "jsonpath={.status.phase}=Bound")
    claim = get(shop, "-n", "shop", "pvc", name)
    volume = get(shop, "pv", claim["spec"]["volumeName"])
    assert volume["status"]["phase"] == "Bound"
    assert volume["spec"]["claimRef"]["uid"] == claim["metadata"]["uid"]
    assert volume["spec"]["capacity"] == {"storage": size}


def test_a_claim_without_a_pod_waits_for_its_first_consumer(shop: Lab) -> None:
    wait(shop, "pvc/later", "jsonpath={.status.phase}=Bound")
    assert get(shop, "-n", "shop", "pvc", "unused")["status"]["phase"] == "Pending"


def test_workloads_become_ready_and_jobs_complete(shop: Lab) -> None:
    wait(shop, "deployment/web", "condition=Available")
    wait(shop, "job/migrate", "condition=Complete")


def test_the_audit_log_says_who_and_what_but_never_the_content(shop: Lab) -> None:
    wait(shop, "service/one", "jsonpath={.status.loadBalancer.ingress[0].ip}")
    text = shop.audit_log.read_text()
    events = [json.loads(line) for line in text.splitlines()]
    assert {event["level"] for event in events} == {"Metadata"}
    assert not any("requestObject" in event or "responseObject" in event for event in events)
    assert "do-not-write-this-to-a-log" not in text
    clouds = [event for event in events if event.get("userAgent") == "rebuild-lab-cloud"]
    assert {event["verb"] for event in clouds} >= {"watch", "patch"}


def test_flow_control_is_on(lab: Lab) -> None:
    said = kubectl(lab, "get", "--raw", "/api/v1/namespaces", "-v=8").stderr.decode().lower()
    assert "x-kubernetes-pf-flowschema-uid" in said


def test_authorization_is_rbac(lab: Lab) -> None:
    nobody = ["--as=nobody", "auth", "can-i", "list", "secrets"]
    command = [str(lab.binaries / "kubectl"), "--kubeconfig", str(lab.kubeconfig), *nobody]
    assert shell.run(command, env={"HOME": str(lab.home)}).stdout.strip() == b"no"


def test_two_labs_start_at_once_and_leave_nothing_behind(lab_binaries: Binaries) -> None:
    with ThreadPoolExecutor(2) as both:
        labs = list(both.map(lambda name: cluster.up(name, lab_binaries, nodes=1), ["left", "right"]))
    try:
        assert not set(labs[0].ports.values()) & set(labs[1].ports.values())
        assert {one.name: one.state for one in cluster.list_labs() if one.name in ("left", "right")} == {
            "left": State.RUNNING,
            "right": State.RUNNING,
        }
        assert {target.name for target in Kwok(lab_binaries).list()} >= {"left", "right"}
        assert cluster.down("left") is True
        assert cluster.status("right").state is State.RUNNING
    finally:
        cluster.down("left")
        cluster.down("right")
    for one in labs:
        assert not one.home.exists()
        assert not processes.matching(lambda command, home=one.home: f"{home}/" in command)  # type: ignore[misc]
    assert cluster.down("left") is False


def test_a_name_is_given_once(lab: Lab, lab_binaries: Binaries) -> None:
    with pytest.raises(claims.LabExists):
        cluster.up(lab.name, lab_binaries)
    assert cluster.status(lab.name).state is State.RUNNING


def wrapped(binaries_: Binaries, directory: Path, epilogue: str) -> Binaries:
    """The same programs, with a kwokctl that creates the cluster and then does something else."""
    for program in binaries_.directory.iterdir():
        (directory / program.name).symlink_to(program)
    wrapper = directory / "kwokctl"
    wrapper.unlink()
    wrapper.write_text(f'#!/bin/sh\n"{binaries_.path("kwokctl")}" "$@"\n{epilogue}\n')
    wrapper.chmod(0o755)
    return Binaries(directory, binaries_.source)


def assert_nothing_left(name: str) -> None:
    home = claims.root() / name
    assert not home.exists()
    assert not processes.matching(lambda command: f"{home}/" in command)
    with pytest.raises(claims.UnknownLab):
        cluster.status(name)


def test_a_failed_creation_leaves_nothing_behind(lab_binaries: Binaries, tmp_path: Path) -> None:
    programs = wrapped(lab_binaries, tmp_path, "echo out of luck >&2; exit 1")
    with pytest.raises(cluster.LabFailed, match="out of luck"):
        cluster.up("unlucky", programs)
    assert_nothing_left("unlucky")


def test_an_interrupted_creation_leaves_nothing_behind(lab_binaries: Binaries, tmp_path: Path) -> None:
    wrapped(lab_binaries, tmp_path, "kill -INT $PPID; exec sleep 60")
    code = (
        "import pathlib; from rebuild.providers.kwok import binaries, cluster;"
        f"cluster.up('stopped', binaries.Binaries(pathlib.Path({str(tmp_path)!r}), binaries.Source.BUILD))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        # Where the tests run in the background, SIGINT is ignored, and a child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "KeyboardInterrupt" in done.stderr
    assert_nothing_left("stopped")


def test_a_killed_creation_is_an_orphan_that_can_be_removed(lab_binaries: Binaries, tmp_path: Path) -> None:
    wrapped(lab_binaries, tmp_path, "kill -KILL $PPID; exec sleep 60")
    code = (
        "import pathlib; from rebuild.providers.kwok import binaries, cluster;"
        f"cluster.up('killed', binaries.Binaries(pathlib.Path({str(tmp_path)!r}), binaries.Source.BUILD))"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    found = cluster.status("killed")
    assert found.state is State.ORPHAN
    assert "etcd" in found.pids
    assert cluster.down("killed") is True
    assert_nothing_left("killed")


def test_installed_programs_are_found_without_running_anything(lab_binaries: Binaries) -> None:
    assert binaries.cached() == lab_binaries
    assert (cluster.env(lab_binaries) / "etcd").is_file()
