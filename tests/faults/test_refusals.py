"""Writes that the API server refuses: each with its own cause, tried again or not, and nobody else is held up."""

from __future__ import annotations

import socket
from collections.abc import Callable

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.engine.policy import Policy
from rebuild.model.events import Event, ObjectEnded, WriteIntended
from rebuild.model.facts import HealthSeen, TimerFired, TimerKind, WriteFailed
from rebuild.model.faults import Cause
from rebuild.model.objects import Body
from rebuild.model.states import Health, Outcome
from rebuild.plan.steps import Action
from tests.runner.rig import Audit, Book, driver_for, plan_for

pytestmark = pytest.mark.live

JSON = {"Content-Type": "application/json"}
MERGE = {"Content-Type": "application/merge-patch+json"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}
ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
ENOUGH = 4
"""Refusals after which the next wait would be two seconds at least."""

HOME = "apiVersion: v1\nkind: Namespace\nmetadata: {name: HOME}\n"
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: wanted, namespace: HOME}\nstringData: {a: b}\n"
OTHER = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: HOME}\n"
AFTER = """---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after
  namespace: HOME
  annotations: {config.kubernetes.io/depends-on: /namespaces/HOME/Secret/wanted}
"""
DEPLOYMENT = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: HOME}
spec:
  selector: {matchLabels: {app: LABEL}}
  template:
    metadata: {labels: {app: LABEL}}
    spec: {containers: [{name: web, image: web}]}
"""


@pytest.fixture
def there(outside: Transport, namespace: str) -> str:
    """The namespace, made by somebody else."""
    post(outside, "/api/v1/namespaces", {"metadata": {"name": namespace}})
    return namespace


def post(outside: Transport, collection: str, body: Body) -> None:
    outside.request("POST", collection, body=orjson.dumps(body), headers=JSON)


def quota(outside: Transport, namespace: str, secrets: int) -> None:
    """So many Secrets may there be."""
    path = f"/api/v1/namespaces/{namespace}/resourcequotas/q?fieldManager=someone"
    meta = {"name": "q", "namespace": namespace}
    spec = {"hard": {"secrets": str(secrets)}}
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta, "spec": spec}
    outside.request("PATCH", path, body=orjson.dumps(body), headers=APPLY)


def until_refused(outside: Transport, namespace: str) -> None:
    """The server learns of policies through watches: until it refuses a Secret of ours as well."""
    path = f"/api/v1/namespaces/{namespace}/secrets"
    for number in range(1000):
        try:
            post(outside, path, {"metadata": {"name": f"probe-{number}"}})
        except ClusterFault:
            return
    raise AssertionError("it never refuses")


def on_refusal(number: int, act: Callable[[], None]) -> Book:
    """A book that acts when so many writes have been refused."""

    def react(event: Event) -> None:
        if isinstance(event, WriteFailed) and len(book.of(WriteFailed)) + 1 == number:
            act()

    book = Book(react)
    return book


def assert_woken(book: Book, kind: str) -> None:
    """The last write left because something of this kind was seen, and not because its own wait was over."""
    last = max(i for i, event in enumerate(book.events) if isinstance(event, WriteIntended) and event.attempt > 1)
    before = [e for e in book.events[:last] if isinstance(e, TimerFired | HealthSeen)][-1]
    if isinstance(before, TimerFired):
        assert before.timer.kind is TimerKind.WAKE
        seen = [event for event in book.events[:last] if isinstance(event, HealthSeen) and event.ref.kind == kind]
        assert seen
    else:
        assert before.ref.kind == kind


def ends(book: Book) -> dict[str, ObjectEnded]:
    return {ref.name: ended for ref, ended in book.endings().items()}


@pytest.mark.fault("R15", "a ResourceQuota is used up, and raised a while later")
def test_a_write_leaves_when_its_quota_is_raised(cluster: ApiServer, outside: Transport, there: str) -> None:
    """Tried again after growing waits, and at once when the quota changes; all others go on meanwhile."""
    quota(outside, there, 0)
    until_refused(outside, there)
    plan = plan_for((HOME + SECRET + OTHER + AFTER).replace("HOME", there), cluster)
    book = on_refusal(ENOUGH, lambda: quota(outside, there, 5))
    driver_for(plan, cluster, book).run()
    assert {fact.fault.cause for fact in book.of(WriteFailed)} == {Cause.QUOTA}
    assert ends(book)["wanted"].outcome is Outcome.CREATED
    assert ends(book)["other"].at < book.of(WriteFailed)[-1].at
    assert_woken(book, "ResourceQuota")


@pytest.mark.fault("R14", "a webhook by URL dies, every write that it covers fails, and it is taken away")
def test_a_write_leaves_when_the_dead_webhook_is_gone(cluster: ApiServer, outside: Transport, there: str) -> None:
    """The failure names the webhook; tried again after growing waits, and at once when its configuration changes."""
    configure(outside, there, "https://127.0.0.1:1/validate")
    until_refused(outside, there)
    plan = plan_for((HOME + SECRET + OTHER).replace("HOME", there), cluster)
    book = on_refusal(ENOUGH, lambda: outside.request("DELETE", f"{ADMISSION}/{there}") and None)
    driver_for(plan, cluster, book).run()
    assert {fact.fault.cause for fact in book.of(WriteFailed)} == {Cause.WEBHOOK}
    assert all('"gate.example.com"' in fact.fault.message for fact in book.of(WriteFailed))
    assert ends(book)["wanted"].outcome is Outcome.CREATED
    assert ends(book)["other"].at < book.of(WriteFailed)[-1].at
    assert_woken(book, "ValidatingWebhookConfiguration")


@pytest.mark.fault("R14", "a webhook takes connections and never answers")
def test_a_webhook_that_never_answers_costs_its_own_objects_and_bounded_time(
    cluster: ApiServer, outside: Transport, there: str
) -> None:
    """Its objects end at `--object-timeout` with its name, what hangs on them is skipped, and the rest is done."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configure(outside, there, f"https://127.0.0.1:{silent.getsockname()[1]}/validate", timeoutSeconds=1)
        try:
            until_refused(outside, there)
            plan = plan_for((HOME + SECRET + OTHER + AFTER).replace("HOME", there), cluster)
            book = Book()
            driver_for(plan, cluster, book, policy=Policy(object_deadline=4)).run()
        finally:
            outside.request("DELETE", f"{ADMISSION}/{there}")
    found = ends(book)
    assert found["wanted"].outcome is Outcome.FAILED
    assert found["wanted"].reason.startswith("not accepted within 4 s: ")
    assert '"gate.example.com"' in found["wanted"].reason
    assert (found["after"].outcome, found["after"].because) == (Outcome.SKIPPED, found["wanted"].ref)
    assert found["other"].outcome is Outcome.CREATED


def configure(outside: Transport, namespace: str, url: str, **fields: int) -> None:
    """A webhook for the Secrets of the namespace."""
    gate = {
        "name": "gate.example.com",
        "clientConfig": {"url": url},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    } | fields
    post(outside, ADMISSION, {"metadata": {"name": namespace}, "webhooks": [gate]})


@pytest.mark.fault("R14", "a CustomResourceDefinition is never established, since another one has its names")
def test_a_definition_without_its_names_takes_only_its_own_objects_along(
    cluster: ApiServer, outside: Transport, namespace: str
) -> None:
    """It fails as soon as the server says so, with the reason; its objects are skipped, and the rest is done."""
    group = f"{namespace}.example.com"
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    post(outside, definitions, orjson.loads(orjson.dumps(definition(group, "gadgets"))))
    declared = [
        definition(group, "widgets"),
        {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "one"}},
    ]
    text = HOME + "".join(f"---\n{orjson.dumps(each).decode()}\n" for each in declared) + OTHER
    book = Book()
    try:
        driver_for(plan_for(text.replace("HOME", namespace), cluster), cluster, book).run()
    finally:
        for plural in ("gadgets", "widgets"):
            outside.request("DELETE", f"{definitions}/{plural}.{group}")
    found = ends(book)
    failed = found[f"widgets.{group}"]
    assert (failed.outcome, failed.ready) == (Outcome.CREATED, False)
    assert "already in use" in failed.reason
    assert (found["one"].outcome, found["one"].because) == (Outcome.SKIPPED, failed.ref)
    assert found["other"].outcome is Outcome.CREATED


def definition(group: str, plural: str) -> Body:
    """A definition of Widgets."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"kind": "Widget", "plural": plural, "singular": plural[:-1], "listKind": "WidgetList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Cluster", "names": names, "versions": [version]},
    }


def deployment(namespace: str, label: str) -> str:
    return (HOME + DEPLOYMENT).replace("HOME", namespace).replace("LABEL", label)


@pytest.mark.fault("R15", "a declared field differs that is immutable")
def test_an_immutable_field_fails_once_and_the_refusal_names_the_flag(
    cluster: ApiServer, audit: Audit, namespace: str
) -> None:
    """Not tried again and nothing is deleted; the failure names the field and `--recreate`."""
    driver_for(plan_for(deployment(namespace, "one"), cluster), cluster, Book()).run()
    written = audit.written().count("web")
    book = Book()
    driver_for(plan_for(deployment(namespace, "two") + OTHER.replace("HOME", namespace), cluster), cluster, book).run()
    found = ends(book)
    assert found["web"].outcome is Outcome.FAILED
    assert "spec.selector: field is immutable" in found["web"].reason
    assert "--recreate Deployment" in found["web"].reason
    assert found["other"].outcome is Outcome.CREATED
    assert audit.written().count("web") == written + 1
    assert audit.entries("delete") == []


@pytest.mark.fault("R15", "a declared field differs that is immutable, and the kind may be recreated")
def test_an_immutable_field_is_changed_by_making_the_object_anew(
    cluster: ApiServer, outside: Transport, audit: Audit, namespace: str
) -> None:
    """With `--recreate KIND` exactly the object of the plan is deleted, by its UID, waited for, and made anew; once."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    driver_for(plan_for(deployment(namespace, "one"), cluster), cluster, Book()).run()
    before = outside.request("GET", path)[1]["metadata"]["uid"]
    plan, book = plan_for(deployment(namespace, "two"), cluster), Book()
    (step,) = (step for ref, step in plan.steps.items() if ref.kind == "Deployment")
    assert (step.action, step.uid) == (Action.CONFIGURE, before)
    policy = Policy(object_deadline=60, recreate=frozenset({("apps", "Deployment")}))
    driver_for(plan, cluster, book, policy=policy).run()
    found = ends(book)["web"]
    assert (found.outcome, found.ready) == (Outcome.RECREATED, True)
    after = outside.request("GET", path)[1]
    assert after["metadata"]["uid"] != before
    assert after["spec"]["selector"]["matchLabels"] == {"app": "two"}
    assert {event.replaces for event in book.of(WriteIntended) if event.replaces} == {before}
    assert {entry["objectRef"]["name"] for entry in audit.entries("delete")} == {"web"}


@pytest.mark.fault("R15", "an object that is to be made anew is held by a finalizer")
def test_what_a_finalizer_holds_is_made_anew_when_it_lets_go(
    cluster: ApiServer, outside: Transport, namespace: str
) -> None:
    """Its write is refused until the old object is gone, and leaves in the moment that it is."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    driver_for(plan_for(deployment(namespace, "one"), cluster), cluster, Book()).run()
    hold = orjson.dumps({"metadata": {"finalizers": ["example.com/held"]}})
    outside.request("PATCH", path, body=hold, headers=MERGE)
    let_go = orjson.dumps({"metadata": {"finalizers": None}})
    book = on_refusal(ENOUGH, lambda: outside.request("PATCH", path, body=let_go, headers=MERGE) and None)
    policy = Policy(object_deadline=60, recreate=frozenset({("apps", "Deployment")}))
    driver_for(plan_for(deployment(namespace, "two"), cluster), cluster, book, policy=policy).run()
    assert ends(book)["web"].outcome is Outcome.RECREATED
    assert any(e.status.health is Health.NOT_FOUND for e in book.of(HealthSeen))
    assert {fact.fault.cause for fact in book.of(WriteFailed)} == {Cause.IMMUTABLE}
