"""Whole runs on the lab's real control plane: what is told, what reaches the API server, and what is left behind."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import yaml

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect
from rebuild.cluster.transport import Transport
from rebuild.engine.policy import Policy
from rebuild.journal.file import Journal, JournalBroken
from rebuild.model.edges import Strength
from rebuild.model.events import Event, ObjectEnded, WriteIntended
from rebuild.model.facts import HealthSeen, WriteAccepted, WriteFailed
from rebuild.model.faults import Cause
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Outcome
from rebuild.plan.steps import Action, Plan
from rebuild.providers.kwok.lab import Lab
from tests.providers import sockets
from tests.runner.rig import Audit, Book, driver_for, plan_for

pytestmark = pytest.mark.live

RBAC = "rbac.authorization.k8s.io"

SHOP = """
apiVersion: v1
kind: Namespace
metadata: {name: HOME}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: HOME}
data: {colour: blue}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: HOME}
stringData: {pin: do-not-tell-1234}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: HOME}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: token}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: after
  namespace: HOME
  annotations: {config.kubernetes.io/depends-on: apps/namespaces/HOME/Deployment/web}
spec:
  selector: {matchLabels: {app: after}}
  template:
    metadata: {labels: {app: after}}
    spec: {containers: [{name: after, image: after}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: HOME}
spec: {containers: [{name: bare, image: bare}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: HOME}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: migrate, image: migrate}]}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.HOME.example.com}
spec:
  group: HOME.example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: HOME.example.com/v1
kind: Widget
metadata: {name: one, namespace: HOME}
spec: {size: 3}
"""
NEVER_READY = """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: stuck, namespace: HOME}
spec:
  selector: {matchLabels: {app: stuck}}
  template:
    metadata: {labels: {app: stuck}}
    spec: {nodeSelector: {no-such-node: here}, containers: [{name: stuck, image: stuck}]}
"""
DEPENDENT = """
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: dependent
  namespace: HOME
  annotations: {config.kubernetes.io/depends-on: apps/namespaces/HOME/Deployment/stuck}
"""


def maps(namespace: str, count: int) -> str:
    """A namespace and many small objects that wait for nothing else."""
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n"
    one = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{0:04}, namespace: {1}}}\n"
    return text + "".join(one.format(number, namespace) for number in range(count))


def ready_of(endings: Mapping[Ref, ObjectEnded]) -> set[Ref]:
    """What ended healthy."""
    return {ref for ref, ended in endings.items() if ended.ready}


def awaited_of(plan: Plan) -> set[Ref]:
    """All but the custom resource, whose health nobody reports on simulated nodes."""
    awaited = {ref for ref, step in plan.steps.items() if step.awaited}
    assert {ref.kind for ref in plan.steps.keys() - awaited} == {"Widget"}
    return awaited


@pytest.fixture
def shop(namespace: str, doomed: Callable[[str], None]) -> str:
    doomed(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{namespace}.example.com")
    return SHOP.replace("HOME", namespace)


def test_a_small_plan_comes_to_its_end_in_order(cluster: ApiServer, audit: Audit, shop: str) -> None:
    plan, book = plan_for(shop, cluster), Book()
    driver = driver_for(plan, cluster, book)
    driver.run()
    endings = book.endings()
    assert set(endings) == set(plan.steps)
    assert {ended.outcome for ended in endings.values()} == {Outcome.CREATED}
    assert ready_of(endings) == awaited_of(plan)
    assert not driver.state.stop_reason
    for ref in plan.steps:
        story = [type(event) for event in book.about(ref)]
        assert Counter(story)[WriteIntended] == Counter(story)[WriteAccepted] == 1
        assert story.index(WriteIntended) < story.index(WriteAccepted)
        assert HealthSeen in story or not plan.rulebook.has_readiness(ref)
        times = [event.at for event in book.about(ref) if isinstance(event, WriteIntended | WriteAccepted)]
        assert times == sorted(times)
    for edge in plan.edges:
        if edge.dependency in plan.steps:
            assert position(book, WriteIntended, edge.dependent) > position(book, WriteAccepted, edge.dependency)
        elif edge.strength is Strength.HARD:
            assert position(book, WriteIntended, edge.dependent) > position(book, HealthSeen, edge.dependency)
    assert any(edge.dependency.name == "default" and edge.strength is Strength.HARD for edge in plan.edges)


def position(book: Book, kind: type[Event], ref: Ref) -> int:
    return next(i for i, e in enumerate(book.events) if isinstance(e, kind) and getattr(e, "ref", None) == ref)


def test_each_object_costs_one_write_and_each_kind_one_watch(cluster: ApiServer, audit: Audit, shop: str) -> None:
    plan, book = plan_for(shop, cluster), Book()
    driver_for(plan, cluster, book).run()
    assert Counter(audit.written()) == Counter(ref.name for ref in plan.steps)
    watched = Counter(entry["objectRef"]["resource"] for entry in audit.entries("watch"))
    has_readiness = plan.rulebook.has_readiness
    followed = {ref for ref in (*plan.steps, *plan.expected) if ref in plan.expected or has_readiness(ref)}
    plurals = {kind.plural for ref in followed if (kind := plan.kinds.of(ref))}
    # A definition that is still being set up has its API's watches ended by the server: that kind is watched anew.
    assert 1 <= watched.pop("widgets") <= 3
    assert watched == Counter(plurals - {"widgets"})
    assert {"deployments", "jobs", "widgets", "serviceaccounts"} <= plurals


def test_a_custom_resource_that_cannot_report_anything_is_ready_by_the_answer_to_its_write(
    cluster: ApiServer, audit: Audit, shop: str
) -> None:
    anything = "x-kubernetes-preserve-unknown-fields: true"
    plan = plan_for(shop.replace(anything, f"properties: {{spec: {{type: object, {anything}}}}}"), cluster)
    widget, book = next(ref for ref in plan.steps if ref.kind == "Widget"), Book()
    driver_for(plan, cluster, book).run()
    assert book.endings()[widget].ready
    assert "widgets" not in {entry["objectRef"]["resource"] for entry in audit.entries("watch")}


def test_an_object_waits_until_what_it_depends_on_was_seen_healthy(cluster: ApiServer, shop: str) -> None:
    plan, book = plan_for(shop, cluster), Book()
    driver_for(plan, cluster, book).run()
    named = {ref.name: ref for ref in plan.steps}
    web, after = named["web"], named["after"]
    healthy = next(
        i
        for i, e in enumerate(book.events)
        if isinstance(e, HealthSeen) and e.ref == web and e.status.health is Health.CURRENT
    )
    assert healthy < position(book, WriteIntended, after)


def test_a_second_run_sends_nothing_and_sees_everything_healthy(cluster: ApiServer, audit: Audit, shop: str) -> None:
    driver_for(plan_for(shop, cluster), cluster, Book()).run()
    written = len(audit.written())
    plan, book = plan_for(shop, cluster), Book()
    assert {step.action for step in plan.steps.values()} == {Action.KEEP}
    driver_for(plan, cluster, book).run()
    endings = book.endings()
    assert set(endings) == set(plan.steps)
    assert {ended.outcome for ended in endings.values()} == {Outcome.UNCHANGED}
    assert ready_of(endings) == awaited_of(plan)
    assert not book.of(WriteIntended)
    assert len(audit.written()) == written


def test_after_a_run_no_thread_and_no_connection_is_left(lab: Lab, shop: str) -> None:
    threads, connections = set(threading.enumerate()), open_connections()
    cluster = connect(context=lab.context, kubeconfig=lab.kubeconfig)
    plan = plan_for(shop, cluster)
    driver_for(plan, cluster, Book()).run()
    assert set(threading.enumerate()) <= threads
    cluster.close()
    assert open_connections() <= connections


def open_connections() -> set[str]:
    return {socket.inode for socket in sockets.held_by([os.getpid()])}


def test_a_stop_begins_nothing_new_and_leaves_nothing_in_flight(
    cluster: ApiServer, audit: Audit, namespace: str
) -> None:
    plan = plan_for(maps(namespace, 400), cluster)
    book = Book(lambda event: stop_after(event))
    driver = driver_for(plan, cluster, book, in_flight=4)

    def stop_after(event: Event) -> None:
        if isinstance(event, WriteAccepted) and len(book.of(WriteAccepted)) == 20:
            driver.stop("enough")

    driver.run()
    assert driver.state.stop_reason == "enough"
    accepted, failed = book.of(WriteAccepted), book.of(WriteFailed)
    # All 400 stood in the queue: what was on its way is finished, and the rest is taken back.
    assert len(accepted) < 100
    assert len(accepted) + len(failed) == len(book.of(WriteIntended)) == 401
    assert {fact.fault.message for fact in failed} == {"was not sent: the run was stopped"}
    assert sorted(audit.written()) == sorted(fact.ref.name for fact in accepted)


def test_a_stop_before_the_first_write_sends_next_to_nothing(cluster: ApiServer, audit: Audit, namespace: str) -> None:
    plan, book = plan_for(maps(namespace, 50), cluster), Book()
    driver = driver_for(plan, cluster, book)
    driver.stop("never mind")
    driver.run()
    assert len(audit.written()) == len(book.of(WriteAccepted)) <= 1
    assert set(book.endings()) <= {Ref("", "Namespace", "", namespace)}


def test_a_stop_does_not_wait_for_health(cluster: ApiServer, namespace: str) -> None:
    plan = plan_for(maps(namespace, 1) + NEVER_READY.replace("HOME", namespace), cluster)
    book = Book(lambda event: stop_when_seen(event))
    driver = driver_for(plan, cluster, book)
    stuck = Ref("apps", "Deployment", namespace, "stuck")

    def stop_when_seen(event: Event) -> None:
        if isinstance(event, HealthSeen) and event.ref == stuck:
            driver.stop("enough")

    driver.run()
    assert stuck not in book.endings()
    assert book.of(HealthSeen)[-1].at < 30


def test_an_object_that_never_gets_ready_ends_at_its_deadline_and_others_go_on(
    cluster: ApiServer, audit: Audit, namespace: str
) -> None:
    text = maps(namespace, 3) + (NEVER_READY + DEPENDENT).replace("HOME", namespace)
    plan, book = plan_for(text, cluster), Book()
    driver_for(plan, cluster, book, policy=Policy(object_deadline=2)).run()
    endings = {ref.name: ended for ref, ended in book.endings().items()}
    stuck, dependent = endings.pop("stuck"), endings.pop("dependent")
    assert (stuck.outcome, stuck.ready, stuck.because) == (Outcome.CREATED, False, None)
    assert stuck.reason.startswith("not ready within 2 s: ")
    assert (dependent.outcome, dependent.because) == (Outcome.SKIPPED, stuck.ref)
    assert len(endings) == 4
    assert all(ended.ready for ended in endings.values())
    assert all(ended.at < stuck.at for ended in endings.values())
    assert "dependent" not in audit.written()
    assert book.synced > 1


def test_an_object_that_somebody_deletes_meanwhile_was_not_rebuilt(
    cluster: ApiServer, outside: Transport, audit: Audit, namespace: str
) -> None:
    stuck = Ref("apps", "Deployment", namespace, "stuck")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/stuck"

    def delete_when_seen(event: Event) -> None:
        if isinstance(event, HealthSeen) and event.ref == stuck and stuck not in [e.ref for e in book.of(HealthSeen)]:
            outside.request("DELETE", path)

    plan = plan_for(maps(namespace, 1) + NEVER_READY.replace("HOME", namespace), cluster)
    book = Book(delete_when_seen)
    driver_for(plan, cluster, book, policy=Policy(object_deadline=3)).run()
    assert book.endings()[stuck].reason == "not ready within 3 s: was deleted"
    assert not book.endings()[stuck].ready
    assert audit.written().count("stuck") == 1


def test_when_the_journal_breaks_nothing_more_is_sent(
    cluster: ApiServer, audit: Audit, namespace: str, tmp_path: Path
) -> None:
    threads = set(threading.enumerate())
    plan = plan_for(maps(namespace, 400), cluster)
    journal = Journal(tmp_path / "journal.jsonl")
    book = Book(lambda event: journal_until_full(event))

    def journal_until_full(event: Event) -> None:
        if len(book.of(WriteAccepted)) == 20:
            raise JournalBroken("the journal cannot be written: no space left on device")
        journal.append(event)

    with pytest.raises(JournalBroken):
        driver_for(plan, cluster, book, in_flight=4).run()
    journal.close()
    written = audit.written()
    # Each write that left was in the journal before; what could still leave is what was in flight just then.
    assert set(written) <= {event.ref.name for event in book.of(WriteIntended)}
    assert 20 <= len(written) < 100
    assert sorted(event.ref.name for event in book.of(WriteAccepted)) == sorted(written), "each answer is told once"
    assert set(threading.enumerate()) <= threads
    assert audit.written() == written


def test_a_write_that_the_server_refuses_fails_alone_and_only_once(
    cluster: ApiServer, audit: Audit, namespace: str
) -> None:
    wrong = (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: wrong, namespace: HOME}\nspec: {ports: [{port: 99999}]}\n"
    )
    plan, book = plan_for(maps(namespace, 2) + wrong.replace("HOME", namespace), cluster), Book()
    driver_for(plan, cluster, book).run()
    endings = {ref.name: ended for ref, ended in book.endings().items()}
    assert endings.pop("wrong").outcome is Outcome.FAILED
    assert {ended.outcome for ended in endings.values()} == {Outcome.CREATED}
    assert audit.written().count("wrong") == 1


def test_a_server_that_denies_everything_for_a_moment_is_asked_again(
    lab: Lab, cluster: ApiServer, outside: Transport, doomed: Callable[[str], None], shop: str, tmp_path: Path
) -> None:
    """It has just started and does not know its bindings yet; here the binding itself is late."""
    name = f"late-{uuid4().hex[:8]}"
    accounts, bindings = "/api/v1/namespaces/default/serviceaccounts", f"/apis/{RBAC}/v1/clusterrolebindings"
    doomed(f"{accounts}/{name}")
    doomed(f"{bindings}/{name}")
    post(outside, accounts, {"metadata": {"name": name}})
    config = yaml.safe_load(lab.kubeconfig.read_text())
    token = post(outside, f"{accounts}/{name}/token", {})["status"]["token"]
    config["users"][0]["user"] = {"token": token}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": "default"}
    binding = {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}

    def bind_when_denied(event: Event) -> None:
        if isinstance(event, WriteFailed) and event.fault.cause is Cause.DENIED and not book.of(WriteFailed):
            post(outside, bindings, binding)

    book = Book(bind_when_denied)
    denied = connect(context=lab.context, kubeconfig=tmp_path / "kubeconfig")
    plan = plan_for(shop, cluster)
    driver_for(plan, denied, book).run()
    denied.close()

    assert {event.fault.cause for event in book.of(WriteFailed)} == {Cause.DENIED}
    assert ready_of(book.endings()) == awaited_of(plan)


def post(outside: Transport, path: str, body: Body) -> Body:
    """Somebody else makes an object; what the server made of it."""
    headers = {"Content-Type": "application/json"}
    made: Body = outside.request("POST", path, body=orjson.dumps(body), headers=headers)[1]
    return made


def test_a_run_that_has_had_its_time_stops_by_itself(cluster: ApiServer, namespace: str) -> None:
    plan = plan_for(maps(namespace, 1) + NEVER_READY.replace("HOME", namespace), cluster)
    book = Book()
    driver = driver_for(plan, cluster, book, policy=Policy(run_deadline=1))
    driver.run()
    assert driver.state.stop_reason == "the run's 1 s are over"
    assert Ref("apps", "Deployment", namespace, "stuck") not in book.endings()
