"""A cluster on our own node image: it is complete, and nothing of it leaves the machine.

It has a docker network of its own, and the host counts what that network's bridge would forward elsewhere, from
before the first node boots. Outside addresses are those set aside for documentation (RFC 5737, RFC 3849).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from rebuild.providers.kind import node
from rebuild.providers.kind.install import Kit
from rebuild.providers.kwok import binaries

pytestmark = pytest.mark.kind

PID = os.getpid()
"""Tells two runs of these tests on one machine apart."""
NAME = f"rebuild-sealed-{PID}"
NODE = f"{NAME}-control-plane"
BRIDGE = f"rbseal{PID}"
SUBNETS = (f"198.19.{PID % 256}.0/24", f"fd00:5ea1:ed:{PID % 65536:x}::/64")
"""An address range set aside for tests of networks (RFC 2544), and a private one."""
OUTSIDE = ("192.0.2.1", "198.51.100.1")
OUTSIDE_V6 = "2001:db8::1"
BUSYBOX = "localhost/rebuild/busybox:node"


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A program's end, with both streams in `stdout`."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0 or not check, f"{command}: {done.stdout}"
    return done


@dataclass(frozen=True, slots=True)
class Sealed:
    """The cluster, and the counter of what leaves its network."""

    image: str

    def on_node(self, script: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a line of shell on the node."""
        return run("docker", "exec", NODE, "bash", "-c", script, check=check)

    def kubectl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Ask the cluster, from its node."""
        command = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *arguments)
        return run("docker", "exec", NODE, *command, check=check)

    def address(self) -> str:
        """Where the node is now."""
        return self.on_node("ip -4 -oneline address show dev eth0").stdout.split()[3].split("/")[0]

    def forwarded(self) -> int:
        """Packets that the host was to forward from the cluster's network to anywhere else, so far."""
        return sum(_count(program) for program in ("iptables", "ip6tables"))


def _rule(program: str, action: str) -> tuple[str, ...]:
    return (program, "--wait", "--table=mangle", action, "FORWARD", "--in-interface", BRIDGE, "!", "-o", BRIDGE)


def _count(program: str) -> int:
    listed = run(program, "--wait", "--table=mangle", "--list", "FORWARD", "--verbose", "--exact", "--numeric").stdout
    (line,) = [line for line in listed.splitlines() if BRIDGE in line]
    return int(line.split()[0])


@pytest.fixture(scope="module")
def sealed(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sealed]:
    """One cluster, with the host's counters in place before its network carries anything."""
    if os.geteuid() != 0:
        pytest.skip("counting packets takes root")
    if not kit.image.startswith(f"{node.NAME}:"):
        pytest.skip(f"clusters here use {kit.image}, which is not ours and not sealed")
    subnets = ("--ipv6", *(f"--subnet={subnet}" for subnet in SUBNETS))
    kubeconfig = tmp_path_factory.mktemp("sealed") / "kubeconfig"
    environment = os.environ | {"KIND_EXPERIMENTAL_DOCKER_NETWORK": NAME}
    try:
        run("docker", "network", "create", *subnets, f"--opt=com.docker.network.bridge.name={BRIDGE}", NAME)
        for program in ("iptables", "ip6tables"):
            run(*_rule(program, "--insert"))
        create = ("create", "cluster", f"--name={NAME}", f"--image={kit.image}", f"--kubeconfig={kubeconfig}")
        made = subprocess.run([kit.kind, *create, "--wait=120s"], env=environment, capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        yield Sealed(kit.image)
    finally:
        run(str(kit.kind), "delete", "cluster", f"--name={NAME}", f"--kubeconfig={kubeconfig}", check=False)
        for program in ("iptables", "ip6tables"):
            run(*_rule(program, "--delete"), check=False)
        run("docker", "network", "rm", NAME, check=False)


@pytest.fixture(scope="module")
def pod(sealed: Sealed) -> str:
    """A Pod with a shell."""
    sealed.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=60s")
    options = (f"--image={BUSYBOX}", "--image-pull-policy=IfNotPresent", "--command")
    sealed.kubectl("run", "shell", *options, "--", "sleep", "3600")
    sealed.kubectl("wait", "--for=condition=Ready", "pod/shell", "--timeout=60s")
    return "shell"


def test_the_image_brings_what_its_kubeadm_asks_for(kit: Kit, tmp_path: Path) -> None:
    if not kit.image.startswith(f"{node.NAME}:"):
        pytest.skip(f"clusters here use {kit.image}")
    script = (
        f"kubeadm config images list --kubernetes-version={binaries.KUBERNETES_VERSION} 2>/dev/null;"
        "echo; tar -xOf /kind/images/system.tar manifest.json"
    )
    said = run("docker", "run", "--rm", "--network=none", "--entrypoint=bash", kit.image, "-c", script).stdout
    wanted, _, manifest = said.partition("\n\n")
    held = {tag for image in orjson.loads(manifest) for tag in image["RepoTags"]}
    assert len(wanted.split()) == 7
    assert set(wanted.split()) <= held


def test_every_pod_of_a_new_cluster_becomes_ready(sealed: Sealed) -> None:
    sealed.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--all-namespaces", "--timeout=120s")
    sealed.kubectl("get", "storageclass", "standard")


def test_a_node_has_no_way_out(sealed: Sealed) -> None:
    for family in ("-4", "-6"):
        assert sealed.on_node(f"ip {family} route show default").stdout == ""
    for address in (*OUTSIDE, OUTSIDE_V6):
        tried = sealed.on_node(f"timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/443'", check=False)
        assert tried.returncode == 1, "it failed by itself and not by the clock"
        assert "Network is unreachable" in tried.stdout


def test_a_pod_has_no_way_out(sealed: Sealed, pod: str) -> None:
    assert "default" not in sealed.kubectl("exec", pod, "--", "ip", "route").stdout
    for address in OUTSIDE:
        tried = sealed.kubectl("exec", pod, "--", "timeout", "5", "nc", address, "443", check=False)
        assert tried.returncode == 1, "it failed by itself and not by the clock"
        assert "Network is unreachable" in tried.stdout


def test_a_pod_reaches_services_and_nodes(sealed: Sealed, pod: str) -> None:
    service = sealed.kubectl("get", "service/kubernetes", "--output=jsonpath={.spec.clusterIP}").stdout
    for host, port in ((service, "443"), (sealed.address(), "6443")):
        sealed.kubectl("exec", pod, "--", "sh", "-c", f"echo | timeout 5 nc {host} {port}")


def test_names_outside_the_cluster_are_not_looked_up_for_a_pod(sealed: Sealed, pod: str) -> None:
    assert (
        "kubernetes.default.svc.cluster.local"
        in sealed.kubectl("exec", pod, "--", "nslookup", "kubernetes.default.svc.cluster.local").stdout
    )
    tried = sealed.kubectl("exec", pod, "--", "nslookup", "registry.example", check=False)
    assert tried.returncode != 0


def test_an_image_that_is_not_there_fails_at_once_without_a_lookup(sealed: Sealed) -> None:
    sealed.kubectl("run", "stranger", "--image=registry.example/none:1", "--restart=Never")
    said = "jsonpath={.status.containerStatuses[0].state.waiting.message}"
    sealed.kubectl("wait", f"--for={said}", "pod/stranger", "--timeout=60s")
    message = sealed.kubectl("get", "pod/stranger", f"--output={said}").stdout
    assert "registry.example" in message
    assert "lookup" not in message
    sealed.kubectl("delete", "pod/stranger", "--now")


def test_a_node_that_starts_again_at_another_address_works_and_is_sealed(sealed: Sealed) -> None:
    address = sealed.address()
    squatter = f"{NAME}-squatter"
    options = ("--detach", f"--name={squatter}", f"--network={NAME}", f"--ip={address}", "--entrypoint=sleep")
    run("docker", "stop", "--time=5", NODE)
    try:
        run("docker", "run", *options, sealed.image, "600")
        run("docker", "start", NODE)
        answers = "kubectl --kubeconfig=/etc/kubernetes/admin.conf get --raw /readyz"
        sealed.on_node(f"timeout 90 bash -c 'until {answers} >/dev/null 2>&1; do sleep 0.2; done'")
        assert sealed.address() != address
        moved = f"jsonpath={{.status.addresses[0].address}}={sealed.address()}"
        sealed.kubectl("wait", f"--for={moved}", f"node/{NODE}", "--timeout=60s")
        sealed.kubectl("create", "deployment", "again", f"--image={BUSYBOX}", "--", "sleep", "3600")
        sealed.kubectl("wait", "--for=condition=Available", "deployment/again", "--timeout=90s")
    finally:
        run("docker", "rm", "--force", squatter)
    assert sealed.on_node("ip -4 route show default; ip -6 route show default").stdout == ""


def test_no_packet_of_all_that_left_the_machine(sealed: Sealed, pod: str) -> None:
    """The last test of the file: it counts since before the node was made. A container that is not sealed shows that
    the counter counts."""
    assert sealed.forwarded() == 0
    send = f"echo > /dev/udp/{OUTSIDE[0]}/9"
    run("docker", "run", "--rm", f"--network={NAME}", "--entrypoint=bash", sealed.image, "-c", send)
    assert sealed.forwarded() == 1
