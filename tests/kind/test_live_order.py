"""What has to wait for what, where only real containers, volumes and webhooks can show that it did."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
import yaml

from tests.e2e.support import journal, rebuild
from tests.kind.home import Home

pytestmark = [pytest.mark.kind, pytest.mark.timeout(300, func_only=True)]

KEEPER = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: HOME}
webhooks:
  - name: gate.HOME.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 5
    clientConfig: {service: {namespace: HOME, name: keeper, path: /validate}, caBundle: STALE}
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: HOME}}
    rules: [{apiGroups: [""], apiVersions: [v1], resources: [pods, secrets], operations: [CREATE], scope: Namespaced}]
---
apiVersion: v1
kind: Service
metadata: {name: keeper, namespace: HOME}
spec: {selector: {app: keeper}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: keeper, namespace: HOME}
spec:
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec:
      serviceAccountName: keeper
      containers:
        - name: keeper
          image: rebuild.dev/zoo/admission:1
          args: [--service=keeper.HOME, --validating=HOME, --start-delay=4s, --trust-delay=6s]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: keeper, namespace: HOME}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: HOME}
subjects: [{kind: ServiceAccount, name: keeper, namespace: HOME}]
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: HOME}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: HOME}
rules:
  - apiGroups: [admissionregistration.k8s.io]
    resources: [validatingwebhookconfigurations]
    verbs: [get, list, watch, patch]
---
apiVersion: v1
kind: Secret
metadata:
  name: ticket
  namespace: HOME
  annotations:
    config.kubernetes.io/depends-on: admissionregistration.k8s.io/ValidatingWebhookConfiguration/HOME
stringData: {colour: blue}
"""
"""It covers every Pod of its own server's namespace and has no readiness probe: it is ready before it listens, and it
listens before the API server can trust it, for the authority that is declared is that of a server that is gone. Both
windows are longer than the pauses between two tries in them."""

DATABASE = """\
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: HOME}
provisioner: rancher.io/local-path
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: HOME}
spec: {storageClassName: HOME, accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: spare, namespace: HOME}
spec: {storageClassName: HOME, accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: fill
  namespace: HOME
  annotations: {config.kubernetes.io/depends-on: /namespaces/HOME/PersistentVolumeClaim/data}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: fill
          image: rebuild.dev/zoo/db:1
          args: [init, --dir=/data/db]
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: database
  namespace: HOME
  annotations: {config.kubernetes.io/depends-on: batch/namespaces/HOME/Job/fill}
spec:
  selector: {matchLabels: {app: database}}
  template:
    metadata: {labels: {app: database}}
    spec:
      containers:
        - name: database
          image: rebuild.dev/zoo/db:1
          args: [serve, --dir=/data/db]
          readinessProbe: {exec: {command: [/zoo, db, ready]}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
"""
"""The Job asks for a claim that is as good as it gets without a Pod, and the database for data in it."""


def test_a_webhook_comes_after_its_server_and_what_it_covers_waits_until_it_is_trusted(home: Home, state: Path) -> None:
    stale = yaml.safe_load(home.target.kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority-data"]
    home.declare(KEEPER.replace("STALE", stale))
    hooks, rbac = "/apis/admissionregistration.k8s.io/v1/", "/apis/rbac.authorization.k8s.io/v1/"
    plurals = (f"{hooks}validatingwebhookconfigurations", f"{rbac}clusterrolebindings", f"{rbac}clusterroles")
    home.elsewhere.extend(f"{plural}/{home.name}" for plural in plurals)

    ran = rebuild(*home.flags)

    assert ran.code == 0, ran.stderr
    objects = home.report()["objects"]
    asked = objects[f"admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration/-/{home.name}"]
    for server in (f"apps/v1/Deployment/{home.name}/keeper", f"v1/Service/{home.name}/keeper"):
        assert asked["times"]["intended"] >= objects[server]["times"]["ready"]
    assert asked["attempts"] == 1
    ticket = f"v1/Secret/{home.name}/ticket"
    faults = [one["data"]["fault"] for one in journal(state) if one["type"] == "write-failed"]
    assert objects[ticket]["attempts"] == len(faults) + 1, "nothing but the ticket was refused"
    assert {one["cause"] for one in faults} == {"webhook"}
    assert all(f'"gate.{home.name}.example.com"' in one["message"] for one in faults)
    windows = [window for window, _ in groupby(_window(one["message"]) for one in faults)]
    assert windows == ["nobody listens", "nobody trusts it"]


_UNHEARD = ("connection refused", "no route to host", "no endpoints available for service")
"""The last two while what routes to a Pod is still being laid."""


def _window(message: str) -> str:
    if any(words in message for words in _UNHEARD):
        return "nobody listens"
    return "nobody trusts it" if "x509: certificate signed by unknown authority" in message else message


def test_a_claim_of_the_first_consumer_and_a_finished_job_let_their_dependents_go(home: Home, state: Path) -> None:
    home.declare(DATABASE)
    home.elsewhere.append(f"/apis/storage.k8s.io/v1/storageclasses/{home.name}")

    ran = rebuild(*home.flags)

    assert ran.code == 0, ran.stderr
    objects = home.report()["objects"]
    claim, spare = (objects[f"v1/PersistentVolumeClaim/{home.name}/{name}"] for name in ("data", "spare"))
    job, database = objects[f"batch/v1/Job/{home.name}/fill"], objects[f"apps/v1/Deployment/{home.name}/database"]
    assert claim["times"]["ended"] <= job["times"]["intended"], "there is no Pod yet that could use it"
    assert job["times"]["ready"] <= database["times"]["intended"]
    seen = [
        one["data"] for one in journal(state) if one["type"] == "health-seen" and one["data"]["ref"] == claim["ref"]
    ]
    bound = next(one["at"] for one in seen if one["status"]["message"] == "the claim is bound")
    assert job["times"]["accepted"] < bound < job["times"]["ready"]
    assert claim["healthMessage"] == "the claim is bound"
    assert spare["healthMessage"].startswith("the claim waits for its first consumer")
    assert {one["judgement"] for one in objects.values()} == {"verified"}
