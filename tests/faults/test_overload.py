"""A real 429 storm: the API server's own fairness gives our user a few seats and refuses the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import yaml

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect
from rebuild.cluster.transport import Transport
from rebuild.engine.flow import START
from rebuild.model.events import FlowSettled, WriteIntended
from rebuild.model.facts import WriteFailed
from rebuild.model.faults import Cause
from rebuild.model.objects import Body
from rebuild.model.states import Outcome
from rebuild.providers.kwok.lab import Lab
from tests.runner.rig import Audit, Book, driver_for, plan_for

pytestmark = pytest.mark.live

FAIRNESS = "/apis/flowcontrol.apiserver.k8s.io/v1"
OBJECTS = 300
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def made(outside: Transport) -> Iterator[Callable[[str, Body], Body]]:
    """Makes objects that go with the test."""
    paths: list[str] = []

    def make(collection: str, body: Body) -> Body:
        _, answer = outside.request("POST", collection, body=orjson.dumps(body), headers=JSON)
        paths.append(f"{collection}/{body['metadata']['name']}")
        return dict(answer)

    yield make
    for path in reversed(paths):
        outside.request("DELETE", path)


@pytest.fixture
def squeezed(lab: Lab, outside: Transport, made: Callable[[str, Body], Body], tmp_path: Path) -> Iterator[ApiServer]:
    """A user who may do everything, of which the server takes but a few requests at once."""
    name = f"squeezed-{uuid4().hex[:8]}"
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    made(accounts, {"metadata": {"name": name}})
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    made(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]},
    )
    limited = {
        "nominalConcurrencyShares": 1,
        "lendablePercent": 0,
        "borrowingLimitPercent": 0,
        "limitResponse": {"type": "Reject"},
    }
    made(
        f"{FAIRNESS}/prioritylevelconfigurations",
        {"metadata": {"name": name}, "spec": {"type": "Limited", "limited": limited}},
    )
    rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
    who = {"kind": "ServiceAccount", "serviceAccount": {"name": name, "namespace": "default"}}
    spec = {
        "priorityLevelConfiguration": {"name": name},
        "matchingPrecedence": 2,
        "rules": [{"subjects": [who], "resourceRules": [rule]}],
    }
    made(f"{FAIRNESS}/flowschemas", {"metadata": {"name": name}, "spec": spec})
    token = outside.request("POST", f"{accounts}/{name}/token", body=b"{}", headers=JSON)[1]["status"]["token"]
    config = yaml.safe_load(lab.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    opened = connect(context=lab.context, kubeconfig=tmp_path / "kubeconfig")
    yield opened
    opened.close()


def maps(namespace: str) -> str:
    """A namespace, many small objects, and one whose health takes a watch."""
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n"
    one = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{0:04}, namespace: {1}}}\n"
    return text + "".join(one.format(number, namespace) for number in range(OBJECTS))


@pytest.mark.fault(
    "R5", "the API server refuses most of our writes with 429, by a PriorityLevelConfiguration of few seats"
)
def test_a_storm_of_refusals_is_weathered(
    cluster: ApiServer, squeezed: ApiServer, audit: Audit, namespace: str
) -> None:
    """Fewer writes go at once, down to what is taken; a refused one waits as long as the server asks, others go on."""
    plan, book = plan_for(maps(namespace), cluster), Book()
    driver_for(plan, squeezed, book, in_flight=int(START)).run()
    endings = book.endings().values()
    assert {(ended.outcome, ended.ready) for ended in endings} == {(Outcome.CREATED, True)}
    refused = book.of(WriteFailed)
    assert {fact.fault.cause for fact in refused} == {Cause.OVERLOAD}
    assert all(fact.fault.retry_after >= 1 for fact in refused)
    (flow,) = book.of(FlowSettled)
    assert flow.overloads == len(refused)
    assert flow.lowest < START / 2
    assert "told of overload" in flow.why
    # The first storm finds the seats; after it only a probe now and then is refused.
    assert len(audit.written()) <= OBJECTS * 1.25
    again: dict[str, float] = defaultdict(float)
    for event in book.events:
        if isinstance(event, WriteFailed):
            again[event.ref.name] = event.at + event.fault.retry_after
        elif isinstance(event, WriteIntended):
            assert event.at >= again[event.ref.name], "Retry-After is obeyed"
