"""Nothing of a lab's control plane talks to anything but this machine, whatever is declared in it."""

from __future__ import annotations

import base64
import http.server
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rebuild.providers.kwok import cluster, seal
from rebuild.providers.kwok.binaries import Binaries
from rebuild.providers.kwok.lab import CONTROL_PLANE, Lab
from rebuild.system import clock
from tests.providers import sockets

pytestmark = pytest.mark.live

DEAD_END = "dial tcp 127.0.0.1:0: connect: connection refused"
USERS_PROXIES = {"HTTPS_PROXY": "http://proxy.example.com:3128", "http_proxy": "10.1.2.3:80", "no_proxy": "example.org"}
METRICS = "apiservice/v1beta1.metrics.k8s.io"
AVAILABLE = "{.status.conditions[?(@.type=='Available')]"
SERVICE = {"service": {"name": "backend", "namespace": "default"}}

BACKEND = """
apiVersion: v1
kind: Service
metadata: {name: backend, namespace: default}
spec: {ports: [{port: 443}], selector: {app: web}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: backend, namespace: default}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: default, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
"""


@pytest.fixture(scope="module")
def sealed(lab_binaries: Binaries) -> Iterator[Lab]:
    """A lab of its own, since the API service in it would disturb others; its user sits behind proxies."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in USERS_PROXIES.items():
            patch.setenv(name, value)
        made = cluster.up("sealed", lab_binaries, nodes=1)
    yield made
    cluster.down("sealed")


@pytest.fixture(scope="module")
def backend(sealed: Lab) -> Lab:
    """The lab with a Service, a Pod behind it, and an API service whose probes have begun."""
    probed = f"--for=jsonpath={AVAILABLE}.reason}}=FailedDiscoveryCheck"
    for arguments in (["apply", "-f", "-"], ["wait", "pod/web", "--for=condition=Ready"], ["wait", METRICS, probed]):
        code, said = kubectl(sealed, *arguments, stdin=BACKEND)
        assert code == 0, said
    return sealed


@pytest.fixture
def hook(sealed: Lab) -> Iterator[int]:
    """The port of a webhook on this machine that denies everything; it has the lab's own certificate."""

    class Deny(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = {"uid": review["request"]["uid"], "allowed": False, "status": {"message": "a real hook said no"}}
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(review | {"response": response}).encode())

        def log_message(self, *arguments: Any) -> None:
            """Not to the test's output."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sealed.layout.pki / "admin.crt", sealed.layout.pki / "admin.key")
    with http.server.HTTPServer(("127.0.0.1", 0), Deny) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def kubectl(lab: Lab, *arguments: str, stdin: str = "") -> tuple[int, str]:
    """Run kubectl and watch, until it ends, that no process of the lab has a socket to another machine."""
    pids = cluster.status(lab.name).pids
    assert set(pids) >= set(CONTROL_PLANE)
    command = [str(lab.binaries / "kubectl"), "--kubeconfig", str(lab.kubeconfig), *arguments]
    environment = {"HOME": str(lab.home), "PATH": os.environ["PATH"]}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, env=environment, text=True
    ) as process:
        said, unsent = "", stdin or None
        while process.returncode is None:
            assert not [one for one in sockets.held_by(pids.values()) if one.leaves_the_machine]
            with suppress(subprocess.TimeoutExpired):
                said, _ = process.communicate(unsent, timeout=0.02)
            unsent = None
    return process.returncode, said


def refusal(lab: Lab, name: str, client: dict[str, Any]) -> str:
    """What a write says that a fail-closed webhook covers; writes pass until the API server has seen the webhook."""
    authority = base64.b64encode(lab.layout.pki.joinpath("ca.crt").read_bytes()).decode()
    webhook = {
        "name": f"{name}.example.com",
        "clientConfig": client | {"caBundle": authority},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 5,
    }
    declared = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [webhook],
        },
    ]
    code, said = kubectl(
        lab, "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": declared})
    )
    assert code == 0, said
    deadline = clock.monotonic() + 30
    written = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "x", "namespace": name}}
    )
    while clock.monotonic() < deadline:
        code, said = kubectl(lab, "create", "-f", "-", stdin=written)
        if code != 0:
            return said
    raise AssertionError(f"the webhook {name} was never called")


def seal_of(lab: Lab) -> str:
    """What every error about the cluster's network names."""
    return f"dial unix {lab.layout.sealed_socket}: connect: "


def test_a_webhook_behind_a_service_fails_at_the_seal(backend: Lab) -> None:
    said = refusal(backend, "by-service", SERVICE)
    assert 'failed calling webhook "by-service.example.com"' in said
    assert seal_of(backend) in said


def test_an_aggregated_api_is_found_unavailable_at_the_seal(backend: Lab) -> None:
    _, said = kubectl(backend, "get", METRICS, "-o", f"jsonpath={AVAILABLE}.status}} {AVAILABLE}.message}}")
    assert said.startswith("False ")
    assert seal_of(backend) in said


@pytest.mark.parametrize(
    "request_",
    [
        ["get", "--raw", "/api/v1/namespaces/default/services/https:backend:443/proxy/"],
        ["get", "--raw", "/api/v1/namespaces/default/pods/web/proxy/"],
        ["logs", "web"],
        ["exec", "web", "--", "true"],
    ],
    ids=["service", "pod", "logs", "exec"],
)
def test_requests_that_the_server_would_pass_on_end_at_the_seal(backend: Lab, request_: list[str]) -> None:
    code, said = kubectl(backend, *request_)
    assert code != 0
    assert seal_of(backend) in said


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_webhook_by_url_is_real_on_this_machine(sealed: Lab, hook: int, host: str) -> None:
    said = refusal(sealed, f"here-{host.replace('.', '-')}", {"url": f"https://{host}:{hook}/"})
    assert "denied the request: a real hook said no" in said


@pytest.mark.parametrize(
    ("name", "host"),
    [("by-address", "10.99.0.2"), ("by-name", "hooks.example.org"), ("by-ipv6", "[2001:db8::7]")],
)
def test_a_webhook_by_any_other_url_fails_without_a_look_for_it(sealed: Lab, name: str, host: str) -> None:
    said = refusal(sealed, name, {"url": f"https://{host}/"})
    assert f'failed calling webhook "{name}.example.com"' in said
    assert DEAD_END in said


def test_the_users_proxies_stay_outside(sealed: Lab) -> None:
    pids = cluster.status(sealed.name).pids
    for part in CONTROL_PLANE:
        raw = Path(f"/proc/{pids[part]}/environ").read_bytes().decode(errors="replace")
        told = dict(entry.partition("=")[::2] for entry in raw.split("\0"))
        assert {name: value for name, value in told.items() if name.lower().endswith("_proxy")} == seal.ENVIRONMENT
