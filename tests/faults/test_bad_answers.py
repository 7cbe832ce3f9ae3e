"""Clusters that answer nonsense, webhooks that never answer, objects that never become ready."""

from __future__ import annotations

import base64
import socket
import time

import pytest

from rebuild.cluster.transport import Transport
from rebuild.providers.kwok.lab import Lab
from tests.faults.conftest import Home, direct, objects
from tests.support import fault_proxy
from tests.support.fault_proxy import Proxy, Rule, by_rules

pytestmark = pytest.mark.live

DEFAULT_DEADLINE = 300.0
"""Seconds that an object has where nobody says otherwise."""
HTML = b"<html><body>Please log in</body></html>"


@pytest.mark.fault("nonsense", "the server answers with something else than Kubernetes would, whatever is asked")
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (HTML, "without JSON"),
        (b"", "without JSON"),
        (b"[]", "no object"),
        (b"{}", "without a UID"),
        (b'{"kind": "Status", "metadata": {"uid": 7}}', "without a UID"),
        (b'{"metadata": {"uid": "u"}}', "aggregated discovery"),
    ],
)
def test_what_is_no_api_server_is_not_taken_for_one(proxy: Proxy, answer: bytes, cause: str) -> None:
    """It is unreachable (exit code 5), with the address, what is wrong with the answer, and one next step."""
    proxy.script = by_rules(Rule(fault_proxy.saying(answer)))
    error = proxy.unreachable(timeout=10.0)
    assert f"127.0.0.1:{proxy.port}" in str(error) or "aggregated discovery" in cause
    assert cause in str(error)
    assert error.hint


@pytest.mark.fault("nonsense", "some answers of a real API server are replaced by nonsense")
@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/configmaps/"), ("GET", r"/configmaps\?limit"), ("GET", r"/deployments\?watch")],
    ids=["write", "list", "watch"],
)
def test_nonsense_for_a_while_is_no_answer(proxy: Proxy, shared: Home, method: str, path: str) -> None:
    """It counts as no answer, and the request is sent again."""
    shared.many(3)
    shared.declare(NEVER_READY.replace("{nobodys: node}", "{}"))
    bodies = (HTML, b"[]", b"{}", b'{"items": 7}', b'{"items": [7]}', b'{"type": "LOVE", "object": {}}\n', b"7\n")
    proxy.script = by_rules(
        *(Rule(fault_proxy.saying(body), method=method, path=path, times=1) for body in bodies),
    )
    ran = shared.apply(*proxy.flags)
    assert ran.code == 0, ran.stderr
    assert proxy.hit


NEVER_READY = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: never, namespace: HOME}
spec:
  selector: {matchLabels: {app: never}}
  template:
    metadata: {labels: {app: never}}
    spec: {nodeSelector: {nobodys: node}, containers: [{name: c, image: c}]}
"""
DEPENDENT = """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  namespace: HOME
  annotations: {config.kubernetes.io/depends-on: apps/namespaces/HOME/Deployment/never}
"""


@pytest.mark.fault("never ready", "an object is accepted and never becomes ready")
def test_an_object_that_is_never_ready_ends_at_its_deadline(lab: Lab, shared: Home) -> None:
    """It ends with what keeps it, what depends on it is skipped because of it, and everything else is back."""
    shared.many(3)
    shared.declare(NEVER_READY + DEPENDENT)
    began = time.monotonic()
    ran = shared.apply(*direct(lab), "--object-timeout", "2s")
    assert time.monotonic() - began < DEFAULT_DEADLINE
    assert ran.code == 1, ran.stderr
    found = objects(ran)
    assert "not ready within 2 s" in found["Deployment/never"]["reason"]
    assert found["ConfigMap/after"]["because"].endswith("Deployment/HOME/never".replace("HOME", shared.name))
    assert {found[f"ConfigMap/c{number}"]["judgement"] for number in range(3)} == {"verified"}


INDEPENDENT = """\
---
apiVersion: v1
kind: Service
metadata: {name: independent, namespace: HOME}
spec: {ports: [{port: 80}]}
"""
WEBHOOK = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: HOME}
webhooks:
- name: silent.example.com
  clientConfig: {url: "https://127.0.0.1:PORT/review", caBundle: BUNDLE}
  timeoutSeconds: 1
  failurePolicy: Fail
  sideEffects: None
  admissionReviewVersions: [v1]
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: HOME}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps]}]
"""


@pytest.mark.fault("webhook", "an admission webhook takes every call and never answers")
def test_a_webhook_that_always_times_out_is_named(lab: Lab, shared: Home, outside: Transport) -> None:
    """What it is called for is tried until its deadline and then names the webhook; the rest is back."""
    configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    shared.elsewhere.append(f"{configurations}/{shared.name}")
    bundle = base64.b64encode((lab.layout.pki / "ca.crt").read_bytes()).decode()
    shared.declare(INDEPENDENT)
    shared.many(2)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as webhook:
        text = WEBHOOK.replace("PORT", str(webhook.getsockname()[1])).replace("BUNDLE", bundle)
        body = text.replace("HOME", shared.name).encode()
        outside.request("POST", configurations, body=body, headers={"Content-Type": "application/yaml"})
        ran = shared.apply(*direct(lab), "--object-timeout", "3s")
    assert ran.code == 1, ran.stderr
    found = objects(ran)
    for number in range(2):
        refused = found[f"ConfigMap/c{number}"]
        assert refused["outcome"] == "failed"
        assert 'failed calling webhook "silent.example.com"' in refused["reason"]
    assert found["Service/independent"]["judgement"] == "verified"
