"""kind's own lines, as v0.33.0 prints them to a pipe, become stages with a time each."""

from __future__ import annotations

from rebuild.providers.kind.stages import Progress, reason

CREATED = """\
cgroup v1 is deprecated in Kubernetes and will not be supported in a future kind release, please upgrade to cgroup v2
Creating cluster "demo" ...
 • Ensuring node image (rebuild/kind-node:v1.37.2) 🖼️  ...
 ✓ Ensuring node image (rebuild/kind-node:v1.37.2) 🖼️
 • Preparing nodes 📦 📦   ...
 ✓ Preparing nodes 📦 📦
 • Writing configuration 📜  ...
 ✓ Writing configuration 📜
 • Starting control-plane 🕹️  ...
 ✓ Starting control-plane 🕹️
 • Installing CNI 🔌  ...
 ✓ Installing CNI 🔌
 • Installing StorageClass 💾  ...
 ✓ Installing StorageClass 💾
 • Joining worker nodes 🚜  ...
 ✓ Joining worker nodes 🚜
 • Waiting ≤ 2m0s for control-plane = Ready ⏳  ...
 ✓ Waiting ≤ 2m0s for control-plane = Ready ⏳
 • Ready after 6s 💚
Set kubectl context to "kind-demo"
"""
NOT_PULLED = """\
Creating cluster "demo" ...
 • Ensuring node image (nosuch:x) 🖼️  ...
 ✗ Ensuring node image (nosuch:x) 🖼️
ERROR: failed to create cluster: failed to pull image "nosuch:x": command "docker pull nosuch:x" failed with error: exit status 1

Command Output: Error response from daemon: no such host
"""  # noqa: E501
NEVER_READY = """\
Creating cluster "demo" ...
 • Waiting ≤ 2m0s for control-plane = Ready ⏳  ...
 ✗ Waiting ≤ 2m0s for control-plane = Ready ⏳
 • WARNING: Timed out waiting for Ready ⚠️
"""
NO_KUBELET = """\
ERROR: failed to create cluster: failed to init node with kubeadm: command "kubeadm init" failed with error: exit status 1

Command Output: I1127 10:21:12.610883      87 initconfiguration.go:262] loading configuration from "/kind/kubeadm.conf"
W1127 10:21:12.613769      87 initconfiguration.go:363] [config] WARNING: Ignored configuration document
[kubelet-check] The kubelet is not healthy after 4m0.000459077s
error: error execution phase wait-control-plane: failed while waiting for the kubelet to start
k8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/workflow.(*Runner).Run.func1
\tk8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/workflow/runner.go:262
runtime.goexit
\truntime/asm_amd64.s:1700
"""  # noqa: E501
REFUSED = """\
ERROR: failed to create cluster: unable to decode config: yaml: unmarshal errors:
  line 3: field nodez not found in type v1alpha4.Cluster
"""


def read(text: str) -> tuple[Progress, list[tuple[str, float]]]:
    """What is made of the lines, one of which comes each second."""
    told: list[tuple[str, float]] = []
    progress = Progress(lambda name, seconds: told.append((name, seconds)))
    for at, line in enumerate(text.splitlines()):
        progress.line(line, float(at))
    return progress, told


def test_each_stage_is_told_once_with_its_seconds() -> None:
    progress, told = read(CREATED)
    names = ["node image", "nodes", "configuration", "control plane", "CNI", "storage", "workers join", "nodes ready"]
    assert told == [(name, 1.0) for name in names]
    assert progress.began
    assert not progress.never_ready
    assert not progress.complaint


def test_the_reason_of_a_failure_is_kinds_own() -> None:
    progress, told = read(NOT_PULLED)
    assert told == [("node image", 1.0)]
    assert progress.complaint[0].startswith('ERROR: failed to create cluster: failed to pull image "nosuch:x"')
    assert progress.complaint[-1] == "Command Output: Error response from daemon: no such host"


def test_nodes_that_never_became_ready_are_no_success() -> None:
    progress, told = read(NEVER_READY)
    assert progress.never_ready
    assert told == [("nodes ready", 1.0)]


def test_what_kind_refuses_is_refused_before_anything_began() -> None:
    progress, told = read(REFUSED)
    assert not progress.began
    assert len(progress.complaint) == 2
    assert told == []


def test_a_reason_leaves_out_logs_and_stacks() -> None:
    progress, _ = read(NO_KUBELET)
    lines = NO_KUBELET.splitlines()
    assert reason(progress.complaint, 10).splitlines() == [lines[0], lines[1], lines[4], lines[5]]


def test_a_long_reason_keeps_what_failed_and_why() -> None:
    said = ["ERROR: failed", *(f"line {number}" for number in range(20)), "error: no kubelet"]
    assert reason(said, 4).splitlines() == ["ERROR: failed", "…", "line 19", "error: no kubelet"]
    assert reason(said, 22).splitlines() == said
