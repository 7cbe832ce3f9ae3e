"""The model says who is called, and so does a real API server: for the same case folders, request by request.

Webhooks are answered by a TLS server in the test; a validating policy warns and a mutating one leaves a mark, which
shows that it was asked. Requests are dry runs, so that each is a creation; what controllers make is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import orjson
import pytest

from rebuild.cluster.classify import classify
from rebuild.cluster.connect import open_transport
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.graph.admission.interceptors import Answer
from rebuild.graph.index import Index
from rebuild.model.faults import Cause
from rebuild.model.objects import Body, Manifest, Origin, dig
from rebuild.providers.kwok.lab import Lab
from tests.graph import reading
from tests.graph.admission import cases
from tests.graph.admission.recorder import Recorder, recording

pytestmark = pytest.mark.live

ADMISSION = "admissionregistration.k8s.io"
WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
POLICIES = ("MutatingAdmissionPolicy", "ValidatingAdmissionPolicy")
BINDINGS = ("MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding")
PATIENCE = 60.0
APPLY = {"Content-Type": "application/apply-patch+yaml"}
MADE = [folder for folder in cases.FOLDERS if folder.parent.name == "made"]
DECLARED = [folder for folder in cases.FOLDERS if folder not in MADE]
_numbers = count(1)


def until(happened: Callable[[], object], what: str) -> None:
    """Try until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, f"never came true: {what}"


class Bench:
    """One case on the server: its names are made unique, its configurations are in effect, and all goes in the end."""

    def __init__(self, transport: Transport, recorder: Recorder, text: str) -> None:
        self.number = next(_numbers)
        self.transport, self.recorder = transport, recorder
        unique = text.replace("adm-", f"adm-{self.number}-").replace("adm.example", f"adm-{self.number}.example")
        self.index = Index(reading.blueprint(unique))
        self._cleanup: list[str] = []

    def path(self, item: Manifest) -> str:
        kind = self.index.kinds.of(item.ref)
        assert kind
        return kind.item(item.ref)

    def apply(self, item: Manifest, *, dry_run: bool = False) -> tuple[Body, str]:
        """Create an object, or ask what would become of it; returns it with the server's warnings."""
        body = self._fitted(item.body)
        query = "?fieldManager=test" + ("&dryRun=All" if dry_run else "")
        # The transport's own reading of an answer leaves out the warnings, which are headers.
        answer, data = self.transport._exchange("PATCH", self.path(item) + query, orjson.dumps(body), APPLY)
        if answer.status >= 400:
            raise ClusterFault(classify(answer.status, data, None), what="apply")
        if not dry_run:
            self._cleanup.append(self.path(item))
        return orjson.loads(data), answer.headers.get(b"warning", b"").decode()

    def install(self) -> None:
        """Put all that the case configures into effect, and what its requests need besides the namespaces."""
        for item in self.index:
            if item.ref.kind == "CustomResourceDefinition":
                self.apply(item)
                until(lambda item=item: self._is_established(item), "the definition is established")  # type: ignore[misc]
        for kind in (*WEBHOOKS, *POLICIES, *BINDINGS):
            for item in list(self.index.of_kind(ADMISSION, kind)):
                self.apply(self._renamed(item))
        self._probe()

    def called(self, item: Manifest) -> set[str]:
        """The names of those that the server asks about the creation of an object."""
        # The account of a new namespace is on its way at first, and so is the storage of a new definition.
        until(lambda: self._is_taken(item), f"{item.ref} can be created")
        live, warnings = self.apply(item, dry_run=True)
        calls = [call for call in self.recorder.calls if call.path.startswith(f"{self.number}/")]
        hooks = {call.path.partition("/")[2] for call in calls if self._is_about(call.request, item)}
        policies = [p.ref.name for kind in POLICIES for p in self.index.of_kind(ADMISSION, kind)]
        marks = dig(live, "metadata", "annotations") or {}
        return hooks | {
            name
            for name in policies
            if f"ValidatingAdmissionPolicy '{name}-{self.number}'" in warnings or f"asked-{name}" in marks
        }

    def _is_taken(self, item: Manifest) -> bool:
        self.recorder.calls.clear()
        try:
            self.apply(item, dry_run=True)
        except ClusterFault as error:
            if error.fault.cause not in (Cause.SERVICE_ACCOUNT_MISSING, Cause.NOT_SERVED):
                raise
            return False
        return True

    def close(self) -> None:
        """Delete what was created, configurations first of all."""
        for path in sorted(self._cleanup, key=lambda path: ADMISSION not in path):
            with suppress(ClusterFault):
                self.transport.request("DELETE", path)

    def _is_about(self, request: Body, item: Manifest) -> bool:
        kind = self.index.kinds.of(item.ref)
        assert kind
        wanted = (kind.group, kind.plural, item.ref.name)
        asked = request["requestResource"]
        return bool(request["dryRun"]) and wanted == (asked["group"], asked["resource"], request.get("name"))

    def _is_established(self, item: Manifest) -> bool:
        live = self.transport.request("GET", self.path(item))[1]
        conditions = dig(live, "status", "conditions") or []
        return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)

    def _renamed(self, item: Manifest) -> Manifest:
        """A configuration under a name of this case's own, so that the case's name is still free to be created."""
        body = item.body | {"metadata": item.body["metadata"] | {"name": f"{item.ref.name}-{self.number}"}}
        if item.ref.kind in BINDINGS:
            body["spec"] = item.body["spec"] | {"policyName": f"{item.body['spec']['policyName']}-{self.number}"}
        return reading.manifest(body, item.origin)

    def _fitted(self, body: Body) -> Body:
        """What the case leaves out because it has no bearing on who is called."""
        name = body["metadata"]["name"].removesuffix(f"-{self.number}")
        spec = body.get("spec") or {}
        if body["kind"] in WEBHOOKS:
            rest = {"sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore"}
            hooks = body.get("webhooks") or []
            client = self.recorder.client
            return body | {
                "webhooks": [h | rest | {"clientConfig": client(f"{self.number}/{h['name']}")} for h in hooks]
            }
        if body["kind"] == "ValidatingAdmissionPolicy":
            return body | {"spec": spec | {"validations": [{"expression": "false"}]}}
        if body["kind"] == "ValidatingAdmissionPolicyBinding":
            return body | {"spec": spec | {"validationActions": ["Warn"]}}
        if body["kind"] == "MutatingAdmissionPolicy":
            mark = f'Object{{metadata: Object.metadata{{annotations: {{"asked-{name}": "yes"}}}}}}'
            patch = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": mark}}
            return body | {"spec": spec | {"mutations": [patch]}}
        return body

    def _probe(self) -> None:
        """Wait for a webhook or a policy of each kind that comes after the case's own: the server learns in order."""
        selector = {"matchLabels": {"probe": f"p{self.number}"}}
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
        matching = {"objectSelector": selector, "resourceRules": [rule]}
        name = f"zz-probe-{self.number}"
        api, metadata = f"{ADMISSION}/v1", {"name": name}
        for kind in WEBHOOKS:
            hook = {"name": f"{kind.lower()}.hooks.test", "rules": [rule], "objectSelector": selector}
            self._configure({"apiVersion": api, "kind": kind, "metadata": metadata, "webhooks": [hook]})
        for kind in POLICIES:
            never = {"reinvocationPolicy": "Never"} if kind == POLICIES[0] else {}
            self._configure(
                {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": {"matchConstraints": matching, **never}}
            )
            binding = {"apiVersion": api, "kind": f"{kind}Binding", "metadata": metadata, "spec": {"policyName": name}}
            self._configure(binding)
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": "default"}}
        body["metadata"]["labels"] = selector["matchLabels"]  # type: ignore[index]
        until(
            lambda: self._answers(reading.manifest(body, Origin("probe.yaml", 1))), "what was configured is in effect"
        )

    def _configure(self, body: Body) -> None:
        self.apply(reading.manifest(body, Origin("probe.yaml", 1)))

    def _answers(self, probe: Manifest) -> bool:
        self.recorder.calls.clear()
        live, warnings = self.apply(probe, dry_run=True)
        asked = {call.path for call in self.recorder.calls}
        name = f"zz-probe-{self.number}"
        return (
            {f"{self.number}/{kind.lower()}.hooks.test" for kind in WEBHOOKS} <= asked
            and name in warnings
            and "asked-zz-probe" in str(dig(live, "metadata", "annotations"))
        )


@pytest.fixture(scope="module")
def transport(lab: Lab) -> Iterator[Transport]:
    opened = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    with recording(tmp_path_factory.mktemp("recorder")) as running:
        yield running


@pytest.fixture
def bench(transport: Transport, recorder: Recorder, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The case that the test is given, in effect."""
    folder: Path = request.getfixturevalue("folder")
    made = Bench(transport, recorder, (folder / "input.yaml").read_text())
    try:
        made.install()
        yield made
    finally:
        made.close()


def foretold(bench: Bench, item: Manifest) -> tuple[set[str], set[str]]:
    """Who is called for the creation of a declared object for certain, and who may be."""
    requests = [request for _, one, request in cases.requests_of(bench.index) if one is item][:1]
    answers = {each.name: each.answer(requests[0]) for each in cases.interceptors_of(bench.index)}
    certain, maybe = (
        {name for name, answer in answers.items() if answer is wanted} for wanted in (Answer.CALLED, Answer.MAYBE)
    )
    return certain, maybe


@pytest.mark.parametrize("folder", DECLARED, ids=cases.identity)
def test_the_server_calls_whom_the_model_names_and_nobody_else(folder: Path, bench: Bench) -> None:
    items = [item for item in bench.index if item.ref.kind != "CustomResourceDefinition"]
    # First what needs no namespace, so that the namespaces themselves are still to be created.
    for item in sorted(items, key=lambda item: item.ref.namespace != ""):
        if item.ref.namespace:
            for home in bench.index.of_kind("", "Namespace"):
                bench.apply(home)
        certain, maybe = foretold(bench, item)
        called = bench.called(item)
        assert certain <= called <= certain | maybe, str(item.ref)


@pytest.mark.parametrize("folder", MADE, ids=cases.identity)
def test_the_server_calls_whom_the_model_names_for_what_controllers_make(folder: Path, bench: Bench) -> None:
    """A CronJob aside, whose turn comes once a minute."""
    cron = {str(item.ref) for item in bench.index.of_kind("batch", "CronJob")}
    expected = {
        (each.name, request.kind.plural, item.ref.name)
        for _, item, request in cases.requests_of(bench.index)
        for each in cases.interceptors_of(bench.index)
        if item.ref.namespace and str(item.ref) not in cron and each.answer(request) is Answer.CALLED
    }
    for home in bench.index.of_kind("", "Namespace"):
        bench.apply(home)
    bench.recorder.calls.clear()
    workloads = [item for item in bench.index if item.ref.namespace and str(item.ref) not in cron]
    for item in workloads:
        bench.apply(item)
    until(lambda: expected <= made_calls(bench), f"all of {expected} are called")
    (namespace,) = {item.ref.namespace for item in workloads}
    pods = f"/api/v1/namespaces/{namespace}/pods"
    until(lambda: len(bench.transport.request("GET", pods)[1]["items"]) >= len(workloads), "all have a pod")
    assert made_calls(bench) == expected


def made_calls(bench: Bench) -> set[tuple[str, str, str]]:
    """Webhook, resource and the workload that it comes from, of the calls for what was made in this case so far."""
    names = {item.ref.name for item in bench.index if item.ref.namespace}
    found = set()
    for call in list(bench.recorder.calls):
        number, _, hook = call.path.partition("/")
        if call.request["operation"] != "CREATE":
            # What is deleted, by the case before this one too, is told without an object.
            continue
        metadata = call.request["object"]["metadata"]
        name = (metadata.get("name") or metadata["generateName"]).removeprefix("data-")
        makers = [each for each in names if name == each or name.startswith(f"{each}-")]
        if number == str(bench.number) and makers:
            found.add((hook, call.request["resource"]["resource"], makers[0]))
    return found
